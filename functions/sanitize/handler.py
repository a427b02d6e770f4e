"""What a raw snapshot, or a request about one, means to sanitize."""

from time import monotonic

from kubestandby.errors import BadInputError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.requests import Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import ArrivedSnapshot, Handlers, RequestedWork, Result
from kubestandby.snapshots import SnapshotId, Stage

from .sanitizer import sanitize_snapshot


def handlers(context: Context) -> Handlers:
    """What the sanitize function does: every raw snapshot of a site becomes a restorable one at the other site."""
    sanitize = _Sanitize(context)
    return Handlers(carry_out=sanitize.carry_out, stage=Stage.RAW, take_in=sanitize.take_in)


class _Sanitize:
    def __init__(self, context: Context) -> None:
        self._context = context

    def carry_out(self, work: RequestedWork) -> Result:
        """Sanitizes the snapshot that the request names."""
        if work.request.snapshot is None:
            raise BadInputError(f"request {work.request.name} names no snapshot; a request to sanitize does")
        return self._sanitize(work.group, work.site, work.request.snapshot)

    def take_in(self, arrived: ArrivedSnapshot) -> Result:
        """Sanitizes a snapshot that was just exported, a complete one or not."""
        return self._sanitize(arrived.group, arrived.site, arrived.id)

    def _sanitize(self, group: ProtectionGroup, site: Site, snapshot: SnapshotId) -> Result:
        """Reads from this site's data bucket and writes to the other's."""
        started = monotonic()
        other = group.other_site(site.name)
        sanitized = sanitize_snapshot(self._context.snapshots(site), self._context.snapshots(other), group, snapshot)
        index = sanitized.index
        details = {"objects": len(index.entries), "seconds": round(monotonic() - started, 3)}
        if not sanitized.created:
            message = f"snapshot {snapshot} is sanitized at {other.name} already"
            return Result(verdict=Verdict.UNCHANGED, message=message, snapshot=snapshot, details=details)
        message = f"snapshot {snapshot} is restorable at {other.name}"
        return Result(verdict=Verdict.DONE, message=message, snapshot=snapshot, details=details)
