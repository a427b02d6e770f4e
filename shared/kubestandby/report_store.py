"""Reports of restores and plans in a site's data bucket, signed by the site's restore function."""

from collections.abc import Iterator
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
from kubestandby.errors import UntrustedRecordError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import ReportKey
from kubestandby.ports import ObjectStore
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

MAX_REPORT_BYTES = 512 << 20


class ReportStore:
    """The reports of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, data: ObjectStore, keyring: Keyring, site: SiteName, doubt: Doubt = log_doubt) -> None:
        self._data = data
        self._keyring = keyring
        self._site = site
        self._doubt = doubt

    def restores(
        self, group: GroupName, *, snapshot: SnapshotId | None = None, since: datetime | None = None
    ) -> Iterator[RestoreReport]:
        """The reports of restores that count, newest first; plans are not restores. `doubt` is told of the others.

        Raises:
            StoreError: the bucket cannot be read.
        """
        for key in self._newest_first(group, since):
            if key.purpose != Purpose.PLAN and snapshot in (None, key.snapshot):
                yield from self._believed(key)

    def of_request(self, group: GroupName, request: str, since: datetime) -> tuple[str, RestoreReport] | None:
        """The last report of what an operator's request had restored, with its key, None where there is none.

        Raises:
            StoreError: the bucket cannot be read.
        """
        for key in self._newest_first(group, since):
            if key.purpose in (Purpose.RESTORE, Purpose.FAILOVER):
                for report in self._believed(key):
                    if report.request == request:
                        return key.key, report
        return None

    def keys(self, group: GroupName) -> list[ReportKey]:
        """Keys of all reports of a group, those that do not count too, oldest first.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        keys = (layout.parse_report_key(key) for key in self._data.list(layout.report_prefix(group)))
        return sorted((key for key in keys if key is not None), key=lambda key: (key.time, key.key))

    def read(self, key: str) -> RestoreReport:
        """The report of this key.

        Raises:
            ObjectMissingError: there is none.
            UntrustedRecordError: it is not the site's, or not as this one.
            StoreError: it cannot be read.
        """
        what = f"report {key} in {self._data.url}"
        parts = key.split("/")
        if layout.parse_report_key(key) is None:
            raise UntrustedRecordError(f"{what} is at no report's place")
        data = stored_record(self._data, key, MAX_REPORT_BYTES, what)
        place = Place(group=GroupName(parts[1]), site=self._site, key=key)
        found = read_record(
            self._keyring, RecordKind.REPORT, place, data, RestoreReport, roles=[KeyRole.RESTORE], what=what
        )
        if found.key.site != self._site:
            raise UntrustedRecordError(f"{what} is signed by {found.key.name}")
        if found.record.group != place.group:
            raise UntrustedRecordError(f"{what} is that of another group")
        return found.record

    def write(self, report: RestoreReport) -> str:
        """Signs the report and writes it; returns its key.

        Raises:
            ConfigError: the site's restore key is not on this machine.
            StoreError: it could not be written.
        """
        time = layout.time_in_key(report.started_at)
        key = layout.report_key(report.group, report.snapshot, time, report.purpose)
        place = Place(group=report.group, site=self._site, key=key)
        create_object(
            self._data, key, sign_record(self._keyring, RecordKind.REPORT, place, report, KeyRole.RESTORE, self._site)
        )
        return key

    def _newest_first(self, group: GroupName, since: datetime | None) -> list[ReportKey]:
        first = layout.time_in_key(since) if since else ""
        return [key for key in reversed(self.keys(group)) if key.time >= first]

    def _believed(self, key: ReportKey) -> Iterator[RestoreReport]:
        return (report for _, report in believed([key.key], self.read, self._doubt))
