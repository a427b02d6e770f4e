"""One restore from the handler's side: which snapshot, how old its state is, and where report and mark are written."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.applied_marks import AppliedMark, AppliedMarks
from kubestandby.creation import create_object
from kubestandby.errors import SnapshotNotFoundError, StoreError
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.reports import Change, Purpose, RestoreReport
from kubestandby.requests import Request, Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.runtime.work import Result
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage

from .inventory import InventoryLedger
from .reporting import Happened, PhaseClock, RestoreContext, make_report
from .restorer import Restorer
from .verifying import verify

_LOG = logging.getLogger(__name__)
_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"


class Restoring:
    """Restores snapshots at the sites that this process serves."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def choose(self, group: ProtectionGroup, site: Site, named: SnapshotId | None) -> SnapshotIndex:
        """The named snapshot, complete or not, else the newest complete one at the site.

        Raises:
            SnapshotNotFoundError: there is none.
            SnapshotError: the named one is damaged.
        """
        snapshots = self._context.snapshots(site)
        if named is not None:
            return snapshots.read_index(Stage.SANITIZED, group.name, named)
        newest = snapshots.newest_complete(Stage.SANITIZED, group.name)
        if newest is None:
            raise SnapshotNotFoundError(
                f"group {group.name} has no complete snapshot at {site.name}; run `kubestandby run {group.name}` first,"
                " or name an incomplete one"
            )
        return newest

    def restore(  # noqa: PLR0913  as `Restorer.restore`
        self,
        group: ProtectionGroup,
        site: Site,
        index: SnapshotIndex,
        *,
        mode: RestoreMode,
        purpose: Purpose,
        request: Request | None = None,
        named: bool = False,
    ) -> Result:
        """Restores, then writes the report to the site's data bucket and the mark to its control bucket.

        `named` says that an operator asked for just this snapshot before, as a request that names one says now.

        Raises:
            StandbyError: the restore could not begin, or a bucket cannot be written.
        """
        requested_at = request.requested_at if request else self._context.clock.now()
        report = self._restorer(site).restore(
            group,
            site.name,
            index,
            mode=mode,
            purpose=purpose,
            requested_at=requested_at,
            request=request.outcome_name if request else "",
            rpo_seconds=self._rpo_seconds(group, site, index, requested_at),
            named=named or (request is not None and request.snapshot is not None and purpose is not Purpose.SYNC),
            prune_all=request is not None and request.prune_all,
        )
        key = self._store_report(site, report)
        AppliedMarks(self._context.store(site.control)).add(_mark(report, key))
        return _result(report, key)

    def preview(
        self, group: ProtectionGroup, site: Site, index: SnapshotIndex, *, mode: RestoreMode, request: Request
    ) -> Result:
        """Finds out what a restore would do and writes that as a report; nothing else is written.

        Raises:
            StandbyError: the plan could not be made, or the report not be written.
        """
        context = RestoreContext(
            purpose=Purpose.PLAN,
            requested_at=request.requested_at,
            started_at=self._context.clock.now(),
            request=request.outcome_name,
            rpo_seconds=self._rpo_seconds(group, site, index, request.requested_at),
        )
        phases = PhaseClock(self._context.clock)
        with phases.phase("plan"):
            plan = self._restorer(site).plan(group, site.name, index, mode=mode, named=request.snapshot is not None)
        report = replace(make_report(index, plan, Happened(), context, phases), restarted=plan.restarts)
        return _result(report, self._store_report(site, report))

    def check(self, group: ProtectionGroup, site: Site, index: SnapshotIndex, *, named: bool) -> None:
        """Makes sure, as far as can be without planning, that a restore will not be refused: every byte is read.

        Raises:
            StandbyError: it would be refused, or the site's cluster or bucket cannot be used.
        """
        self._context.snapshots(site).verify(index)
        cluster = self._context.cluster(site)
        verify(group, site.name, index, cluster.identity(), InventoryLedger(cluster, group.name).read(), named=named)

    def _restorer(self, site: Site) -> Restorer:
        return Restorer(
            self._context.cluster(site),
            self._context.snapshots(site),
            self._context.clock,
            in_flight=site.limits.requests_in_flight,
        )

    def _rpo_seconds(self, group: ProtectionGroup, site: Site, index: SnapshotIndex, requested_at: datetime) -> float:
        """Age of the state: since a heartbeat last proved it, where the exporting site's bucket can be read."""
        other = group.other_site(site.name)
        try:
            heartbeat = self._context.snapshots(other).freshest(group.name, index.id)
        except StoreError as error:
            # Just when a failover is needed, the primary's bucket may be gone: what is known here must do.
            _LOG.warning("heartbeats_unreadable", extra={"at": other.name, **error_facts(error)})
            heartbeat = None
        proven_at = max(index.taken_at, heartbeat) if heartbeat else index.taken_at
        return max(0.0, (requested_at - proven_at).total_seconds())

    def _store_report(self, site: Site, report: RestoreReport) -> str:
        time = report.started_at.astimezone(UTC).strftime(_TIME_FORMAT)
        key = layout.report_key(report.group, report.snapshot, time, report.purpose)
        create_object(self._context.store(site.data), key, codec.encode(report))
        return key


def mode_of(group: ProtectionGroup, request: Request) -> RestoreMode:
    """The request's mode, else the group's."""
    return RestoreMode(request.mode) if request.mode else group.restore.mode


def _mark(report: RestoreReport, key: str) -> AppliedMark:
    return AppliedMark(
        group=report.group,
        snapshot=report.snapshot,
        mode=report.mode,
        applied_at=report.finished_at,
        report=key,
        succeeded=report.succeeded,
    )


def _result(report: RestoreReport, key: str) -> Result:
    counts = {str(change): report.count(change) for change in Change if report.count(change)}
    details = {
        "objects": counts,
        "mode": report.mode,
        "target_cluster": report.target_cluster,
        "seconds": dict(report.phases),
        "rpo_seconds": report.rpo_seconds,
        "rto_seconds": report.rto_seconds,
        "not_current": [str(status.ref) for status in report.workloads if status.readiness != "Current"][:50],
    }
    said = ", ".join(f"{count} {change}" for change, count in counts.items()) or "no objects"
    message = f"snapshot {report.snapshot} ({report.purpose}, {report.mode}) at {report.site}: {said}"
    if report.held_deletions:
        message += f"; {report.held_deletions} deletions are held, restore with --prune-all if they are right"
    return Result(verdict=_verdict(report), message=message, snapshot=report.snapshot, report=key, details=details)


def _verdict(report: RestoreReport) -> Verdict:
    if not report.succeeded:
        return Verdict.INCOMPLETE
    changed = sum(report.count(change) for change in (Change.CREATED, Change.CONFIGURED, Change.PRUNED))
    changed += len(report.restarted)
    return Verdict.DONE if changed else Verdict.UNCHANGED
