"""What goes wrong on demand, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tests.fakes.oci_server.wire import RefusedError, Request


@dataclass
class Fault:
    """Applies to requests of `method` whose target contains `target`, `times` times (-1: always).

    One of: `status` (with `code`): answered before anything is done; `lost`: the connection is closed, `done` says
    whether what was asked for was done before; `cut`: the answer's body ends after so many bytes; `stalled`: it stops
    there, and nothing comes any more.
    """

    method: str = ""
    target: str = ""
    times: int = 1
    status: int = 0
    code: str = "Fault"
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    done: bool = True
    cut: int = -1
    stalled: int = -1

    def fits(self, request: Request) -> bool:
        return self.times != 0 and self.method in ("", request.method) and self.target in request.target


class LostError(Exception):
    """The connection is closed without an answer."""


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, request: Request) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.fits(request):
                    fault.times -= 1
                    return fault
        return None


def before(fault: Fault | None) -> None:
    """What happens instead of what was asked for."""
    if fault and fault.status:
        raise RefusedError(fault.status, fault.code, headers=fault.headers)
    if fault and fault.lost and not fault.done:
        raise LostError
