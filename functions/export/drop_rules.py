"""Which objects a snapshot leaves out: one pure function per rule, counted by its name in the index.

What is left out is made again by the standby's own controllers, or is of no use in another cluster.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kubestandby.groups import NO_KINDS, Kinds
from kubestandby.resources import GVK, Manifest

from .ownership import is_made_again

EXCLUDE_LABELS = ("kubestandby.dev/exclude", "velero.io/exclude-from-backup")
LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"
PUBLISHED_ROOT_CAS = {"kube-root-ca.crt": "", "openshift-service-ca.crt": "", "istio-ca-root-cert": "istio.io/config"}
"""Names, each with the label that its publisher puts on it, where it does."""

TOKEN_CONTROLLER_SUFFIX = re.compile(r"-token-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""Five characters of k8s.io/apimachinery/pkg/util/rand's alphabet, as the token controller appended them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be known beside the object itself; of other objects by (namespace, name).

    Attributes:
        exclude_kinds: the group's choice of kinds that it does not carry.
        include_owned: the group's choice of kinds that cross although a custom resource controls them.
        selecting_services: Services that have a selector.
        token_secrets: Secrets that a ServiceAccount names in its `secrets`.
    """

    selecting_services: frozenset[tuple[str, str]] = frozenset()
    token_secrets: frozenset[tuple[str, str]] = frozenset()
    include_owned: Kinds = NO_KINDS
    exclude_kinds: Kinds = NO_KINDS


Rule = Callable[[Manifest, Facts], bool]


def excluded_by_label(manifest: Manifest, _: Facts) -> bool:
    """Its owner says so: our label, and Velero's (velero.io/docs, resource filtering)."""
    labels = _labels(manifest)
    return any(labels.get(label) == "true" for label in EXCLUDE_LABELS)


def kind_not_carried(manifest: Manifest, facts: Facts) -> bool:
    """`spec.excludeKinds` names its kind. An export does not even list those; an import may bring them along."""
    return facts.exclude_kinds.holds(*GVK.of(manifest).group_kind)


def being_deleted(manifest: Manifest, _: Facts) -> bool:
    """`metadata.deletionTimestamp` is set: the object only waits for its finalizers (ObjectMeta)."""
    return bool(manifest["metadata"].get("deletionTimestamp"))


def owned_by_controller(manifest: Manifest, facts: Facts) -> bool:
    """The controller of its owner makes it again (OwnerReference.controller; see `ownership`)."""
    return is_made_again(manifest, facts.include_owned)


def mirror_pod(manifest: Manifest, _: Facts) -> bool:
    """A static Pod's image in the API, which its kubelet made from a file (annotation kubernetes.io/config.mirror)."""
    return "kubernetes.io/config.mirror" in _annotations(manifest)


