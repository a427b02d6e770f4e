"""Which objects a manifest names: the edges that the closure follows. No text search.

It follows those to cluster-scoped objects; namespaced ones need no following: the whole namespace is in the snapshot.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest, ResourceType

from .pod_specs import pod_specs


class Need(NamedTuple):
    """An object that something names; without a namespace it is a cluster-scoped one. Its version does not matter."""

    group: str
    kind: str
    name: str
    namespace: str = ""


CUSTOM_RESOURCE_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
ROLE = ("rbac.authorization.k8s.io", "Role")
CLUSTER_ROLE = ("rbac.authorization.k8s.io", "ClusterRole")
PERSISTENT_VOLUME = ("", "PersistentVolume")
PRIORITY_CLASS = ("scheduling.k8s.io", "PriorityClass")
RUNTIME_CLASS = ("node.k8s.io", "RuntimeClass")
INGRESS_CLASS = ("networking.k8s.io", "IngressClass")
STORAGE_CLASS = ("storage.k8s.io", "StorageClass")
VOLUME_ATTRIBUTES_CLASS = ("storage.k8s.io", "VolumeAttributesClass")
TRUST_BUNDLE = ("certificates.k8s.io", "ClusterTrustBundle")
DEVICE_CLASS = ("resource.k8s.io", "DeviceClass")
GATEWAY_CLASS = ("gateway.networking.k8s.io", "GatewayClass")
SNAPSHOT_CLASS = ("snapshot.storage.k8s.io", "VolumeSnapshotClass")

_ADMISSION = "admissionregistration.k8s.io"
_FLOW_CONTROL = "flowcontrol.apiserver.k8s.io"
_DEVICE_REQUESTS = ("devices", "requests", "*")
_DEVICES = (
    (*_DEVICE_REQUESTS, "deviceClassName"),  # resource.k8s.io/v1beta1
    (*_DEVICE_REQUESTS, "exactly", "deviceClassName"),
    (*_DEVICE_REQUESTS, "firstAvailable", "*", "deviceClassName"),
)
_CLAIM = (
    (("spec", "storageClassName"), STORAGE_CLASS),
    (("metadata", "annotations", "volume.beta.kubernetes.io/storage-class"), STORAGE_CLASS),
    (("spec", "volumeAttributesClassName"), VOLUME_ATTRIBUTES_CLASS),
)

NAMES: dict[tuple[str, str], tuple[tuple[tuple[str, ...], tuple[str, str]], ...]] = {
    ("", "PersistentVolumeClaim"): (*_CLAIM, (("spec", "volumeName"), PERSISTENT_VOLUME)),
    PERSISTENT_VOLUME: _CLAIM,
    ("apps", "StatefulSet"): tuple((("spec", "volumeClaimTemplates", "*", *path), kind) for path, kind in _CLAIM),
    ("networking.k8s.io", "Ingress"): (
        (("spec", "ingressClassName"), INGRESS_CLASS),
        (("metadata", "annotations", "kubernetes.io/ingress.class"), INGRESS_CLASS),
    ),
    ("resource.k8s.io", "ResourceClaim"): tuple((("spec", *path), DEVICE_CLASS) for path in _DEVICES),
    ("resource.k8s.io", "ResourceClaimTemplate"): tuple((("spec", "spec", *path), DEVICE_CLASS) for path in _DEVICES),
    ("gateway.networking.k8s.io", "Gateway"): ((("spec", "gatewayClassName"), GATEWAY_CLASS),),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): ((("spec", "volumeSnapshotClassName"), SNAPSHOT_CLASS),),
    (_FLOW_CONTROL, "FlowSchema"): (
        (("spec", "priorityLevelConfiguration", "name"), (_FLOW_CONTROL, "PriorityLevelConfiguration")),
    ),
    **{
        (_ADMISSION, f"{policy}Binding"): ((("spec", "policyName"), (_ADMISSION, policy)),)
        for policy in ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy")
    },
}
"""Fields that hold the name of an object of a fixed kind (API reference; `*` = each item of a list)."""

TYPED: dict[tuple[str, str], tuple[str, ...]] = {
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    INGRESS_CLASS: ("spec", "parameters"),
    GATEWAY_CLASS: ("spec", "parametersRef"),
}
"""Fields that hold group (`apiGroup` or `group`), kind and name; with a namespace they name a namespaced object."""

_TRUST = ("volumes", "*", "projected", "sources", "*", "clusterTrustBundle")

POD_SPEC_NAMES = (
    (("priorityClassName",), PRIORITY_CLASS),
    (("runtimeClassName",), RUNTIME_CLASS),
    ((*_TRUST, "name"), TRUST_BUNDLE),
    *((("volumes", "*", "ephemeral", "volumeClaimTemplate", *path), kind) for path, kind in _CLAIM),
)
"""The same within a PodSpec; generic ephemeral volumes hold a claim template."""


def needs_of(manifest: Manifest, resource: ResourceType) -> set[Need]:
    """Every cluster-scoped object that the manifest names, and the CRD of its own type if it is a custom resource.

    Of namespaced objects those that such a field may name as well: a binding's Role, parameters of a class.
    """
    kind = GVK.of(manifest).group_kind
    found = {Need(*target, name) for path, target in NAMES.get(kind, ()) for name in _texts(manifest, path)}
    for spec in pod_specs(manifest):
        found.update(Need(*target, name) for path, target in POD_SPEC_NAMES for name in _texts(spec, path))
    if kind in TYPED:
        references = (reference for reference in _values(manifest, TYPED[kind]) if _is_reference(reference))
        found.update(_typed_need(reference, manifest["metadata"].get("namespace", "")) for reference in references)
    if not is_built_in(resource.gvk.group):
        found.add(Need(*CUSTOM_RESOURCE_DEFINITION, f"{resource.plural}.{resource.gvk.group}"))
    return found


def signers_named(manifest: Manifest) -> set[str]:
    """The signers all of whose ClusterTrustBundles a Pod projects (ClusterTrustBundleProjection.signerName)."""
    return {signer for spec in pod_specs(manifest) for signer in _texts(spec, (*_TRUST, "signerName"))}


def is_built_in(group: str) -> bool:
    """Whether the API server itself serves the group: a CRD's group has a dot (CustomResourceDefinitionSpec.group)."""
    return "." not in group or group in BUILT_IN_GROUPS


def _typed_need(reference: Any, within: str) -> Need:
    """What a reference in an object of this namespace names; a Role is in the namespace of its binding (RoleRef)."""
    kind = (reference.get("apiGroup") or reference.get("group") or "", reference["kind"])
    return Need(*kind, reference["name"], reference.get("namespace") or (within if kind == ROLE else ""))


def _is_reference(reference: Any) -> bool:
    return isinstance(reference, dict) and bool(reference.get("kind") and reference.get("name"))


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    return (found for found in _values(value, path) if isinstance(found, str) and found)


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "*":
        for item in value if isinstance(value, list) else ():
            yield from _values(item, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])
