"""Deletes what a plan prunes: wave by wave, and no further than where something does not go."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Clock, Cluster
from kubestandby.reports import Change, ObjectResult

from .plans import Deletion, Identity, Pruning
from .refusals import describe

GONE_SECONDS = 30.0
"""How long to wait for the objects of one wave: what an operator cleans up for goes before the operator does."""

_POLL_SECONDS = 1.0


def delete_pruned(cluster: Cluster, clock: Clock, pool: Executor, pruning: Pruning) -> Mapping[Identity, ObjectResult]:
    """Deletes each object that is still the one that was looked at (UID); gives the outcome of each.

    Raises:
        ClusterUnavailableError: the cluster cannot be reached any more; running the restore again converges.
    """
    results: dict[Identity, ObjectResult] = {}
    blocking = ""
    for wave in pruning.waves:
        if blocking:
            reason = f"not deleted yet, since {blocking} is still there; restore again when it is gone"
            put_off = [replace(one.result, change=Change.SKIPPED, reason=reason) for one in wave]
            results.update({result.ref.identity: result for result in put_off})
            continue
        refused = dict(zip(wave, pool.map(lambda one: _delete(cluster, one), wave), strict=True))
        stuck = _await_gone(cluster, clock, pool, [one for one in wave if not refused[one]])
        results.update({one.ref.identity: _outcome(one, refused[one], is_stuck=one in stuck) for one in wave})
        blocking = next((str(one.ref) for one in wave if refused[one] or one in stuck), "")
    return results


def _await_gone(cluster: Cluster, clock: Clock, pool: Executor, waiting: Sequence[Deletion]) -> Sequence[Deletion]:
    """Waits for all of them together; gives those that are still there."""
    started = clock.now()
    while waiting := _still_there(cluster, pool, waiting):
        if (clock.now() - started).total_seconds() >= GONE_SECONDS:
            break
        clock.sleep(_POLL_SECONDS)
    return waiting


def _still_there(cluster: Cluster, pool: Executor, waiting: Sequence[Deletion]) -> Sequence[Deletion]:
    """Side by side: a wave may hold hundreds, and each answer takes a round trip."""
    found = pool.map(lambda one: _is_there(cluster, one), waiting)
    return [one for one, is_there in zip(waiting, found, strict=True) if is_there]


def _delete(cluster: Cluster, deletion: Deletion) -> str:
    """Why it could not be deleted, "" where it was."""
    try:
        cluster.delete(deletion.resource, deletion.ref, uid=deletion.uid)
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        return f"it could not be deleted: {describe(error)}"
    return ""


def _is_there(cluster: Cluster, deletion: Deletion) -> bool:
    live = cluster.get(deletion.resource, deletion.ref.namespace, deletion.ref.name)
    return live is not None and live["metadata"]["uid"] == deletion.uid


def _outcome(deletion: Deletion, refused: str, *, is_stuck: bool) -> ObjectResult:
    result = deletion.result
    if refused:
        return replace(result, change=Change.FAILED, reason=f"{result.reason}; {refused}")
    if is_stuck:
        return replace(result, reason=f"{result.reason}; its finalizers hold it after {GONE_SECONDS:.0f} s")
    return result
