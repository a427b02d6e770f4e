"""A protection group over two clusters, with its functions running as they do under `kubestandby up`."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

from kubestandby.adapters.file_store import FileStore
from kubestandby.adapters.group_file import load_groups
from kubestandby.adapters.key_folder import KeyFolder, create_folder
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import make_keys
from kubestandby.layout import Action, index_key, report_prefix
from kubestandby.report_store import ReportStore
from kubestandby.reports import RestoreReport
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome
from kubestandby.runtime.supervisor import Functions
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage

from .bare import BenchError

GROUP, EAST, WEST = "bench", "east", "west"
_LOOK_SECONDS = 0.2
"""Between two looks whether a step is done. When it was is told by its file: looking seldom costs no exactness."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Crossing:
    """One snapshot's way: the moments (Unix time, seconds) at which it was asked for, and at which each step was done.

    A step is done when the object that ends it is there: raw index, sanitized index, report.

    Attributes:
        phases: seconds of the restore by phase: verify, plan, apply, wait.
    """

    id: SnapshotId
    asked: float
    exported: float
    sanitized: float
    restored: float
    phases: Mapping[str, float]


class Pipeline:
    """The group from east to west."""

    def __init__(self, folder: Path, east: Path, west: Path, timeout: float) -> None:
        self._config = folder / "bench.yaml"
        self._config.write_text(yaml.safe_dump(_document(folder, east, west)))
        create_folder(folder / "keys", make_keys((SiteName(EAST), SiteName(WEST)), SystemClock().now()))
        self._timeout = timeout
        self.group: ProtectionGroup = load_groups(self._config)[0]

    def functions(self) -> Functions:
        """The three functions and the relay of events; ticks stay away."""
        return Functions(self._config, [self.group], tick_seconds=86_400)

    def cross(self) -> Crossing:
        """Asks for an export and sees the new snapshot through to the report of its restore.

        Raises:
            BenchError: it does not arrive.
        """
        before = len(self._reports())
        asked = time.time()
        outcome = self._ask(EAST, Action.EXPORT)
        if outcome.verdict != "done" or outcome.snapshot is None:
            raise BenchError(f"the export ended otherwise: {outcome.verdict}: {outcome.message}")
        reports = self._wait(lambda: (found := self._reports())[before:] and found, "report")
        return Crossing(
            id=outcome.snapshot,
            asked=asked,
            exported=_committed(self._east, index_key(Stage.RAW, self.group.name, outcome.snapshot)),
            sanitized=_committed(self._west, index_key(Stage.SANITIZED, self.group.name, outcome.snapshot)),
            restored=_committed(self._west, reports[-1]),
            phases=self._report(reports[-1]).phases,
        )

    def restore(self) -> tuple[float, Outcome]:
        """Asks for a restore of the newest snapshot; seconds until it is reported, and its outcome."""
        asked = time.time()
        outcome = self._ask(WEST, Action.RESTORE)
        if not outcome.report:
            raise BenchError(f"the restore ended otherwise: {outcome.verdict}: {outcome.message}")
        return _committed(self._west, outcome.report) - asked, outcome

    def index(self, stage: Stage, snapshot: SnapshotId) -> SnapshotIndex:
        """The index of a snapshot."""
        site = self._east if stage is Stage.RAW else self._west
        return SnapshotStore(FileStore(site.data), self._keyring).read_index(stage, self.group.name, snapshot)

    @property
    def _keyring(self) -> Keyring:
        return KeyFolder(self._east.keys).keyring(SystemClock())

    @property
    def _east(self) -> Site:
        return self.group.site(EAST)

    @property
    def _west(self) -> Site:
        return self.group.site(WEST)

    def _ask(self, site: str, action: Action) -> Outcome:
        place = self.group.site(site)
        log = RequestLog(FileStore(place.control), SystemClock(), self._keyring, place.name)
        request = log.submit(self.group.name, action, origin="operator")
        return self._wait(lambda: log.outcome(self.group.name, request.outcome_name), f"{action} {request.name}")

    def _reports(self) -> list[str]:
        keys = FileStore(self._west.data).list(report_prefix(self.group.name))
        return sorted(keys, key=lambda key: _committed(self._west, key))

    def _report(self, key: str) -> RestoreReport:
        return ReportStore(FileStore(self._west.data), self._keyring, self._west.name).read(key)

    def _wait(self, look: Callable[[], T | None], what: str) -> T:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(_LOOK_SECONDS)
        raise BenchError(f"{what} did not come to its end within {self._timeout:.0f} s")


def _committed(site: Site, key: str) -> float:
    """When an object came to be: the change time of its file, which giving it its name sets."""
    return (FileStore(site.data).root / key).stat().st_ctime


def _document(folder: Path, east: Path, west: Path) -> dict[str, object]:
    sites = {
        name: {
            "cluster": {"kubeconfig": str(kubeconfig)},
            "data": f"file://{folder}/{name}/data",
            "control": f"file://{folder}/{name}/control",
        }
        for name, kubeconfig in ((EAST, east), (WEST, west))
    }
    spec = {"excludeNamespaces": ["default"], "sites": sites, "primary": EAST, "standby": WEST}
    return {
        "apiVersion": "kubestandby.dev/v1",
        "kind": "ProtectionGroup",
        "metadata": {"name": GROUP},
        "spec": {**spec, "restore": {"mode": "hot"}},
    }
