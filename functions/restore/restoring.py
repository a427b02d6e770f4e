"""One restore from the handler's side: which snapshot, how old its state is, and where report and mark are written."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from kubestandby.applied_marks import AppliedMark
from kubestandby.errors import BadInputError, ReplayedSnapshotError, SnapshotError, SnapshotNotFoundError
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.numbering import Reached
from kubestandby.reports import Change, Purpose, RestoreReport
from kubestandby.requests import Request, Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import Result
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage

from .freshness import check_fresh, last_proof
from .inventory import InventoryLedger
from .privileges import RightsWatch
from .reporting import Happened, PhaseClock, RestoreContext, in_a_sentence, late_workloads, make_report
from .restorer import Restorer
from .verifying import verify

_CLOCKS_DIFFER = timedelta(hours=1)
"""By how much the clock of whoever asks may be ahead of ours."""


class Restoring:
    """Restores snapshots at the sites that this process serves."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def done_before(self, group: ProtectionGroup, site: Site, request: Request) -> Result | None:
        """What came of the request, where a report says that it was carried out, and only its outcome is missing.

        The outcome may have been lost or taken away: what was asked for once is not done twice.

        Raises:
            StoreError: the reports cannot be read.
        """
        found = self._context.reports(site).of_request(
            group.name, request.outcome_name, request.requested_at - _CLOCKS_DIFFER
        )
        return _result(found[1], found[0]) if found else None

    def choose(self, group: ProtectionGroup, site: Site, named: SnapshotId | None, epoch: int) -> SnapshotIndex:
        """The named snapshot, complete or not, else the newest complete one at the site that is not held.

        `epoch`: the number of the one that holds.

        Raises:
            SnapshotNotFoundError: there is none.
            SnapshotError: the named one is damaged.
        """
        snapshots = self._context.snapshots(site)
        if named is not None:
            return snapshots.read_index(Stage.SANITIZED, group.name, named)
        survey = snapshots.survey(Stage.SANITIZED, group.name, self.reached(group, site, epoch))
        if survey.newest_complete is None:
            held = f" ({survey.held[0].reason})" if survey.held else ""
            raise SnapshotNotFoundError(
                f"group {group.name} has no complete snapshot at {site.name}{held}; run `kubestandby run {group.name}`"
                " first, or name one"
            )
        return survey.newest_complete

    def reached(self, group: ProtectionGroup, site: Site, epoch: int) -> Reached:
        """How far numbers of snapshots have come at the site, in the epoch of this number.

        Raises:
            StoreError: the marks cannot be read.
        """
        return Reached(epoch, self._highest(group, site))

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
        proven_at = last_proof(self._context, group, index)
        named = named or (request is not None and request.snapshot is not None and purpose is not Purpose.SYNC)
        accepted = named or (request is not None and request.accept_stale == index.id)
        overrides = self._history(site, index, proven_at, requested_at, accepted=accepted, named=named)
        goes_on = purpose is Purpose.FAILOVER or mode is RestoreMode.REHEARSE
        watch = self._watch(group, site, index, goes_on=goes_on)
        with watch.explaining():
            report = self._restorer(site, watch).restore(
                group,
                site.name,
                index,
                mode=mode,
                purpose=purpose,
                requested_at=requested_at,
                request=request.outcome_name if request else "",
                rpo_seconds=_rpo_seconds(proven_at, requested_at),
                named=named,
                highest=self._highest(group, site),
                prune_all=request is not None and request.prune_all,
                waited_seconds=sum(part.waited_seconds for part in request.parts) if request else 0.0,
            )
        report = replace(report, overrides=(*overrides, *report.overrides))
        key = self._context.reports(site).write(report)
        self._context.marks(site).add(_mark(report, key, index.source_sha256))
        return watch.told(_result(report, key), report)

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
            rpo_seconds=_rpo_seconds(last_proof(self._context, group, index), request.requested_at),
        )
        named = request.snapshot is not None
        phases = PhaseClock(self._context.clock)
        watch = self._watch(group, site, index, goes_on=True)
        with phases.phase("plan"), watch.explaining():
            plan = self._restorer(site, watch).plan(
                group, site.name, index, mode=mode, named=named, highest=self._highest(group, site)
            )
        report = replace(make_report(index, plan, Happened(), context, phases), restarted=plan.restarts)
        return watch.told(_result(report, self._context.reports(site).write(report)), report)

    def check(self, group: ProtectionGroup, site: Site, index: SnapshotIndex, request: Request) -> tuple[str, ...]:
        """Makes sure, as far as can be without planning, that a failover will not be refused: every byte is read.

        Returns what the request passes over by naming the snapshot, or by accepting its age.

        Raises:
            StaleSnapshotError: it is stale, and the request does not accept that.
            StandbyError: it would be refused, or the site's cluster or bucket cannot be used.
        """
        snapshots, cluster, named = self._context.snapshots(site), self._context.cluster(site), bool(request.snapshot)
        accepted = request.accept_stale == index.id
        proven_at = last_proof(self._context, group, index)
        overrides = self._history(site, index, proven_at, request.requested_at, accepted=accepted, named=named)
        snapshots.verify(index)
        snapshots.keyring.unsealer(index, site.name)
        with self._watch(group, site, index, goes_on=False).explaining():
            target, inventory = cluster.identity(), InventoryLedger(cluster, group.name).read()
        passed = verify(group, site.name, index, target, inventory, named=named, highest=self._highest(group, site))
        return (*overrides, *passed)

    def _history(
        self,
        site: Site,
        index: SnapshotIndex,
        proven_at: datetime,
        requested_at: datetime,
        *,
        accepted: bool,
        named: bool,
    ) -> tuple[str, ...]:
        """What speaks against the snapshot by its age and by the one before it; raised unless it was passed over."""
        found = []
        checks = (
            (partial(check_fresh, index, proven_at, requested_at), accepted),
            (partial(self._context.snapshots(site).check_chain, index), named),
            (partial(_check_same, index, self._context.marks(site).sources(index.group, index.id)), named),
        )
        for check, passed_over in checks:
            try:
                check()
            except SnapshotError as error:
                if not passed_over:
                    raise
                found.append(str(error))
        return tuple(found)

    def _highest(self, group: ProtectionGroup, site: Site) -> SnapshotId | None:
        """The newest snapshot that the site has had, by the marks in its control bucket."""
        return self._context.marks(site).highest(group.name, "")

    def _watch(self, group: ProtectionGroup, site: Site, index: SnapshotIndex, *, goes_on: bool) -> RightsWatch:
        cluster, snapshots = self._context.cluster(site), self._context.snapshots(site)
        return RightsWatch(cluster, snapshots, group, site, index, goes_on=goes_on)

    def _restorer(self, site: Site, watch: RightsWatch) -> Restorer:
        return Restorer(
            self._context.cluster(site),
            self._context.snapshots(site),
            self._context.clock,
            in_flight=site.limits.requests_in_flight,
            on_missing=watch.see,
        )


