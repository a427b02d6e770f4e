"""How far a change has come: request, raw snapshot, sanitized twin, restore at the standby. Reads stores only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kubestandby.cli.session import Session, reports_at, requests_at, snapshots_at
from kubestandby.errors import ObjectMissingError, SnapshotNotFoundError, UntrustedRecordError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Function
from kubestandby.reports import RestoreReport
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SnapshotId, SnapshotIndex, Stage

_ARRIVED = (Verdict.DONE, Verdict.UNCHANGED)
_NOT_ARRIVED = (Verdict.REFUSED, Verdict.FAILED, Verdict.NEEDS_PRIVILEGE, Verdict.INCOMPLETE)


@dataclass(slots=True)
class Arrival:
    """What has been seen so far, and when.

    Attributes:
        failure: why nothing more will come.
        stuck: an earlier pass failed for good at this function, so that no event will move the snapshot again.
        needs_privilege: as of an outcome.
    """

    asked_at: datetime
    exported: Outcome | None = None
    raw: SnapshotIndex | None = None
    sanitized: SnapshotIndex | None = None
    report: RestoreReport | None = None
    failure: str = ""
    stuck: Function | None = None
    needs_privilege: Mapping[str, Any] = field(default_factory=dict)
    seen_at: dict[str, datetime] = field(default_factory=dict)

    @property
    def snapshot(self) -> SnapshotId | None:
        """The snapshot that is on its way."""
        return self.exported.snapshot if self.exported else None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.report is not None or bool(self.failure) or self.stuck is not None

    @property
    def is_old_news(self) -> bool:
        """Whether the state was restored before this was asked for."""
        return self.report is not None and self.report.requested_at < self.asked_at

    @property
    def arrived(self) -> bool:
        """Whether all of it arrived: a complete snapshot, its twin, and a restore that succeeded."""
        whole = self.raw is not None and self.raw.complete and self.sanitized is not None
        return whole and not self.failure and self.report is not None and self.report.succeeded


class ArrivalWatch:
    """Follows one export request from `primary` to `standby`."""

    def __init__(self, session: Session, group: ProtectionGroup, primary: Site, request: Request) -> None:
        self._clock = session.clock
        self._group = group
        self._request = request.outcome_name
        self._standby = group.other_site(primary.name)
        self._at_primary = requests_at(session, primary)
        self._at_standby = requests_at(session, self._standby)
        self._raw = snapshots_at(primary)
        self._sanitized = snapshots_at(self._standby)
        self._reports = reports_at(self._standby)
        self.arrival = Arrival(asked_at=request.requested_at)

    def look(self) -> Arrival:
        """Looks for the next thing to come; what was seen is not read again."""
        if not self.arrival.over:
            self._look()
        return self.arrival

    def _look(self) -> None:
        arrival = self.arrival
        if arrival.exported is None:
            self._see_export()
        if arrival.snapshot is None or arrival.failure:
            return
        arrival.raw = arrival.raw or self._index(self._raw, Stage.RAW, arrival.snapshot)
        arrival.sanitized = arrival.sanitized or self._index(self._sanitized, Stage.SANITIZED, arrival.snapshot)
        if arrival.sanitized is None:
            self._see_failure(arrival.snapshot, Function.SANITIZE)
            return
        arrival.report = self._report(arrival.snapshot)
        if arrival.report is None:
            self._see_failure(arrival.snapshot, Function.RESTORE)

    def _see_export(self) -> None:
        outcome = self._at_primary.outcome(self._group.name, self._request)
        if outcome is None:
            return
        self.arrival.exported = outcome
        self._seen("snapshot")
        self.arrival.needs_privilege = outcome.needs_privilege
        if outcome.snapshot is None or outcome.verdict in _NOT_ARRIVED:
            self.arrival.failure = outcome.message

    def _index(self, store: SnapshotStore, stage: Stage, snapshot: SnapshotId) -> SnapshotIndex | None:
        try:
            index = store.read_index(stage, self._group.name, snapshot)
        except (SnapshotNotFoundError, ObjectMissingError):
            return None
        self._seen(stage)
        return index

    def _report(self, snapshot: SnapshotId) -> RestoreReport | None:
        report = next(self._reports.restores(self._group.name, snapshot=snapshot), None)
        if report is not None:
            self._seen("restore")
        return report

    def _see_failure(self, snapshot: SnapshotId, function: Function) -> None:
        """A function whose work on a snapshot fails for good says so in an outcome named `<function>-<snapshot>`."""
        for log in (self._at_primary, self._at_standby):
            outcome = _believed(log, self._group.name, f"{function}-{snapshot}")
            if outcome is None or outcome.verdict in _ARRIVED:
                continue
            if outcome.finished_at < self.arrival.asked_at:
                self.arrival.stuck = function
            else:
                self.arrival.needs_privilege = outcome.needs_privilege
                self.arrival.failure = f"{function} of snapshot {snapshot} failed: {outcome.message}"

    def _seen(self, what: str) -> None:
        self.arrival.seen_at.setdefault(str(what), self._clock.now())


def _believed(log: RequestLog, group: GroupName, name: str) -> Outcome | None:
    """An outcome that nobody has asked for: one that does not count says nothing."""
    try:
        return log.outcome(group, name)
    except UntrustedRecordError:
        return None
