"""Measures one load: floors first, then the functions on the same objects, round by round, each on a fresh standby."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

from kubestandby.layout import Function
from kubestandby.reports import Change
from kubestandby.requests import Outcome
from kubestandby.runtime.supervisor import Functions
from kubestandby.snapshots import SnapshotId, Stage
from tests.testbed.cluster import Cluster, start_cluster

from .bare import BenchError, Server
from .floors import apply_floor, create_floor, current_floor, list_floor, touch
from .gauges import Latencies, neighbour, requests_served, usage
from .loads import CONFIG_MAPS, Load
from .pipeline import Crossing, Pipeline
from .results import Figure, LoadResult, Rounds

LIST, CREATE, APPLY = "bare list", "bare creates", "bare applies, workloads last"
FIRST, CURRENT = "bare applies, workloads first", "the same until all is Current"
"""The floors."""

EXPORT, SANITIZE, BOTH = "export", "sanitize", "export + sanitize"
RESTORE, SECOND = "restore, event to report", "second restore"
BEFORE, APPLYING, WAITING = "  before the first write", "  applying", "  waiting for readiness"
"""What is measured; the parts of the restore below the whole of it."""

CHANGED_SHARE = 100
"""One object of so many is changed before the second crossing."""

_SHORT_STEPS = 3
"""How often a step of about a second is repeated in each round."""

_NEIGHBOUR_PATH = "/api/v1/namespaces/kube-system"
_IDLE_SECONDS = 3.0
_SETTLE_SECONDS = 180.0
_QUIET_REQUESTS = 50
_OTHER_ADDRESSES = "10.97.0.0/16"

Say = Callable[[str], None]


@dataclass(slots=True)
class _Gathered:
    """What all rounds have given so far."""

    rounds: Rounds = field(default_factory=Rounds)
    peak_bytes: dict[str, int] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    neighbour_ms: dict[str, float] = field(default_factory=dict)

    def floor(self, name: str, objects: int, seconds: float) -> None:
        """Takes in one round of a floor."""
        self.rounds.add(Figure(name=name, objects=objects, seconds=(seconds,)))


def measure(load: Load, rounds: int, timeout: float, say: Say) -> LoadResult:
    """Runs the load on clusters of its own; no step may take longer than `timeout` seconds.

    Raises:
        BenchError: something does not arrive, or is not what it should be; the message says what.
    """
    gathered = _Gathered()
    with start_cluster("primary") as east:
        server = Server(east.kubeconfig)
        say(f"creating {load.size} objects on the primary")
        gathered.floor(CREATE, load.size, create_floor(server, load))
        _settle(server)
        say("floors")
        turns = [_floors(server, load, gathered)]
        for number in range(1, rounds + 1):
            said = f"round {number} of {rounds}"
            with _Round(load, east, gathered, turns[-1][LIST], timeout) as one:
                one.run(_saying(say, said))
            say(f"{said}: floors again")
            turns.append(_floors(server, load, gathered))
    return LoadResult(
        load=load.name,
        objects=load.size,
        rounds=rounds,
        figures=tuple(against_turns(figure, turns) for figure in gathered.rounds.figures()),
        peak_bytes=gathered.peak_bytes,
        cpu_seconds=gathered.cpu_seconds,
        sizes=gathered.sizes,
        neighbour_ms=gathered.neighbour_ms,
    )


def _saying(say: Say, before: str) -> Say:
    return lambda step: say(f"{before}: {step}")


def against_turns(figure: Figure, turns: Sequence[Mapping[str, float]]) -> Figure:
    """The figure of a restore, held against the mean of its floor just before and just after each round.

    A busy machine is a third faster or slower some minutes later: one turn alone tells more of that than of the floor.

    Args:
        figure: any; of others nothing changes.
        turns: all floors, in seconds by name, before the first round and after each.
    """
    if figure.floor not in (FIRST, CURRENT):
        return figure
    floors = pairwise(turn[figure.floor] for turn in turns)
    return replace(figure, floor_seconds=tuple(mean(both) for both in floors))


def _floors(primary: Server, load: Load, gathered: _Gathered) -> dict[str, float]:
    with start_cluster("floor", service_range=_OTHER_ADDRESSES) as cluster:
        fastest = apply_floor(Server(cluster.kubeconfig), load)
    with start_cluster("floor", service_range=_OTHER_ADDRESSES) as cluster:
        applied, current = current_floor(Server(cluster.kubeconfig), load)
    turn = {LIST: list_floor(primary, load), APPLY: fastest, FIRST: applied, CURRENT: current}
    for name, seconds in turn.items():
        gathered.floor(name, load.size, seconds)
    return turn


def _settle(server: Server) -> None:
    """Waits until controllers have come to rest after many objects were made."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    before = requests_served(server)
    while time.monotonic() < deadline:
        time.sleep(2)
        now = requests_served(server)
        if sum((now - before).counts.values()) < _QUIET_REQUESTS:
            return
        before = now


