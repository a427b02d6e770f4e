"""Marks of the snapshots that a site has taken in, in its control bucket: one object per snapshot and restore mode.

The highest one is the site's high-water mark: what is older comes late and is not restored by itself.
"""

from dataclasses import dataclass
from datetime import datetime

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SnapshotId


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedMark:
    """The site has restored the snapshot in this mode; `succeeded` says whether every object and workload came through.

    Attributes:
        report: key of the restore report in the site's data bucket.
    """

    group: GroupName
    snapshot: SnapshotId
    mode: str
    applied_at: datetime
    report: str
    succeeded: bool


class AppliedMarks:
    """The marks of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, control: ObjectStore) -> None:
        self._control = control

    def highest(self, group: GroupName, mode: str) -> SnapshotId | None:
        """The highest snapshot that was restored in this mode, None where none was.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        prefix = layout.applied_prefix(group)
        marks = (_parse(key.removeprefix(prefix)) for key in self._control.list(prefix))
        return max((snapshot for snapshot, marked in marks if snapshot and marked == mode), default=None)

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


def _parse(name: str) -> tuple[SnapshotId | None, str]:
    number, _, mode = name.removesuffix(".json").rpartition("-")
    try:
        return SnapshotId.parse(number), mode
    except FormatError:
        return None, mode
