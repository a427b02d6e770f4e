"""Keeps the requests to an API server few: so many at once, so many a second."""

import threading
import time
from collections.abc import Callable
from types import TracebackType


class Pace:
    """A context manager around each request; waits before it where there are too many. Safe for many threads."""

    def __init__(
        self,
        in_flight: int,
        per_second: float,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = threading.BoundedSemaphore(in_flight)
        self._interval = 1.0 / per_second
        self._sleep = sleep
        self._now = now
        self._next = 0.0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._slots.acquire()
        pause = self._pause()
        if pause > 0:
            self._sleep(pause)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._slots.release()

    def _pause(self) -> float:
        """Seconds until this request's turn, which from now on is taken."""
        with self._lock:
            now = self._now()
            turn = max(now, self._next)
            self._next = turn + self._interval
            return turn - now
