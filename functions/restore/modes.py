"""What the restore mode makes of a manifest before it is compared and sent. Pure.

`hot` and `rehearse` take the snapshot as it is. `warm` takes it with nothing running: the numbers stay in the
snapshot, so a later hot restore of the same snapshot brings them back.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kubestandby.groups import RestoreMode
from kubestandby.resources import Manifest, ObjectRef

from .plans import GroupKind, Identity
from .references import child

RESTARTABLE: frozenset[GroupKind] = frozenset({("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")})
"""Kinds that replace their Pods when the pod template changes."""

RESTARTED_AT = "kubestandby.dev/restartedAt"
"""Annotation on a pod template that a restore sets to restart a workload: this cluster's own, never restored."""

WARM_NODE_SELECTOR = "kubestandby.dev/warm"
"""Node label that no node has: a warm DaemonSet selects it, and so runs nowhere."""

_ZERO_REPLICAS: frozenset[GroupKind] = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "ReplicaSet"), ("", "ReplicationController")}
)


def skip_reason(ref: ObjectRef, mode: RestoreMode) -> str:
    """Why this mode leaves the object out, or "" where it does not. A Pod has no replicas that could be zero."""
    if mode is RestoreMode.WARM and ref.gvk.group_kind == ("", "Pod"):
        return "a Pod of its own is not started in warm mode"
    return ""


def project(ref: ObjectRef, manifest: Manifest, mode: RestoreMode) -> Manifest:
    """The manifest as the mode wants it; the same object where there is nothing to change."""
    if ref.gvk.group_kind in RESTARTABLE:
        manifest = _without_restart_mark(manifest)
    if mode is not RestoreMode.WARM:
        return manifest
    quiet = _QUIET.get(ref.gvk.group_kind)
    return quiet(manifest) if quiet else manifest


def with_live_replicas(desired: Manifest, live: Manifest) -> Manifest:
    """Leaves an autoscaled workload at the number of replicas that the standby's autoscaler has given it.

    Only where both run some: at zero an autoscaler is switched off (HorizontalPodAutoscaler, `ScalingDisabled`), so a
    workload that goes from warm to hot gets the snapshot's number.
    """
    live_replicas, replicas = child(live, "spec", "replicas"), child(desired, "spec", "replicas")
    if not live_replicas or not replicas or live_replicas == replicas:
        return desired
    return _with(desired, live_replicas, "spec", "replicas")


def may_be_autoscaled(identity: Identity) -> bool:
    """Whether the kind has `spec.replicas` that a HorizontalPodAutoscaler sets through its scale subresource."""
    return identity[:2] in _ZERO_REPLICAS


def runs_nothing(ref: ObjectRef, manifest: Manifest) -> bool:
    """Whether the object is a workload at zero replicas: of what its Pods would need, it needs nothing to be made."""
    replicas = child(manifest, "spec", "replicas")
    return ref.gvk.group_kind in _ZERO_REPLICAS and replicas == 0 and replicas is not False


def _with(manifest: Manifest, value: Any, *path: str) -> dict[str, Any]:
    """A copy of the manifest with the value at the path; shares all that is beside the path."""
    key, rest = path[0], path[1:]
    inner = manifest.get(key)
    inside = inner if isinstance(inner, Mapping) else {}
    return {**manifest, key: _with(inside, value, *rest) if rest else value}


def _without_restart_mark(manifest: Manifest) -> Manifest:
    annotations = child(manifest, "spec", "template", "metadata", "annotations")
    if not isinstance(annotations, Mapping) or RESTARTED_AT not in annotations:
        return manifest
    kept = {key: value for key, value in annotations.items() if key != RESTARTED_AT}
    return _with(manifest, kept or None, "spec", "template", "metadata", "annotations")


def _at_zero(manifest: Manifest) -> Manifest:
    return _with(manifest, 0, "spec", "replicas")


def _suspended(manifest: Manifest) -> Manifest:
    return _with(manifest, True, "spec", "suspend")


def _on_no_node(manifest: Manifest) -> Manifest:
    return _with(manifest, "never", "spec", "template", "spec", "nodeSelector", WARM_NODE_SELECTOR)


_QUIET: Mapping[GroupKind, Callable[[Manifest], Manifest]] = {
    **dict.fromkeys(_ZERO_REPLICAS, _at_zero),
    ("batch", "CronJob"): _suspended,
    ("batch", "Job"): _suspended,
    ("apps", "DaemonSet"): _on_no_node,
}
