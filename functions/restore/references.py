"""Who needs whom, read from the fields of the Kubernetes API that name other objects. Pure.

What custom resources mean by their fields nobody can know from outside: only their definition counts as a need.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubestandby.resources import Manifest, ObjectRef

from .plans import GroupKind, Identity

_RBAC = "rbac.authorization.k8s.io"
_STORAGE = "storage.k8s.io"

_POD_SPEC_PATHS: Mapping[GroupKind, tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): ("spec", "template", "spec"),
    ("apps", "Deployment"): ("spec", "template", "spec"),
    ("apps", "StatefulSet"): ("spec", "template", "spec"),
    ("apps", "DaemonSet"): ("spec", "template", "spec"),
    ("apps", "ReplicaSet"): ("spec", "template", "spec"),
    ("batch", "Job"): ("spec", "template", "spec"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where a kind keeps its PodSpec."""


def child(value: Any, *path: str) -> Any:
    """What is at the path, or None where something on the way is missing or no mapping."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def children(value: Any, *path: str) -> Sequence[Mapping[str, Any]]:
    """The mappings of the list at the path; empty where there is no list."""
    found = child(value, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def pod_spec(ref: ObjectRef, manifest: Manifest) -> Mapping[str, Any] | None:
    """The PodSpec of a Pod or of a built-in kind that makes Pods; None for all others."""
    path = _POD_SPEC_PATHS.get(ref.gvk.group_kind)
    found = child(manifest, *path) if path else None
    return found if isinstance(found, Mapping) else None


def config_uses(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(kind, name) of each ConfigMap and Secret whose content reaches the containers of a PodSpec.

    By volumes (`configMap`, `secret`, `projected.sources`), `envFrom` and `env[].valueFrom` of all containers.
    """
    for volume in children(spec, "volumes"):
        yield from _volume_uses(volume)
    for container in _containers(spec):
        yield from _environment_uses(container)


