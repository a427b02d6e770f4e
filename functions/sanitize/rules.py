"""Which rules an object goes through, and what came of it. Pure: nothing is changed in place, nothing is remembered.

Rules for a kind come first, because they read what the generic rules take away (`status`, `managedFields`). Kinds are
told by API group and kind, never by a plural name: a custom resource of kind Service is not a Service.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kubestandby.errors import ManifestError
from kubestandby.resources import Manifest, ObjectRef

from .context import Rule, SnapshotContext
from .fields import FieldTypeError
from .rules_accounts import SECRET_RULES, SERVICE_ACCOUNT_RULES
from .rules_cluster import (
    NAMESPACE_RULES,
    clear_preserve_unknown_fields,
    clear_refused_side_effects,
    drop_aggregated_rules,
)
from .rules_jobs import JOB_RULES
from .rules_metadata import (
    drop_deletion_marks,
    drop_leader_record,
    drop_managed_fields,
    drop_object_of_lost_pod,
    drop_server_metadata,
    drop_status,
)
from .rules_owners import carry_owner_references, drop_owner_references
from .rules_pods import POD_RULES
from .rules_protection import drop_protection_finalizers
from .rules_services import ENDPOINT_RULES, SERVICE_RULES
from .rules_storage import CLAIM_RULES, VOLUME_RULES
from .rules_workloads import (
    TEMPLATE_RULES,
    drop_claim_template_status,
    drop_null_creation_times,
    drop_observed_metrics,
    drop_revision,
    drop_template_generation,
)

_ADMISSION = "admissionregistration.k8s.io"

KIND_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("", "ConfigMap"): (drop_leader_record,),
    ("", "Endpoints"): (drop_leader_record, *ENDPOINT_RULES),
    ("", "Namespace"): NAMESPACE_RULES,
    ("", "PersistentVolume"): (*VOLUME_RULES, drop_protection_finalizers),
    ("", "PersistentVolumeClaim"): (*CLAIM_RULES, drop_protection_finalizers),
    ("", "Pod"): (*POD_RULES, drop_null_creation_times),
    ("", "PodTemplate"): TEMPLATE_RULES,
    ("", "ReplicationController"): TEMPLATE_RULES,
    ("", "Secret"): SECRET_RULES,
    ("", "Service"): (*SERVICE_RULES, drop_protection_finalizers),
    ("", "ServiceAccount"): SERVICE_ACCOUNT_RULES,
    (_ADMISSION, "MutatingWebhookConfiguration"): (clear_refused_side_effects,),
    (_ADMISSION, "ValidatingWebhookConfiguration"): (clear_refused_side_effects,),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (clear_preserve_unknown_fields,),
    ("apps", "DaemonSet"): (*TEMPLATE_RULES, drop_template_generation),
    ("apps", "Deployment"): (*TEMPLATE_RULES, drop_revision),
    ("apps", "ReplicaSet"): (*TEMPLATE_RULES, drop_revision),
    ("apps", "StatefulSet"): (*TEMPLATE_RULES, drop_claim_template_status),
    ("autoscaling", "HorizontalPodAutoscaler"): (drop_observed_metrics,),
    ("batch", "CronJob"): TEMPLATE_RULES,
    ("batch", "Job"): (*JOB_RULES, *TEMPLATE_RULES),
    ("discovery.k8s.io", "EndpointSlice"): ENDPOINT_RULES,
    ("rbac.authorization.k8s.io", "ClusterRole"): (drop_aggregated_rules,),
    ("resource.k8s.io", "ResourceClaim"): (drop_protection_finalizers,),
}

GENERIC_RULES: tuple[Rule, ...] = (
    drop_object_of_lost_pod,
    drop_owner_references,
    carry_owner_references,
    drop_deletion_marks,
    drop_managed_fields,
    drop_server_metadata,
    drop_status,
)

_NOTHING_MORE = SnapshotContext()


@dataclass(frozen=True, slots=True)
class Sanitized:
    """What came of an object: its manifest, or None where it is left out, and the names of the rules that did it."""

    manifest: Manifest | None
    rules: tuple[str, ...]


def sanitize(manifest: Manifest, context: SnapshotContext = _NOTHING_MORE) -> Sanitized:
    """Puts a manifest through the rules for its kind, then through those for all; shares what is not changed.

    Raises:
        ManifestError: a field holds another type than the API says; the message names object and field.
    """
    ref = _ref(manifest)
    fired: list[str] = []
    try:
        for rule in (*KIND_RULES.get(ref.gvk.group_kind, ()), *GENERIC_RULES):
            changed = rule(manifest, context)
            if changed is manifest:
                continue
            fired.append(rule.__name__)
            if changed is None:
                return Sanitized(None, tuple(fired))
            manifest = changed
    except FieldTypeError as error:
        raise ManifestError(f"{ref} cannot be sanitized: {error}; take a new snapshot of the group") from error
    return Sanitized(manifest, tuple(fired))


def _ref(manifest: Manifest) -> ObjectRef:
    try:
        return ObjectRef.of(manifest)
    except (KeyError, TypeError, AttributeError) as error:
        raise ManifestError("an object cannot be sanitized: it has no apiVersion, kind or metadata.name") from error
