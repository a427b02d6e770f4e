"""How far a live object has come, in kstatus' words, read from the object alone. Pure.

The rules are those of kstatus (sigs.k8s.io/cli-utils, pkg/kstatus/status/core.go), made stricter where a field of the
API says that the object cannot progress by itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.groups import RestoreMode
from kubestandby.reports import Readiness
from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest

from .plans import GroupKind
from .pods import pod_problem
from .references import child, children


@dataclass(frozen=True, slots=True)
class Assessment:
    """What an object's own fields say. `stuck`: it waits for something that it cannot bring about itself."""

    readiness: Readiness
    message: str = ""
    stuck: bool = False


_CURRENT = Assessment(Readiness.CURRENT)


def is_watched(kind: GroupKind) -> bool:
    """Whether a restore waits for objects of this kind: what runs, what it stores on, and custom resources."""
    return kind in _RULES or is_custom(kind)


def is_awaited(kind: GroupKind, mode: RestoreMode) -> bool:
    """Whether this mode waits for it: the operator that makes a custom resource ready may sleep in warm mode."""
    return is_watched(kind) and not (mode is RestoreMode.WARM and is_custom(kind))


def is_custom(kind: GroupKind) -> bool:
    """Whether the kind is not one of Kubernetes' own."""
    return kind[0] not in BUILT_IN_GROUPS


def reports_conditions(live: Manifest) -> bool:
    """Whether anybody reports on the object at all."""
    return bool(children(live, "status", "conditions"))


def assess(live: Manifest) -> Assessment:
    """Current, InProgress, Failed or Terminating, with a reason in words for all but Current."""
    if live.get("metadata", {}).get("deletionTimestamp"):
        return Assessment(Readiness.TERMINATING, "it is being deleted")
    rule = _RULES.get(GVK.of(live).group_kind)
    if rule is None:
        return _generic(live)
    if rule in _OBSERVED and not _is_observed(live):
        return _progress("its controller has not seen it yet")
    return rule(live)


def _progress(message: str, *, stuck: bool = False) -> Assessment:
    return Assessment(Readiness.IN_PROGRESS, message, stuck)


def _failed(message: str) -> Assessment:
    return Assessment(Readiness.FAILED, message)


def _number(value: Any, *path: str, default: int = 0) -> int:
    found = child(value, *path)
    return found if isinstance(found, int) else default


def _is_observed(live: Manifest) -> bool:
    return _number(live, "status", "observedGeneration") >= _number(live, "metadata", "generation")


def _condition(live: Manifest, name: str) -> Mapping[str, Any]:
    """The condition of this type, or an empty mapping."""
    return next((c for c in children(live, "status", "conditions") if c.get("type") == name), {})


def _words(condition: Mapping[str, Any]) -> str:
    return ": ".join(str(part) for part in (condition.get("reason"), condition.get("message")) if part)


def _first_short(wanted: int, counts: Mapping[str, int]) -> Assessment | None:
    """The first of the counts that is below what is wanted."""
    for name, count in counts.items():
        if count < wanted:
            return _progress(f"{name}: {count} of {wanted}")
    return None


def _deployment(live: Manifest) -> Assessment:
    replicas, status = _number(live, "spec", "replicas", default=1), live.get("status", {})
    updated, total = _number(status, "updatedReplicas"), _number(status, "replicas")
    if child(live, "spec", "paused") is True and updated < replicas:
        return _progress("it is paused; resume its rollout", stuck=True)
    progressing, failure = _condition(live, "Progressing"), _condition(live, "ReplicaFailure")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(_words(progressing))
    if failure.get("status") == "True":
        return _progress(_words(failure), stuck=True)
    counts = {"updated": updated, "available": _number(status, "availableReplicas")}
    short = _first_short(replicas, counts)
    if short is not None:
        return short
    if total > replicas:
        return _progress(f"old Pods still to go: {total - replicas}")
    available = _condition(live, "Available")
    return _CURRENT if available.get("status") == "True" else _progress(_words(available) or "not available yet")


def _stateful_set(live: Manifest) -> Assessment:
    replicas, status = _number(live, "spec", "replicas", default=1), live.get("status", {})
    if child(live, "spec", "updateStrategy", "type") == "OnDelete":
        return _CURRENT
    total = _number(status, "replicas")
    short = _first_short(replicas, {"replicas": total, "ready": _number(status, "readyReplicas")})
    if short is not None:
        return short
    if total > replicas:
        return _progress(f"Pods still to go: {total - replicas}")
    partition = _number(live, "spec", "updateStrategy", "rollingUpdate", "partition")
    return _first_short(replicas - partition, {"updated": _number(status, "updatedReplicas")}) or _CURRENT