def needs(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    """The objects that this one names and that should be there before it; they need not be in the snapshot."""
    if ref.namespace:
        yield "", "Namespace", "", ref.namespace
    spec = pod_spec(ref, manifest)
    if spec is not None:
        yield from _pod_needs(spec, ref.namespace)
    yield from _owners(ref, manifest)
    reader = _READERS.get(ref.gvk.group_kind)
    if reader is not None:
        yield from reader(ref, manifest)


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from children(spec, field)


def _named(kind: str, name: Any) -> Iterator[tuple[str, str]]:
    if isinstance(name, str) and name:
        yield kind, name


def _volume_uses(volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _named("ConfigMap", child(volume, "configMap", "name"))
    yield from _named("Secret", child(volume, "secret", "secretName"))
    for source in children(volume, "projected", "sources"):
        yield from _named("ConfigMap", child(source, "configMap", "name"))
        yield from _named("Secret", child(source, "secret", "name"))


def _environment_uses(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for source in children(container, "envFrom"):
        yield from _named("ConfigMap", child(source, "configMapRef", "name"))
        yield from _named("Secret", child(source, "secretRef", "name"))
    for variable in children(container, "env"):
        yield from _named("ConfigMap", child(variable, "valueFrom", "configMapKeyRef", "name"))
        yield from _named("Secret", child(variable, "valueFrom", "secretKeyRef", "name"))


def _pod_needs(spec: Mapping[str, Any], namespace: str) -> Iterator[Identity]:
    for kind, name in config_uses(spec):
        yield "", kind, namespace, name
    yield from _one("", "ServiceAccount", namespace, spec.get("serviceAccountName"))
    yield from _one("scheduling.k8s.io", "PriorityClass", "", spec.get("priorityClassName"))
    yield from _one("node.k8s.io", "RuntimeClass", "", spec.get("runtimeClassName"))
    for secret in children(spec, "imagePullSecrets"):
        yield from _one("", "Secret", namespace, secret.get("name"))
    for volume in children(spec, "volumes"):
        yield from _one("", "PersistentVolumeClaim", namespace, child(volume, "persistentVolumeClaim", "claimName"))
        template = child(volume, "ephemeral", "volumeClaimTemplate", "spec", "storageClassName")
        yield from _one(_STORAGE, "StorageClass", "", template)


def _one(group: str, kind: str, namespace: str, name: Any) -> Iterator[Identity]:
    if isinstance(name, str) and name:
        yield group, kind, namespace, name


def _owners(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    for owner in children(manifest, "metadata", "ownerReferences"):
        group = str(owner.get("apiVersion", "")).rpartition("/")[0]
        kind, name = str(owner.get("kind", "")), str(owner.get("name", ""))
        yield group, kind, ref.namespace, name
        if ref.namespace:
            yield group, kind, "", name


def _stateful_set(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _one("", "Service", ref.namespace, child(manifest, "spec", "serviceName"))
    for template in children(manifest, "spec", "volumeClaimTemplates"):
        yield from _one(_STORAGE, "StorageClass", "", child(template, "spec", "storageClassName"))


def _claim(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _one(_STORAGE, "StorageClass", "", child(manifest, "spec", "storageClassName"))
    yield from _one("", "PersistentVolume", "", child(manifest, "spec", "volumeName"))
    for field in ("dataSource", "dataSourceRef"):
        source = child(manifest, "spec", field) or {}
        namespace = source.get("namespace") or ref.namespace
        yield from _one(source.get("apiGroup") or "", source.get("kind", ""), namespace, source.get("name"))


def _volume(_ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _one(_STORAGE, "StorageClass", "", child(manifest, "spec", "storageClassName"))


def _binding(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    role = child(manifest, "roleRef") or {}
    namespace = ref.namespace if role.get("kind") == "Role" else ""
    yield from _one(_RBAC, role.get("kind", ""), namespace, role.get("name"))
    for subject in children(manifest, "subjects"):
        if subject.get("kind") == "ServiceAccount":
            yield from _one("", "ServiceAccount", subject.get("namespace") or ref.namespace, subject.get("name"))


def _autoscaler(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    target = scale_target(ref, manifest)
    if target is not None:
        yield target


def scale_target(ref: ObjectRef, manifest: Manifest) -> Identity | None:
    """What a HorizontalPodAutoscaler scales (`spec.scaleTargetRef`, CrossVersionObjectReference)."""
    target = child(manifest, "spec", "scaleTargetRef") or {}
    group = str(target.get("apiVersion", "")).rpartition("/")[0]
    name = target.get("name")
    return (group, str(target.get("kind", "")), ref.namespace, name) if isinstance(name, str) else None


def _ingress(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _one("networking.k8s.io", "IngressClass", "", child(manifest, "spec", "ingressClassName"))
    for tls in children(manifest, "spec", "tls"):
        yield from _one("", "Secret", ref.namespace, tls.get("secretName"))
    yield from _one("", "Service", ref.namespace, child(manifest, "spec", "defaultBackend", "service", "name"))
    for rule in children(manifest, "spec", "rules"):
        for path in children(rule, "http", "paths"):
            yield from _one("", "Service", ref.namespace, child(path, "backend", "service", "name"))


def _webhooks(_ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    for webhook in children(manifest, "webhooks"):
        yield from _service(child(webhook, "clientConfig", "service"))


def _api_service(_ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _service(child(manifest, "spec", "service"))


def _service(reference: Any) -> Iterator[Identity]:
    namespace = child(reference, "namespace")
    if isinstance(namespace, str):
        yield from _one("", "Service", namespace, child(reference, "name"))


def _endpoint_slice(ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    yield from _one("", "Service", ref.namespace, child(manifest, "metadata", "labels", "kubernetes.io/service-name"))


def _endpoints(ref: ObjectRef, _manifest: Manifest) -> Iterator[Identity]:
    yield "", "Service", ref.namespace, ref.name


def _policy_binding(_ref: ObjectRef, manifest: Manifest) -> Iterator[Identity]:
    kind = str(manifest.get("kind", "")).removesuffix("Binding")
    yield from _one("admissionregistration.k8s.io", kind, "", child(manifest, "spec", "policyName"))


_READERS = {
    ("apps", "StatefulSet"): _stateful_set,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): _policy_binding,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): _policy_binding,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("discovery.k8s.io", "EndpointSlice"): _endpoint_slice,
    ("", "Endpoints"): _endpoints,
}
"""What else each kind names, besides what its Pods do."""
