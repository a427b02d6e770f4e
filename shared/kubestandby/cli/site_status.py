"""How one site of a group stands. Data only."""

from dataclasses import dataclass
from datetime import datetime

from kubestandby.cli.snapshot_view import Applied
from kubestandby.layout import Function
from kubestandby.reports import RestoreReport
from kubestandby.requests import Outcome, Request
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStatus:
    """The newest complete snapshot of a stage at a site, and when its state was last proven to be the current one."""

    stage: Stage
    id: SnapshotId
    taken_at: datetime
    proven_at: datetime
    fresh_until: datetime
    objects: int
    complete: bool

    @classmethod
    def of(cls, index: SnapshotIndex, proven_at: datetime) -> "StageStatus":
        """Reads an index; a later proof of its state moves the deadline by as much as it is younger."""
        return cls(
            stage=index.stage,
            id=index.id,
            taken_at=index.taken_at,
            proven_at=proven_at,
            fresh_until=index.fresh_until + (proven_at - index.taken_at),
            objects=len(index.entries),
            complete=index.complete,
        )


@dataclass(frozen=True, slots=True)
class FailedWork:
    """What `function` was to make of a snapshot that had come, and did not."""

    function: Function
    snapshot: SnapshotId
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site.

    Attributes:
        applied: the highest snapshot that its cluster has taken in.
        report: of its last restore.
        pending: requests without an outcome.
        exported: what came of the last export that was asked of it.
        lacking: the outcome of the newest work there, where rights on its cluster were missing for it.
        failed: what came of the work on its newest snapshots that began by itself, where that failed for good.
        damaged: snapshots that cannot be used, or are not complete, and records that do not count, one sentence each.
        unreachable: for each of its buckets that cannot be read the reason.
    """

    name: SiteName
    role: str
    stages: tuple[StageStatus, ...] = ()
    applied: Applied | None = None
    report: RestoreReport | None = None
    pending: tuple[Request, ...] = ()
    exported: Outcome | None = None
    lacking: Outcome | None = None
    failed: tuple[FailedWork, ...] = ()
    damaged: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()

    def stage(self, stage: Stage) -> StageStatus | None:
        """This stage's newest complete snapshot."""
        return next((status for status in self.stages if status.stage is stage), None)