def _rpo_seconds(proven_at: datetime, requested_at: datetime) -> float:
    """Age of the state at the moment of the request."""
    return max(0.0, (requested_at - proven_at).total_seconds())


def _check_same(index: SnapshotIndex, sources: frozenset[str]) -> None:
    """Makes sure that no other snapshot was restored here under this number.

    Raises:
        ReplayedSnapshotError: one was.
    """
    if sources and index.source_sha256 not in sources:
        raise ReplayedSnapshotError(
            f"snapshot {index.id} of group {index.group} is not the one of this number that the standby has had; name"
            " it to restore it nevertheless"
        )


def mode_of(group: ProtectionGroup, request: Request) -> RestoreMode:
    """The request's mode, else the group's.

    Raises:
        BadInputError: there is no such mode.
    """
    try:
        return RestoreMode(request.mode) if request.mode else group.restore.mode
    except ValueError:
        raise BadInputError(
            f"request {request.name} asks for a mode that there is not; ask for {', '.join(RestoreMode)}"
        ) from None


def _mark(report: RestoreReport, key: str, source_sha256: str) -> AppliedMark:
    return AppliedMark(
        group=report.group,
        snapshot=report.snapshot,
        mode=report.mode,
        applied_at=report.finished_at,
        report=key,
        succeeded=report.succeeded,
        source_sha256=source_sha256,
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
        "not_current": late_workloads(report)[:50],
    }
    return Result(
        verdict=_verdict(report), message=in_a_sentence(report), snapshot=report.snapshot, report=key, details=details
    )


def _verdict(report: RestoreReport) -> Verdict:
    if not report.succeeded:
        return Verdict.INCOMPLETE
    changed = sum(report.count(change) for change in (Change.CREATED, Change.CONFIGURED, Change.PRUNED))
    changed += len(report.restarted)
    return Verdict.DONE if changed else Verdict.UNCHANGED
