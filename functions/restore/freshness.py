"""How old is the state that a snapshot holds? By its own time, or by the last signed heartbeat that still saw it.

Heartbeats are read at both sites: the standby's bucket has copies, for just when a failover is needed the primary's may
be gone. Who cuts the pipeline, or puts an old snapshot back, cannot make newer heartbeats: the deadline passes.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from kubestandby.errors import StaleSnapshotError, StandbyError
from kubestandby.groups import ProtectionGroup
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.snapshots import SnapshotIndex

_LOG = logging.getLogger(__name__)


def last_proof(context: Context, group: ProtectionGroup, index: SnapshotIndex) -> datetime:
    """When the state was last known to be that of the snapshot, as far as can be read."""
    return max(_heartbeats(context, group, index), default=index.taken_at)


def check_fresh(index: SnapshotIndex, proven_at: datetime, requested_at: datetime) -> None:
    """Makes sure that the snapshot was not past its deadline when it was asked for.

    Raises:
        StaleSnapshotError: it was.
    """
    deadline = index.fresh_until_after(proven_at)
    if requested_at > deadline:
        raise StaleSnapshotError(
            f"snapshot {index.id} of group {index.group} is stale: its state was last proven at"
            f" {proven_at:%Y-%m-%d %H:%M}Z, and a newer snapshot or a heartbeat was due by {deadline:%Y-%m-%d %H:%M}Z;"
            f" a failover takes it with --accept-stale={index.id}, a restore if it is named"
        )


def _heartbeats(context: Context, group: ProtectionGroup, index: SnapshotIndex) -> Iterator[datetime]:
    for site in group.sites:
        try:
            seen_at = context.snapshots(site).freshest(index)
        except StandbyError as error:
            _LOG.warning("heartbeats_unreadable", extra={"at": site.name, **error_facts(error)})
            continue
        if seen_at:
            yield seen_at
