"""What is read beside the clock: memory and processor time of processes, requests that a server has counted."""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kubestandby.resources import ResourceType

from .bare import Request, Server

_SAMPLE = re.compile(r"^apiserver_request_total\{([^}]*)\} ([0-9.e+]+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
READS = frozenset({"GET", "LIST"})
WRITES = frozenset({"APPLY", "DELETE", "DELETECOLLECTION", "PATCH", "POST", "PUT"})
_BACKGROUND = frozenset({"leases", "events", "subjectaccessreviews", "tokenreviews", "endpointslices"})
"""Resources that a cluster's own components ask for all the time."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process with its children: processor seconds so far, and the sum of their peak resident sizes, in bytes."""

    cpu_seconds: float
    peak_bytes: int


def usage(pid: int) -> Usage:
    """Reads /proc (proc(5): `stat` fields 14 to 17, `status` VmHWM)."""
    family = list(_family(pid))
    return Usage(sum(map(_cpu_seconds, family)), sum(map(_peak_bytes, family)))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _peak_bytes(pid: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def requests_served(server: Server) -> "RequestCounts":
    """How many requests the API server has served since its start, by verb and resource (its own metric)."""
    connection = server.connect()
    text = connection.send(Request("GET", "/metrics")).decode()
    connection.close()
    counts: Counter[tuple[str, str]] = Counter()
    for labels, value in _SAMPLE.findall(text):
        label = dict(_LABEL.findall(labels))
        if not label["subresource"] and label["resource"] not in _BACKGROUND:
            counts[label["verb"], label["resource"]] += int(float(value))
    return RequestCounts(counts)


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests by (verb, resource), without those to subresources."""

    counts: Counter[tuple[str, str]]

    def __sub__(self, earlier: "RequestCounts") -> "RequestCounts":
        return RequestCounts(self.counts - earlier.counts)

    def reads(self) -> int:
        """Gets and lists of any resource."""
        return sum(count for (verb, _), count in self.counts.items() if verb in READS)

    def writes(self, types: Collection[ResourceType]) -> int:
        """Writes of objects of these types."""
        plurals = {resource.plural for resource in types}
        return sum(count for (verb, plural), count in self.counts.items() if verb in WRITES and plural in plurals)


@dataclass(slots=True)
class Latencies:
    """How long single requests took, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The time within which this share of them was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@contextmanager
def neighbour(server: Server, path: str, pause: float = 0.1) -> Iterator[Latencies]:
    """Somebody else's traffic: one GET after the other, with pauses, while the block runs."""
    seen, over = Latencies(), threading.Event()
    connection = server.connect()

    def ask() -> None:
        while not over.wait(pause):
            started = time.perf_counter()
            connection.send(Request("GET", path))
            seen.seconds.append(time.perf_counter() - started)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        connection.close()
