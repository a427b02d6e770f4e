"""Marks of the snapshots that a site has taken in, in its control bucket: one object per snapshot and restore mode.

The highest one is the site's high-water mark: what is older comes late and is not restored by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, ObjectMissingError
from kubestandby.ports import ObjectStore
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.snapshots import GroupName, SnapshotId

_MAX_MARK_BYTES = 64 << 10
_MAX_REPORT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedMark:
    """The site has restored the snapshot in this mode; `succeeded` says whether every object and workload came through.

    Attributes:
        report: key of the restore report in the site's data bucket.
        source_sha256: of the raw snapshot that it was made from, as its index says.
    """

    group: GroupName
    snapshot: SnapshotId
    mode: str
    applied_at: datetime
    report: str
    succeeded: bool
    source_sha256: str = ""


class AppliedMarks:
    """The marks of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, control: ObjectStore) -> None:
        self._control = control

    def highest(self, group: GroupName, mode: str) -> SnapshotId | None:
        """The highest snapshot that was restored in this mode ("" means any), None where none was.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        prefix = layout.applied_prefix(group)
        marks = (_parse(key.removeprefix(prefix)) for key in self._control.list(prefix))
        return max((snapshot for snapshot, marked in marks if snapshot and mode in ("", marked)), default=None)

    def sources(self, group: GroupName, snapshot: SnapshotId) -> frozenset[str]:
        """Which raw snapshots were restored under this number, as far as marks say.

        Raises:
            StoreError: the bucket cannot be read.
            FormatError: a mark is damaged.
        """
        prefix = layout.applied_prefix(group)
        keys = (key for key in self._control.list(prefix) if _parse(key.removeprefix(prefix))[0] == snapshot)
        marks = [codec.decode(self._control.get(k, max_bytes=_MAX_MARK_BYTES), AppliedMark, f"mark {k}") for k in keys]
        return frozenset(mark.source_sha256 for mark in marks if mark.source_sha256)

    def came_through(self, group: GroupName, snapshot: SnapshotId, mode: str, data: ObjectStore) -> bool:
        """Whether the snapshot was restored in full in this mode, at once or, by its last report in `data`, later.

        Raises:
            StoreError: a bucket cannot be read.
            FormatError: the mark or the report is damaged.
        """
        key = layout.applied_key(group, snapshot, mode)
        try:
            mark = codec.decode(self._control.get(key, max_bytes=_MAX_MARK_BYTES), AppliedMark, f"mark {key}")
        except ObjectMissingError:
            return False
        return mark.succeeded or _last_report_succeeded(data, group, snapshot, mode)

    def add(self, mark: AppliedMark) -> None:
        """Writes the mark; the first one of a snapshot and mode stays.

        Raises:
            StoreError: it could not be written.
        """
        key = layout.applied_key(mark.group, mark.snapshot, mark.mode)
        try:
            create_object(self._control, key, codec.encode(mark))
        except ObjectExistsError:
            return


def _last_report_succeeded(data: ObjectStore, group: GroupName, snapshot: SnapshotId, mode: str) -> bool:
    """Names of reports begin with their time, so the last one of a snapshot is the last in order."""
    keys = data.list(f"{layout.report_prefix(group)}{snapshot}/")
    restores = [key for key in keys if not key.endswith(f"-{Purpose.PLAN}.json")]
    if not restores:
        return False
    report = codec.decode(data.get(restores[-1], max_bytes=_MAX_REPORT_BYTES), RestoreReport, f"report {restores[-1]}")
    return report.mode == mode and report.succeeded


def _parse(name: str) -> tuple[SnapshotId | None, str]:
    number, _, mode = name.removesuffix(".json").rpartition("-")
    try:
        return SnapshotId.parse(number), mode
    except FormatError:
        return None, mode