@dataclass(slots=True)
class _Gauge:
    """What one step cost: processor seconds of each function, requests and writes at each site."""

    cpu: dict[Function, float] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Whose part of a gauge belongs to a figure."""

    gauge: _Gauge
    function: Function
    site: str = ""


class _Round:
    """One round: a fresh standby, fresh buckets, fresh function processes."""

    def __init__(self, load: Load, east: Cluster, gathered: _Gathered, bare_list: float, timeout: float) -> None:
        self._load = load
        self._gathered = gathered
        self._list_floor = bare_list
        self._east = east
        self._timeout = timeout
        self._exit = ExitStack()

    def __enter__(self) -> "_Round":
        with ExitStack() as undo:
            west = undo.enter_context(start_cluster("standby", service_range=_OTHER_ADDRESSES))
            folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="kubestandby-bench-"))
            self._servers = {"east": Server(self._east.kubeconfig), "west": Server(west.kubeconfig)}
            self._pipeline = Pipeline(Path(folder), self._east.kubeconfig, west.kubeconfig, self._timeout)
            started = time.perf_counter()
            self._functions = undo.enter_context(self._pipeline.functions())
            self._note("start of the functions", time.perf_counter() - started, objects=0)
            self._exit = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def run(self, say: Say) -> None:
        """All steps."""
        say("export, sanitize, restore into an empty cluster")
        self._first_crossing()
        say("second restore")
        self._second_restore()
        say(f"1 of {CHANGED_SHARE} objects changed, export, sanitize, restore")
        self._change()
        self._note_crossing(", 1% changed", *self._cross())
        for function in Function:
            used = usage(self._functions.pid(function))
            known = self._gathered.peak_bytes.get(str(function), 0)
            self._gathered.peak_bytes[str(function)] = max(used.peak_bytes, known)
            self._gathered.cpu_seconds[str(function)] = used.cpu_seconds

    def _first_crossing(self) -> None:
        with neighbour(self._servers["west"], _NEIGHBOUR_PATH) as idle:
            time.sleep(_IDLE_SECONDS)
        with neighbour(self._servers["west"], _NEIGHBOUR_PATH) as busy:
            crossing, gauge = self._cross()
        self._quantiles("idle", idle)
        self._quantiles("restore", busy)
        self._sizes(crossing.id)
        self._note_crossing("", crossing, gauge, against=(FIRST, CURRENT))

    def _cross(self) -> tuple[Crossing, _Gauge]:
        with self._gauged() as gauge:
            crossing = self._pipeline.cross()
        return crossing, gauge

    def _note_crossing(
        self, suffix: str, crossing: Crossing, gauge: _Gauge, against: tuple[str, str] = ("", LIST)
    ) -> None:
        exported, sanitized = crossing.exported - crossing.asked, crossing.sanitized - crossing.exported
        restored = crossing.restored - crossing.sanitized
        applied, waited = crossing.phases["apply"], crossing.phases["wait"]
        self._note(f"{EXPORT}{suffix}", exported, floor=LIST, cost=_Cost(gauge, Function.EXPORT, "east"))
        self._note(f"{SANITIZE}{suffix}", sanitized, cost=_Cost(gauge, Function.SANITIZE))
        self._note(f"{BOTH}{suffix}", exported + sanitized)
        cost = _Cost(gauge, Function.RESTORE, "west")
        self._note(f"{RESTORE}{suffix}", restored, floor=against[1], cost=cost)
        self._note(f"{BEFORE}{suffix}", restored - applied - waited, objects=0)
        self._note(f"{APPLYING}{suffix}", applied, floor=against[0])
        self._note(f"{WAITING}{suffix}", waited, objects=0)

    def _second_restore(self) -> None:
        """A second is short, and a busy machine differs from one to the next: some, each right after its floor."""
        lists, restores = [], []
        for _ in range(_SHORT_STEPS):
            lists.append(list_floor(self._servers["west"], self._load, repeats=1))
            with self._gauged() as gauge:
                seconds, outcome = self._pipeline.restore()
            restores.append(seconds)
            _check_unchanged(outcome)
        self._list_floor = median(lists)
        self._note(SECOND, median(restores), floor=LIST, cost=_Cost(gauge, Function.RESTORE, "west"))

    def _change(self) -> None:
        maps = [item for item in self._load.objects() if item[0] == CONFIG_MAPS]
        count = max(1, self._load.size // CHANGED_SHARE)
        touch(self._servers["east"], maps[:: len(maps) // count][:count], str(time.time()))
        self._list_floor = list_floor(self._servers["east"], self._load)

    @contextmanager
    def _gauged(self) -> Iterator[_Gauge]:
        gauge = _Gauge()
        served = {site: requests_served(server) for site, server in self._servers.items()}
        cpu = _cpu(self._functions)
        yield gauge
        gauge.cpu = {function: seconds - cpu[function] for function, seconds in _cpu(self._functions).items()}
        for site, server in self._servers.items():
            counted = requests_served(server) - served[site]
            gauge.writes[site] = counted.writes(self._load.types)
            gauge.requests[site] = counted.reads() + gauge.writes[site]

    def _note(
        self, name: str, seconds: float, *, objects: int | None = None, floor: str = "", cost: _Cost | None = None
    ) -> None:
        figure = Figure(
            name=name,
            objects=self._load.size if objects is None else objects,
            seconds=(seconds,),
            floor=floor,
            floor_seconds=(self._list_floor,) if floor == LIST else (),
            requests=cost.gauge.requests[cost.site] if cost and cost.site else None,
            writes=cost.gauge.writes[cost.site] if cost and cost.site else None,
            cpu_seconds=cost.gauge.cpu[cost.function] if cost else None,
        )
        self._gathered.rounds.add(figure)

    def _quantiles(self, when: str, seen: Latencies) -> None:
        for share in (0.5, 0.99):
            self._gathered.neighbour_ms[f"{when}, {share:.0%}"] = seen.quantile(share) * 1000

    def _sizes(self, snapshot: SnapshotId) -> None:
        for stage in Stage:
            index = self._pipeline.index(stage, snapshot)
            self._gathered.sizes[f"{stage} manifests"] = sum(entry.size for entry in index.entries)
            self._gathered.sizes[f"{stage} archive"] = index.archive_size
            found, expected = len(index.entries), self._load.size + len(self._load.namespaces)
            if found != expected:
                raise BenchError(f"the {stage} snapshot has {found} objects, the load has {expected}")


def _cpu(functions: Functions) -> dict[Function, float]:
    return {function: usage(functions.pid(function)).cpu_seconds for function in Function}


def _check_unchanged(outcome: Outcome) -> None:
    counts = outcome.details.get("objects", {})
    if set(counts) != {str(Change.UNCHANGED)}:
        raise BenchError(f"the second restore should change nothing, and says: {outcome.message}")
