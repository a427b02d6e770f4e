"""Kinds for which rights are printed only where the group's `spec.rights.allow` names them. Pure."""

from kubestandby.groups import ProtectionGroup

GroupKind = tuple[str, str]

SECRET: GroupKind = ("", "Secret")
NAMESPACE: GroupKind = ("", "Namespace")
DEFINITION: GroupKind = ("apiextensions.k8s.io", "CustomResourceDefinition")
VOLUME: GroupKind = ("", "PersistentVolume")
CLAIM: GroupKind = ("", "PersistentVolumeClaim")
_ADMISSION = "admissionregistration.k8s.io"

SENSITIVE: dict[GroupKind, str] = {
    SECRET: "to list Secrets is to read them",
    DEFINITION: "a definition changes what the whole cluster serves",
    VOLUME: "a volume may be a path of a node",
    (_ADMISSION, "MutatingWebhookConfiguration"): "it may read and change every request to the cluster",
    (_ADMISSION, "ValidatingWebhookConfiguration"): "it may read and stop every request to the cluster",
    (_ADMISSION, "MutatingAdmissionPolicy"): "it may change every request to the cluster",
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): "it may change every request to the cluster",
    (_ADMISSION, "ValidatingAdmissionPolicy"): "it may stop every request to the cluster",
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): "it may stop every request to the cluster",
    ("apiregistration.k8s.io", "APIService"): "it takes over a part of the cluster's API",
    ("certificates.k8s.io", "ClusterTrustBundle"): "it decides whom others trust",
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): "it decides whom the API server answers",
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): "it decides whom the API server answers",
    ("storage.k8s.io", "CSIDriver"): "it decides how volumes of all are mounted",
}
"""Why each is sensitive. Secrets even to read, the others to write."""

NEVER_DELETED = frozenset({NAMESPACE, DEFINITION, VOLUME, CLAIM})
"""Data, or all that is in them, would go with them: a restore never deletes these."""


def is_allowed(group: ProtectionGroup, kind: GroupKind) -> bool:
    """Whether rights on the kind may be printed for the group."""
    if group.exclude_kinds.holds(*kind):
        return False
    return kind not in SENSITIVE or group.rights.allow.holds(*kind)


def how_to_allow(kind: GroupKind) -> str:
    """What to write into the configuration: `spec.rights.allow: [Secret]`."""
    return f"spec.rights.allow: [{kind[1]}]"
