"""Finding and reading restore reports in a data bucket."""

from kubestandby import codec, layout
from kubestandby.errors import SnapshotNotFoundError
from kubestandby.groups import Site
from kubestandby.layout import ReportKey
from kubestandby.ports import ObjectStore
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.snapshots import GroupName, SnapshotId

_MAX_REPORT_BYTES = 256 << 20


def report_keys(store: ObjectStore, group: GroupName) -> list[ReportKey]:
    """All reports of a group, oldest first."""
    keys = (layout.parse_report_key(key) for key in store.list(layout.report_prefix(group)))
    return sorted((key for key in keys if key is not None), key=lambda key: (key.time, key.key))


def newest_report(store: ObjectStore, group: GroupName) -> RestoreReport | None:
    """The report of the last restore; plans are not restores."""
    keys = [key for key in report_keys(store, group) if key.purpose != Purpose.PLAN]
    return read_report(store, keys[-1].key) if keys else None


def report_of(store: ObjectStore, group: GroupName, snapshot: SnapshotId, purpose: Purpose) -> RestoreReport | None:
    """The last report of a snapshot for this purpose."""
    keys = [key for key in report_keys(store, group) if key.snapshot == snapshot and key.purpose == purpose]
    return read_report(store, keys[-1].key) if keys else None


def read_report(store: ObjectStore, key: str) -> RestoreReport:
    """The report of this key.

    Raises:
        FormatError: its bytes are not a report.
        ObjectMissingError: there is none.
    """
    return codec.decode(store.get(key, max_bytes=_MAX_REPORT_BYTES), RestoreReport, f"report {key}")


def named_report(store: ObjectStore, key: str, site: Site) -> RestoreReport:
    """The report that an outcome names.

    Raises:
        SnapshotNotFoundError: the outcome names none.
    """
    if not key:
        raise SnapshotNotFoundError(f"the restore function at {site.name} left no report; look at its log")
    return read_report(store, key)
