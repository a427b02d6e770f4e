"""Waits until live objects that are being deleted are gone, so that they can be made anew."""

from collections.abc import Mapping, Sequence

from kubestandby.ports import Clock, Cluster
from kubestandby.resources import Manifest

from .live_state import is_being_deleted
from .plans import DesiredObject, Identity
from .references import child

GONE_SECONDS = 60.0
"""How long to wait for the objects of one wave."""

_POLL_SECONDS = 1.0


def await_deletions(cluster: Cluster, clock: Clock, leaving: Sequence[DesiredObject]) -> Mapping[Identity, str]:
    """Waits for all of them together.

    Returns:
        for each object that is still there: why, and what to do.
    """
    started = clock.now()
    while leaving:
        still = {item.identity: live for item in leaving if (live := _still_there(cluster, item)) is not None}
        leaving = [item for item in leaving if item.identity in still]
        if (clock.now() - started).total_seconds() >= GONE_SECONDS:
            return {identity: _why(live) for identity, live in still.items()}
        if leaving:
            clock.sleep(_POLL_SECONDS)
    return {}


def _still_there(cluster: Cluster, item: DesiredObject) -> Manifest | None:
    live = cluster.get(item.resource, item.ref.namespace, item.ref.name)
    return live if live is not None and is_being_deleted(live) else None


def _why(live: Manifest) -> str:
    finalizers = [*(child(live, "metadata", "finalizers") or []), *(child(live, "spec", "finalizers") or [])]
    waits = f" for its finalizers {', '.join(map(str, finalizers))}" if finalizers else ""
    return f"the live object is still being deleted after {GONE_SECONDS:.0f} s{waits}; see to that, then restore again"
