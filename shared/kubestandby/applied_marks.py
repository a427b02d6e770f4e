"""Marks of the snapshots that a site has taken in, in its control bucket: one object per snapshot and restore mode.

The highest one is the site's high-water mark: what is older comes late and is not restored by itself. Marks are signed
by the site's restore function; what is not counts as not there.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from kubestandby import layout
from kubestandby.control_records import (
    Doubt,
    Place,
    RecordKind,
    believed,
    log_doubt,
    read_record,
    sign_record,
    stored_record,
)
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, UntrustedRecordError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.ports import ObjectStore
from kubestandby.report_store import ReportStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

_MAX_MARK_BYTES = 64 << 10


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
    """The marks of one site: which there are is read from the bucket each time, what is in one only once."""

    def __init__(
        self,
        control: ObjectStore,
        keyring: Keyring,
        site: SiteName,
        doubt: Doubt = log_doubt,
        known: dict[str, AppliedMark] | None = None,
    ) -> None:
        """`known`: marks by key that were read and believed before: they never change, and are not read again."""
        self._known = {} if known is None else known
        self._control = control
        self._keyring = keyring
        self._site = site
        self._doubt = doubt

    def highest(self, group: GroupName, mode: str) -> SnapshotId | None:
        """The highest snapshot that was restored in this mode ("" means any), None where none was.

        Raises:
            StoreError: the bucket cannot be read.
        """
        mark = self.highest_mark(group, mode)
        return mark.snapshot if mark else None

    def highest_mark(self, group: GroupName, mode: str = "") -> AppliedMark | None:
        """The mark of the highest snapshot that was restored in this mode; only that one is read where all are ours.

        Raises:
            StoreError: the bucket cannot be read.
        """
        named = sorted((entry for entry in self._listed(group) if mode in ("", entry[1])), reverse=True)
        return next(self._believed(group, named), None)

    def of_snapshots(self, group: GroupName, snapshots: Collection[SnapshotId]) -> tuple[AppliedMark, ...]:
        """The marks of these snapshots, one for each mode; only theirs are read.

        Raises:
            StoreError: the bucket cannot be read.
        """
        return tuple(self._believed(group, [entry for entry in self._listed(group) if entry[0] in snapshots]))

    def sources(self, group: GroupName, snapshot: SnapshotId) -> frozenset[str]:
        """Which raw snapshots were restored under this number, as far as marks say.

        Raises:
            StoreError: the bucket cannot be read.
        """
        return frozenset(mark.source_sha256 for mark in self.of_snapshots(group, [snapshot]) if mark.source_sha256)

    def came_through(self, group: GroupName, snapshot: SnapshotId, mode: str, reports: ReportStore) -> bool:
        """Whether the snapshot was restored in full in this mode, at once or, by its last report, later.

        Raises:
            StoreError: a bucket cannot be read.
        """
        mark = next(self._believed(group, [(snapshot, mode)]), None)
        return mark is not None and (mark.succeeded or _last_report_succeeded(reports, group, snapshot, mode))

    def add(self, mark: AppliedMark) -> None:
        """Writes the mark; the first one of a snapshot and mode stays.

        Raises:
            ConfigError: the site's restore key is not on this machine.
            StoreError: it could not be written.
        """
        key = layout.applied_key(mark.group, mark.snapshot, mark.mode)
        place = Place(group=mark.group, site=self._site, key=key)
        data = sign_record(self._keyring, RecordKind.MARK, place, mark, KeyRole.RESTORE, self._site)
        with suppress(ObjectExistsError):
            create_object(self._control, key, data)

    def _listed(self, group: GroupName) -> Iterator[tuple[SnapshotId, str]]:
        """Snapshots and modes that there are marks of, by their names alone: whether they count is not looked at."""
        prefix = layout.applied_prefix(group)
        names = (_parse(key.removeprefix(prefix)) for key in self._control.list(prefix))
        return ((snapshot, mode) for snapshot, mode in names if snapshot)

    def _believed(self, group: GroupName, named: list[tuple[SnapshotId, str]]) -> Iterator[AppliedMark]:
        return (mark for _, mark in believed(named, lambda entry: self._read(group, *entry), self._doubt))

    def _read(self, group: GroupName, snapshot: SnapshotId, mode: str) -> AppliedMark:
        key = layout.applied_key(group, snapshot, mode)
        if key in self._known:
            return self._known[key]
        what = f"mark {key} in {self._control.url}"
        data = stored_record(self._control, key, _MAX_MARK_BYTES, what)
        place = Place(group=group, site=self._site, key=key)
        found = read_record(
            self._keyring, RecordKind.MARK, place, data, AppliedMark, roles=[KeyRole.RESTORE], what=what
        )
        mark = found.record
        if found.key.site != self._site or (mark.group, mark.snapshot, mark.mode) != (group, snapshot, mode):
            raise UntrustedRecordError(f"{what} is that of another site or snapshot")
        self._known[key] = mark
        return mark


def _last_report_succeeded(reports: ReportStore, group: GroupName, snapshot: SnapshotId, mode: str) -> bool:
    last = next(reports.restores(group, snapshot=snapshot), None)
    return last is not None and last.mode == mode and last.succeeded


def _parse(name: str) -> tuple[SnapshotId | None, str]:
    number, _, mode = name.removesuffix(".json").rpartition("-")
    try:
        return SnapshotId.parse(number), mode
    except FormatError:
        return None, mode