def finished_pod(manifest: Manifest, _: Facts) -> bool:
    """A Pod that nobody owns and that has come to its end would run again (PodStatus.phase)."""
    return (manifest.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def controller_made_endpoints(manifest: Manifest, facts: Facts) -> bool:
    """The endpoints controller writes them for each Service with a selector (ServiceSpec.selector).

    It also labels them since 1.33, and has long annotated them with the time of the change that it followed.
    """
    return (
        _identity(manifest) in facts.selecting_services
        or _labels(manifest).get("endpoints.kubernetes.io/managed-by") == "endpoint-controller"
        or "endpoints.kubernetes.io/last-change-trigger-time" in _annotations(manifest)
    )


def controller_made_endpoint_slice(manifest: Manifest, _: Facts) -> bool:
    """Label endpointslice.kubernetes.io/managed-by names one of the two controllers (EndpointSlice, reference)."""
    managed_by = _labels(manifest).get("endpointslice.kubernetes.io/managed-by")
    return managed_by in ("endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io")


def way_to_the_api_server(manifest: Manifest, _: Facts) -> bool:
    """Service, Endpoints and EndpointSlice `kubernetes` in `default`: each API server writes its own address there.

    Source: k8s.io/kubernetes/pkg/controlplane/controller/kubernetesservice. Restored, they would lead every Pod of the
    standby to the primary's API server.
    """
    return _identity(manifest) == ("default", "kubernetes")


def leader_election_record(manifest: Manifest, _: Facts) -> bool:
    """A lock in the form that came before Leases: the annotation holds it, and nothing else is there (client-go)."""
    return LEADER_ANNOTATION in _annotations(manifest) and not (manifest.get("data") or manifest.get("subsets"))


def published_root_ca(manifest: Manifest, _: Facts) -> bool:
    """The cluster's own CA, published to every namespace (root-ca-cert-publisher; OpenShift's and Istio's likes).

    Istio labels its own (istio.io/config); where it does not run, the name is anybody's.
    """
    label = PUBLISHED_ROOT_CAS.get(manifest["metadata"]["name"])
    return label is not None and (not label or label in _labels(manifest))


def untouched_default_service_account(manifest: Manifest, _: Facts) -> bool:
    """The serviceaccount controller makes `default` in each namespace; it is kept once somebody has changed it."""
    metadata = manifest["metadata"]
    if metadata["name"] != "default" or metadata.get("labels") or metadata.get("annotations"):
        return False
    authored = [s for s in manifest.get("secrets") or () if not TOKEN_CONTROLLER_SUFFIX.search(s.get("name", ""))]
    return not (authored or manifest.get("imagePullSecrets") or "automountServiceAccountToken" in manifest)


def service_account_token(manifest: Manifest, facts: Facts) -> bool:
    """A token Secret that the token controller made for a ServiceAccount, before 1.24 (SecretType).

    One that a user wrote stays: sanitize takes the token out, and the standby's controller puts its own in.
    """
    if manifest.get("type") != "kubernetes.io/service-account-token":
        return False
    account = str(_annotations(manifest).get("kubernetes.io/service-account.name", ""))
    namespace, name = _identity(manifest)
    suffix = name.removeprefix(account) if account and name.startswith(account) else ""
    return bool(TOKEN_CONTROLLER_SUFFIX.fullmatch(suffix)) and (namespace, name) in facts.token_secrets


def bootstrap_token(manifest: Manifest, _: Facts) -> bool:
    """A token to join nodes to this very cluster (SecretType bootstrap.kubernetes.io/token)."""
    return manifest.get("type") == "bootstrap.kubernetes.io/token"


def bootstrap_rbac(manifest: Manifest, _: Facts) -> bool:
    """Each API server makes and repairs these itself (label kubernetes.io/bootstrapping).

    The prefix `system:` alone says nothing: metrics-server and others name the roles in their manifests so.
    """
    return _labels(manifest).get("kubernetes.io/bootstrapping") == "rbac-defaults"


def system_priority_class(manifest: Manifest, _: Facts) -> bool:
    """Each API server makes those with the reserved prefix `system-` itself (PriorityClass)."""
    return bool(manifest["metadata"]["name"].startswith("system-"))


def suggested_flow_control(manifest: Manifest, _: Facts) -> bool:
    """Each API server makes and repairs these itself (annotation apf.kubernetes.io/autoupdate-spec)."""
    return _annotations(manifest).get("apf.kubernetes.io/autoupdate-spec") == "true"


def automanaged_api_service(manifest: Manifest, _: Facts) -> bool:
    """Registered by the server itself for its own groups and CRDs (label kube-aggregator.kubernetes.io/automanaged)."""
    return "kube-aggregator.kubernetes.io/automanaged" in _labels(manifest)


RULES_BY_KIND: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("", "Pod"): (mirror_pod,),
    ("", "Service"): (way_to_the_api_server,),
    ("", "Endpoints"): (way_to_the_api_server, controller_made_endpoints, leader_election_record),
    ("", "ConfigMap"): (published_root_ca, leader_election_record),
    ("", "ServiceAccount"): (untouched_default_service_account,),
    ("", "Secret"): (service_account_token, bootstrap_token),
    ("discovery.k8s.io", "EndpointSlice"): (way_to_the_api_server, controller_made_endpoint_slice),
    ("rbac.authorization.k8s.io", "ClusterRole"): (bootstrap_rbac,),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (bootstrap_rbac,),
    ("scheduling.k8s.io", "PriorityClass"): (system_priority_class,),
    ("apiregistration.k8s.io", "APIService"): (automanaged_api_service,),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): (suggested_flow_control,),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): (suggested_flow_control,),
}
ALWAYS: tuple[Rule, ...] = (excluded_by_label, kind_not_carried, being_deleted)
NAMESPACED_ONLY: tuple[Rule, ...] = (owned_by_controller,)
"""A cluster-scoped object is taken because something needs it, and its owner may not be in the snapshot."""
LAST_BY_KIND: Mapping[tuple[str, str], tuple[Rule, ...]] = {("", "Pod"): (finished_pod,)}
NO_FACTS = Facts()


def dropped_by(manifest: Manifest, facts: Facts = NO_FACTS) -> str:
    """The name of the first rule that leaves the object out, or "" where it is kept."""
    for rule in _rules(GVK.of(manifest), namespaced=bool(manifest["metadata"].get("namespace"))):
        if rule(manifest, facts):
            return rule.__name__
    return ""


@lru_cache(maxsize=4096)
def _rules(gvk: GVK, *, namespaced: bool) -> tuple[Rule, ...]:
    """The rules for a kind, in the order in which they are asked."""
    kind = gvk.group_kind
    owned = NAMESPACED_ONLY if namespaced else ()
    return (*ALWAYS, *RULES_BY_KIND.get(kind, ()), *owned, *LAST_BY_KIND.get(kind, ()))


def _labels(manifest: Manifest) -> Mapping[str, Any]:
    return manifest["metadata"].get("labels") or {}


def _annotations(manifest: Manifest) -> Mapping[str, Any]:
    return manifest["metadata"].get("annotations") or {}


def _identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
