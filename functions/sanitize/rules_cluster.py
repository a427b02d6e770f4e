"""Rules for Namespaces and for what the cluster as a whole is configured with.

A `caBundle` stays in webhook configurations, APIServices and CRDs: it belongs to the serving certificate, whose Secret
is in the snapshot too. Where a controller injects it, that controller does so again on the standby.
"""

from kubestandby.resources import Manifest

from .context import SnapshotContext
from .fields import EACH, Fields, edited, fields_at, sifted_values, without
from .rules_metadata import without_labels

_REFUSED_SIDE_EFFECTS = ("Unknown", "Some")
_KEEP_UNKNOWN = "x-kubernetes-preserve-unknown-fields"


def drop_namespace_finalizer(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Every server puts its own `kubernetes` into a Namespace's spec (NamespaceSpec.finalizers).

    It stays beside finalizers of an author's: the server would append it, in another order.
    """
    has_others = fields_at(manifest, "spec").get("finalizers") != ["kubernetes"]
    return sifted_values(manifest, ("spec", "finalizers"), lambda _: has_others)


def drop_name_label(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Set by every server to the Namespace's name (well-known label `kubernetes.io/metadata.name`)."""
    return without_labels(manifest, "kubernetes.io/metadata.name")


def drop_aggregated_rules(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The control plane fills them from the selected roles, which are in the snapshot as well.

    Source: ClusterRole.aggregationRule: "the Rules are controller managed and direct changes to Rules will be
    stomped by the controller".
    """
    return without(manifest, "rules") if fields_at(manifest, "aggregationRule") else manifest


def clear_refused_side_effects(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Values that only v1beta1 knew become "None"; v1 shows them on old objects but refuses to create one with them.

    Source: ValidatingWebhook.sideEffects, MutatingWebhook.sideEffects (admissionregistration.k8s.io/v1).
    """

    def clear(webhook: Fields) -> Fields:
        refused = webhook.get("sideEffects") in _REFUSED_SIDE_EFFECTS
        return {**webhook, "sideEffects": "None"} if refused else webhook

    return edited(manifest, ("webhooks", EACH), clear)


def clear_preserve_unknown_fields(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The same said in the way that v1 accepts: in the schema of every version.

    Source: CustomResourceDefinitionSpec.preserveUnknownFields: deprecated "in favor of setting
    `x-preserve-unknown-fields` to true in spec.versions[*].schema.openAPIV3Schema"; v1 refuses to create with true.
    """
    if fields_at(manifest, "spec").get("preserveUnknownFields") is not True:
        return manifest
    manifest = edited(manifest, ("spec", "versions", EACH), _keeping_unknown_fields)
    return edited(manifest, ("spec",), lambda spec: without(spec, "preserveUnknownFields"))


def _keeping_unknown_fields(version: Fields) -> Fields:
    schema = fields_at(version, "schema")
    root = fields_at(schema, "openAPIV3Schema") or {"type": "object"}
    return {**version, "schema": {**schema, "openAPIV3Schema": {**root, _KEEP_UNKNOWN: True}}}


NAMESPACE_RULES = (drop_namespace_finalizer, drop_name_label)
