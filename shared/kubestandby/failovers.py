"""Did the last failover come through? Read from the epoch, its request's outcome and the reports since then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kubestandby.epochs import Epoch
from kubestandby.errors import SnapshotError
from kubestandby.groups import ProtectionGroup, RestoreMode
from kubestandby.report_store import ReportStore
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import SnapshotId


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A failover that made its site primary and did not bring everything up.

    `snapshot` is the one that it restores; None where it did not come so far that this is known.
    """

    snapshot: SnapshotId | None


def unfinished_failover(
    group: ProtectionGroup, epoch: Epoch, requests: RequestLog, reports: ReportStore
) -> Unfinished | None:
    """The failover that began this epoch, unless it, or a hot restore since then, succeeded.

    An outcome or a report that does not count says nothing.

    Args:
        group: what failed over.
        epoch: the current one.
        requests: of the site that is primary in it.
        reports: of that site.

    Raises:
        StoreError: a bucket cannot be read.
    """
    if not epoch.request:
        return None
    outcome, is_forged = _outcome(group, epoch, requests)
    if outcome is None and not is_forged and epoch.request not in requests.requests(group.name):
        return None  # so long ago that nobody keeps it
    if outcome is not None and outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED):
        return None
    for report in _hot_restores_since(group, epoch.since, reports):
        if report.succeeded:
            return None
        if report.purpose is Purpose.FAILOVER:
            return Unfinished(report.snapshot)
    # Nothing that counts says how it ended: what runs there is not restored over.
    return None if is_forged else Unfinished(outcome.snapshot if outcome else None)


def _outcome(group: ProtectionGroup, epoch: Epoch, requests: RequestLog) -> tuple[Outcome | None, bool]:
    """The outcome of the request that began the epoch; or none, and whether there is one that does not count."""
    try:
        return requests.outcome(group.name, epoch.request), False
    except SnapshotError:
        return None, True


def _hot_restores_since(group: ProtectionGroup, since: datetime, reports: ReportStore) -> Iterator[RestoreReport]:
    """Newest first."""
    wanted = (Purpose.FAILOVER, Purpose.RESTORE)
    found = reports.restores(group.name, since=since)
    return (report for report in found if report.purpose in wanted and report.mode == RestoreMode.HOT)
