"""The standby keeps up by itself: the newest complete snapshot is taken in by the group's mode, once."""

import logging

from kubestandby.applied_marks import AppliedMarks
from kubestandby.errors import SnapshotError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.reports import Purpose
from kubestandby.requests import Request, Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import Result
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage

from .restoring import Restoring

_LOG = logging.getLogger(__name__)


class Syncing:
    """Takes in what has arrived. The event only says that something has: what is newest is read from the bucket."""

    def __init__(self, context: Context, restoring: Restoring) -> None:
        self._context = context
        self._restoring = restoring

    def sync(self, group: ProtectionGroup, site: Site, snapshot: SnapshotId, request: Request | None = None) -> Result:
        """Restores the newest complete snapshot of the current epoch, unless that or a newer one was taken in before.

        Args:
            group: what is protected.
            site: where.
            snapshot: the one that the event or the tick's request is about.
            request: the tick's request, where there is one.

        Raises:
            SnapshotError: the snapshot is damaged, and there is nothing newer to take in.
            StandbyError: roles or snapshots cannot be read, or the restore could not begin.
        """
        epoch = self._context.roles(group).epoch
        if epoch.primary == site.name:
            return _nothing(snapshot, f"{site.name} is primary since epoch {epoch.number}; nothing is restored onto it")
        if snapshot.epoch != epoch.number:
            return _nothing(snapshot, f"snapshot {snapshot} is not of the current epoch {epoch.number}")
        reached = self._restoring.reached(group, site, epoch.number)
        survey = self._context.snapshots(site).survey(Stage.SANITIZED, group.name, reached)
        for held in survey.held:
            _LOG.error("snapshot_held", extra={"snapshot": str(held.id), "reason": held.reason})
        newest = survey.newest_complete
        if newest is None or newest.id.epoch != epoch.number:
            if survey.held:
                return _nothing(snapshot, survey.held[0].reason)
            # A named one that is damaged says so here, rather than being passed over.
            index = self._context.snapshots(site).read_index(Stage.SANITIZED, group.name, snapshot)
            return _nothing(
                snapshot, f"snapshot {snapshot} is incomplete ({len(index.failures)} failures); name it to restore it"
            )
        result = self._take_in(group, site, newest, request)
        passed_over = next((one for one in survey.damaged if one.id == snapshot), None)
        if passed_over and result.verdict is Verdict.UNCHANGED:
            raise SnapshotError(passed_over.reason)
        return result

    def _take_in(self, group: ProtectionGroup, site: Site, newest: SnapshotIndex, request: Request | None) -> Result:
        mode = group.restore.mode
        marks = self._context.marks(site)
        highest = marks.highest(group.name, mode)
        taken_in = highest is not None and newest.id <= highest
        # An event that comes again restores nothing twice; a tick tries again what did not come through in full.
        if taken_in and (request is None or self._came_through(marks, group, site, newest)):
            return _nothing(newest.id, f"snapshot {highest} was taken in before ({mode})")
        return self._restoring.restore(group, site, newest, mode=mode, purpose=Purpose.SYNC, request=request)

    def _came_through(self, marks: AppliedMarks, group: ProtectionGroup, site: Site, newest: SnapshotIndex) -> bool:
        return marks.came_through(group.name, newest.id, group.restore.mode, self._context.reports(site))


def _nothing(snapshot: SnapshotId, message: str) -> Result:
    return Result(verdict=Verdict.UNCHANGED, message=message, snapshot=snapshot)
