"""One piece of work per group and site at a time in this process, so that ten deliveries of one event do it once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kubestandby.errors import StandbyError


class BusyError(StandbyError):
    """The group is being worked on; the same call succeeds a little later."""

    transient = True


class Exclusion:
    """Locks by name. Waits a little, never long: a waiting call holds a thread that another group could use."""

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._guard = threading.Lock()
        self._locks: dict[tuple[str, ...], threading.Lock] = {}

    @contextmanager
    def hold(self, *name: str) -> Iterator[None]:
        """Holds the lock of this name.

        Raises:
            BusyError: another call holds it and does not let go soon.
        """
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        if not lock.acquire(timeout=self._wait_seconds):
            raise BusyError(f"{' '.join(name)} is being worked on; the same again in a while")
        try:
            yield
        finally:
            lock.release()
