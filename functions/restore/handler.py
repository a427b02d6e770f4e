"""What a sanitized snapshot, or a request, means to restore."""

from kubestandby.errors import BadInputError, RoleError
from kubestandby.groups import RestoreMode
from kubestandby.keys.authority import TICK
from kubestandby.layout import Action
from kubestandby.reports import Purpose
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import ArrivedSnapshot, Handlers, RequestedWork, Result
from kubestandby.snapshots import Stage

from .failing_over import FailingOver
from .restoring import Restoring, mode_of
from .syncing import Syncing


def handlers(context: Context) -> Handlers:
    """What the restore function does: takes in new snapshots by the group's mode; restores, plans and fails over."""
    restore = _Restore(context)
    return Handlers(carry_out=restore.carry_out, stage=Stage.SANITIZED, take_in=restore.take_in)


class _Restore:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._restoring = Restoring(context)
        self._syncing = Syncing(context, self._restoring)
        self._failing_over = FailingOver(context, self._restoring)

    def take_in(self, arrived: ArrivedSnapshot) -> Result:
        """The standby keeps up."""
        return self._syncing.sync(arrived.group, arrived.site, arrived.id)

    def carry_out(self, work: RequestedWork) -> Result:
        """Carries out a request by its action."""
        action, request = work.request.action, work.request
        if action is Action.RESTORE and request.origin == TICK and request.snapshot:
            return self._syncing.sync(work.group, work.site, request.snapshot, request)
        if action in (Action.RESTORE, Action.FAILOVER):
            return self._restoring.done_before(work.group, work.site, request) or self._change(work)
        if action is Action.PLAN:
            epoch = self._context.roles(work.group, allow_rivals=True).epoch
            index = self._restoring.choose(work.group, work.site, request.snapshot, epoch.number)
            mode = mode_of(work.group, request)
            return self._restoring.preview(work.group, work.site, index, mode=mode, request=request)
        raise BadInputError(f"request {request.name} asks for {action}, which is not restore's work")

    def _change(self, work: RequestedWork) -> Result:
        if work.request.action is Action.FAILOVER:
            return self._failing_over.fail_over(work.group, work.site, work.request)
        return self._restore(work)

    def _restore(self, work: RequestedWork) -> Result:
        """An operator's restore: the named snapshot, or the newest complete one onto a standby."""
        request, mode = work.request, mode_of(work.group, work.request)
        epoch = self._context.roles(work.group).epoch
        if epoch.primary == work.site.name and request.snapshot is None and mode is not RestoreMode.REHEARSE:
            raise RoleError(
                f"group {work.group.name}: {work.site.name} is primary since epoch {epoch.number} and runs the"
                " application; name the snapshot to restore it there all the same"
            )
        index = self._restoring.choose(work.group, work.site, request.snapshot, epoch.number)
        return self._restoring.restore(
            work.group, work.site, index, mode=mode, purpose=Purpose.RESTORE, request=request
        )
