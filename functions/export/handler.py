"""What a request means to export: whether this site may export now, and what came of it."""

import logging
from contextlib import suppress
from time import monotonic

from kubestandby.errors import ObjectExistsError, RoleError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.requests import Verdict
from kubestandby.roles import Epoch, begin_epoch
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import Handlers, RequestedWork, Result

from .committing import ExportResult
from .exporter import Exporter
from .sweeper import Sweeper

_LOG = logging.getLogger(__name__)
_SHOWN_FAILURES = 3


def handlers(context: Context) -> Handlers:
    """What the export function does: exports on request, and with every tick makes good what events left undone."""
    return Handlers(carry_out=_Export(context).carry_out, tick=Sweeper(context).sweep)


class _Export:
    def __init__(self, context: Context) -> None:
        self._context = context

    def carry_out(self, work: RequestedWork) -> Result:
        """Exports the group at the request's site.

        Raises:
            RoleError: another site is primary.
            StandbyError: what the cluster or the store raised.
        """
        started = monotonic()
        epoch = self._epoch_here(work.group, work.site)
        exporter = Exporter(self._context.cluster(work.site), self._context.snapshots(work.site), self._context.clock)
        exported = exporter.export(work.group, work.site.name, epoch.number)
        return _result(exported, round(monotonic() - started, 3))

    def _epoch_here(self, group: ProtectionGroup, site: Site) -> Epoch:
        """The current epoch, which names this site; the first one is written down at its first export."""
        roles = self._context.roles(group)
        for name in roles.unreachable:
            _LOG.warning("control_bucket_unreachable", extra={"site_unreachable": name})
        epoch = roles.epoch
        if epoch.primary != site.name:
            raise RoleError(
                f"group {group.name}: {site.name} may not export: {epoch.primary} is primary since epoch"
                f" {epoch.number}; ask {epoch.primary}, or fail over to {site.name}"
            )
        if epoch.number == 1:
            with suppress(ObjectExistsError):
                begin_epoch(self._context.store(site.control), epoch)
        return epoch


def _result(exported: ExportResult, seconds: float) -> Result:
    index = exported.index
    details = {
        "objects": len(index.entries),
        "images": len(index.images),
        "bytes": index.archive_size,
        "failures": list(index.failures)[:50],
        "seconds": seconds,
    }
    if not index.complete:
        message = f"snapshot {index.id} is incomplete: {_first_failures(index.failures)}"
        return Result(verdict=Verdict.INCOMPLETE, message=message, snapshot=index.id, details=details)
    if not exported.created:
        message = f"the state is still that of snapshot {index.id}"
        return Result(verdict=Verdict.UNCHANGED, message=message, snapshot=index.id, details=details)
    message = f"snapshot {index.id} holds {len(index.entries)} objects"
    return Result(verdict=Verdict.DONE, message=message, snapshot=index.id, details=details)


def _first_failures(failures: tuple[str, ...]) -> str:
    """What could not be read, as far as it fits into a sentence."""
    shown = "; ".join(failures[:_SHOWN_FAILURES])
    more = len(failures) - _SHOWN_FAILURES
    return f"{shown}; and {more} more, which `kubestandby show --stage raw` lists" if more > 0 else shown
