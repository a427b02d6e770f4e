"""Did the last failover come through? Read from the epoch, its request's outcome and the reports since then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.groups import ProtectionGroup, RestoreMode
from kubestandby.layout import ReportKey
from kubestandby.ports import ObjectStore
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.request_log import RequestLog
from kubestandby.requests import Verdict
from kubestandby.roles import Epoch
from kubestandby.snapshots import SnapshotId

MAX_REPORT_BYTES = 256 << 20
_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A failover that made its site primary and did not bring everything up.

    `snapshot` is the one that it restores; None where it did not come so far that this is known.
    """

    snapshot: SnapshotId | None


def unfinished_failover(
    group: ProtectionGroup, epoch: Epoch, requests: RequestLog, data: ObjectStore
) -> Unfinished | None:
    """The failover that began this epoch, unless it, or a hot restore since then, succeeded.

    Args:
        group: what failed over.
        epoch: the current one.
        requests: of the site that is primary in it.
        data: that site's data bucket.

    Raises:
        StoreError: a bucket cannot be read.
        FormatError: the outcome or a report is damaged.
    """
    if not epoch.request:
        return None
    outcome = requests.outcome(group.name, epoch.request)
    if outcome is None and epoch.request not in requests.requests(group.name):
        return None  # so long ago that nobody keeps it
    if outcome is not None and outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED):
        return None
    for report in _hot_restores_since(group, epoch.since, data):
        if report.succeeded:
            return None
        if report.purpose is Purpose.FAILOVER:
            return Unfinished(report.snapshot)
    return Unfinished(outcome.snapshot if outcome else None)


def _hot_restores_since(group: ProtectionGroup, since: datetime, data: ObjectStore) -> Iterator[RestoreReport]:
    """Newest first."""
    first = since.astimezone(UTC).strftime(_TIME_FORMAT)
    keys = (layout.parse_report_key(key) for key in data.list(layout.report_prefix(group.name)))
    wanted = (Purpose.FAILOVER, Purpose.RESTORE)
    found = [key for key in keys if key is not None and key.time >= first and key.purpose in wanted]
    for key in sorted(found, key=_time, reverse=True):
        data_of = data.get(key.key, max_bytes=MAX_REPORT_BYTES)
        report = codec.decode(data_of, RestoreReport, f"report {key.key}")
        if report.mode == RestoreMode.HOT:
            yield report


def _time(key: ReportKey) -> str:
    return key.time