def _daemon_set(live: Manifest) -> Assessment:
    status = live.get("status", {})
    counts = {
        "scheduled": _number(status, "currentNumberScheduled"),
        "updated": _number(status, "updatedNumberScheduled"),
        "available": _number(status, "numberAvailable"),
        "ready": _number(status, "numberReady"),
    }
    if child(live, "spec", "updateStrategy", "type") == "OnDelete":
        del counts["updated"]
    return _first_short(_number(status, "desiredNumberScheduled"), counts) or _CURRENT


def _replica_set(live: Manifest) -> Assessment:
    """Also of ReplicationControllers: the fields are the same."""
    replicas, status = _number(live, "spec", "replicas", default=1), live.get("status", {})
    failure = _condition(live, "ReplicaFailure")
    if failure.get("status") == "True":
        return _progress(_words(failure), stuck=True)
    total = _number(status, "replicas")
    counts = {"replicas": total, "available": _number(status, "availableReplicas")}
    short = _first_short(replicas, counts)
    if short is None and total > replicas:
        return _progress(f"Pods still to go: {total - replicas}")
    return short or _CURRENT


def _pod(live: Manifest) -> Assessment:
    phase = child(live, "status", "phase")
    if phase == "Succeeded":
        return _CURRENT
    if phase == "Failed":
        status = live.get("status", {})
        return _failed(_words(status) or "its containers failed")
    problem = pod_problem(live)
    if problem:
        return _progress(problem, stuck=True)
    ready = _condition(live, "Ready")
    return _CURRENT if ready.get("status") == "True" else _progress(_words(ready) or f"phase {phase or 'Pending'}")


def _job(live: Manifest) -> Assessment:
    """A Job that runs is Current: whether and when it ends is its own business.

    So is a suspended one, even if it has failed: that was before, where the snapshot comes from (it was suspended so
    that it does not run again), or here before a failback.
    """
    if child(live, "spec", "suspend") is True:
        return _CURRENT
    failed = _condition(live, "Failed")
    if failed.get("status") == "True":
        return _failed(_words(failed))
    ended = any(_condition(live, name).get("status") == "True" for name in ("Complete", "SuccessCriteriaMet"))
    if ended or _number(live, "spec", "parallelism", default=1) == 0:
        return _CURRENT
    begun = sum(_number(live, "status", count) for count in ("active", "succeeded", "failed"))
    return _CURRENT if begun else _progress("it has no Pod yet")


def _cron_job(_live: Manifest) -> Assessment:
    return _CURRENT


def _claim(live: Manifest) -> Assessment:
    phase = child(live, "status", "phase")
    if phase == "Bound":
        return _CURRENT
    if phase == "Lost":
        return _failed("its PersistentVolume is lost")
    return _progress("it is not bound to a PersistentVolume")


def _api_service(live: Manifest) -> Assessment:
    available = _condition(live, "Available")
    return _CURRENT if available.get("status") == "True" else _progress(_words(available) or "not available yet")


def _generic(live: Manifest) -> Assessment:
    """Custom resources, by the conditions that kstatus knows: Stalled, Reconciling, Ready; without any: Current."""
    if child(live, "status", "observedGeneration") is not None and not _is_observed(live):
        return _progress("its controller has not seen it yet")
    stalled, reconciling = _condition(live, "Stalled"), _condition(live, "Reconciling")
    if stalled.get("status") == "True":
        return _failed(_words(stalled))
    if reconciling.get("status") == "True":
        return _progress(_words(reconciling))
    ready = _condition(live, "Ready")
    if ready and ready.get("status") != "True":
        return _progress(_words(ready) or f"Ready is {ready.get('status')}")
    return _CURRENT


_RULES: Mapping[GroupKind, Callable[[Manifest], Assessment]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "ReplicaSet"): _replica_set,
    ("", "ReplicationController"): _replica_set,
    ("", "Pod"): _pod,
    ("batch", "Job"): _job,
    ("batch", "CronJob"): _cron_job,
    ("", "PersistentVolumeClaim"): _claim,
    ("apiregistration.k8s.io", "APIService"): _api_service,
}

_OBSERVED = frozenset({_deployment, _stateful_set, _daemon_set, _replica_set})
"""Rules for kinds whose controllers write `status.observedGeneration`."""
