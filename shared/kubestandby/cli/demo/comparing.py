"""Is the standby's application equal to the primary's? A checker that shares no code with export or restore.

Compared is every object of the application's namespaces, and its cluster-scoped ones, field by field, but for what a
server or a controller sets by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.cli.demo.app_cluster import AppCluster
from kubestandby.resources import Manifest, ObjectRef

_MADE_BY_CONTROLLERS = {
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("", "Endpoints"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("coordination.k8s.io", "Lease"),
}
_SERVER_METADATA = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
_CONTROLLER_NOTES = (
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
    "kubestandby.dev/",
)
_JOB_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")


@dataclass(frozen=True, slots=True)
class Compared:
    """One object. `differs` holds paths of fields (never values: one may be a secret's), or says that it is missing."""

    ref: ObjectRef
    differs: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether it is on the standby as it was on the primary."""
        return not self.differs


def captured(cluster: AppCluster, namespaces: Iterable[str], outside: Iterable[ObjectRef]) -> list[Manifest]:
    """Every object of the namespaces that somebody declared, not a controller, and the cluster-scoped ones named."""
    cluster.refresh()
    found = [live for live in (cluster.get(ref) for ref in outside) if live is not None]
    names = tuple(namespaces)
    types = [one for one in cluster.types if one.namespaced and {"list", "get", "create"} <= one.verbs]
    for type_ in types:
        if type_.gvk.group_kind in _MADE_BY_CONTROLLERS:
            continue
        found += [item for name in names for item in cluster.items(type_, name) if _declared(item)]
    return sorted(found, key=lambda item: (ObjectRef.of(item).namespace, ObjectRef.of(item)))


def _declared(item: Manifest) -> bool:
    owners = item["metadata"].get("ownerReferences") or []
    if any(owner.get("controller") for owner in owners):
        return False
    return (item["kind"], item["metadata"]["name"]) != ("ConfigMap", "kube-root-ca.crt")


def compared(expected: Iterable[Manifest], standby: AppCluster, *, same_version: bool) -> list[Compared]:
    """Compares each expected object with the standby's.

    Where the two clusters run different versions of Kubernetes, fields that only the standby has are its defaults.
    """
    standby.refresh()
    return [_compared(item, standby.get(ObjectRef.of(item)), same_version=same_version) for item in expected]


def _compared(expected: Manifest, live: Manifest | None, *, same_version: bool) -> Compared:
    ref = ObjectRef.of(expected)
    if live is None:
        return Compared(ref, ("is missing",))
    ignore = _ignored_fields(expected)
    left, right = ignore(declared_state(expected)), ignore(declared_state(live))
    return Compared(ref, tuple(differences(left, right, both_ways=same_version)))


def declared_state(item: Manifest) -> dict[str, Any]:
    """The object without what servers and controllers set."""
    state = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVER_METADATA}
    metadata["annotations"] = _own_notes(metadata.get("annotations"))
    metadata["labels"] = _own_notes(metadata.get("labels"))
    state["metadata"] = {key: value for key, value in metadata.items() if value}
    cleaner = _CLEANERS.get(str(item["kind"]))
    if cleaner and isinstance(state.get("spec"), Mapping):
        state["spec"] = cleaner(state["spec"])
    return _without_restart_notes(state)


def _own_notes(notes: Mapping[str, str] | None) -> dict[str, str]:
    dropped = (*_CONTROLLER_NOTES, *_JOB_LABELS)
    return {key: value for key, value in (notes or {}).items() if not key.startswith(dropped)}


def _without_restart_notes(state: dict[str, Any]) -> dict[str, Any]:
    """A restarted workload carries a note of it in its pod template."""
    spec = state.get("spec")
    if not isinstance(spec, Mapping) or not isinstance(spec.get("template"), Mapping):
        return state
    template = dict(spec["template"])
    metadata = dict(template.get("metadata") or {})
    metadata["annotations"] = _own_notes(metadata.get("annotations"))
    metadata["labels"] = _own_notes(metadata.get("labels"))
    template["metadata"] = {key: value for key, value in metadata.items() if value}
    return {**state, "spec": {**spec, "template": template}}


def _service(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses and node ports are the server's choice; a headless service's `None` is not (core/v1 ServiceSpec)."""
    kept = {key: value for key, value in spec.items() if key != "healthCheckNodePort"}
    if kept.get("clusterIP") != "None":
        kept.pop("clusterIP", None)
        kept.pop("clusterIPs", None)
    ports = kept.get("ports") or []
    return {**kept, "ports": [{key: value for key, value in port.items() if key != "nodePort"} for port in ports]}


def _claim(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The volume that a claim is bound to (core/v1 PersistentVolumeClaimSpec.volumeName)."""
    return {key: value for key, value in spec.items() if key != "volumeName"}


def _job(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The selector is generated; a completed job is kept suspended on purpose (batch/v1 JobSpec)."""
    return {key: value for key, value in spec.items() if key not in ("selector", "suspend")}


_CLEANERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "Job": _job,
}


def _ignored_fields(expected: Manifest) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The rules of an aggregated ClusterRole are the control plane's (rbac/v1 ClusterRole.aggregationRule)."""
    if expected["kind"] == "ClusterRole" and expected.get("aggregationRule"):
        return lambda state: {key: value for key, value in state.items() if key != "rules"}
    return lambda state: state


def differences(left: Any, right: Any, *, both_ways: bool, path: str = "") -> Iterator[str]:
    """Paths of the fields in which two values differ."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in sorted({*left, *right} if both_ways else left):
            where = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                yield where
            else:
                yield from differences(left[key], right[key], both_ways=both_ways, path=where)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, both_ways=both_ways, path=f"{path}[{number}]")
    elif type(left) is not type(right) or left != right:
        yield path
