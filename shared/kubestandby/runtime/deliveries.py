"""Calls to functions, mostly on this machine, that are made until they are answered, with growing pauses and an end.

The part of an event service: 503 and broken connections are tried again for a quarter of an hour, other 5xx a few
times, anything else is final. What is given up here, the next tick pushes again.
"""

import heapq
import http.client
import itertools
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

from kubestandby.layout import Function
from kubestandby.runtime.trust import LOOPBACK

_LOG = logging.getLogger(__name__)
_THREADS = 16
_ANSWER_SECONDS = 3600.0
_GIVE_UP_SECONDS = 900.0
_MAX_CRASHES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 15.0
_NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call. Of calls with equal `label` only one is under way at a time; more are dropped meanwhile."""

    function: Function
    label: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a call ended: its last HTTP status, 0 where there was never an answer."""

    call: Call
    status: int
    attempts: int
    seconds: float


@dataclass(slots=True)
class _Try:
    call: Call
    since: float
    attempts: int = 0
    crashes: int = 0
    pause: float = _FIRST_PAUSE


class Deliveries:
    """Makes calls in the background. `port_of` and `host_of` tell where a function listens."""

    def __init__(
        self,
        port_of: Callable[[Function], int],
        *,
        host_of: Callable[[Function], str] = lambda _: LOOPBACK,
        on_end: Callable[[Delivered], None] = lambda _: None,
    ) -> None:
        self._port_of = port_of
        self._host_of = host_of
        self._on_end = on_end
        self._due: list[tuple[float, int, _Try]] = []
        self._labels: set[str] = set()
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopping = False
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="delivery")
        self._thread = threading.Thread(target=self._hand_out, name="deliveries", daemon=True)

    def start(self) -> None:
        """Starts delivering."""
        self._thread.start()

    def stop(self) -> None:
        """Stops delivering; what is not delivered then is left to the next tick after the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, call: Call) -> bool:
        """Takes a call on, unless one with its label is under way; whether it did."""
        with self._changed:
            if self._stopping or call.label in self._labels:
                return False
            self._labels.add(call.label)
            self._push(_Try(call, monotonic()), 0.0)
            return True

    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        with self._changed:
            return not self._labels

    def wait_until_idle(self, seconds: float) -> bool:
        """Waits until nothing is under way, at most so long; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._labels, timeout=max(0.0, seconds))

    def _push(self, attempt: _Try, pause: float) -> None:
        heapq.heappush(self._due, (monotonic() + pause, next(self._order), attempt))
        self._changed.notify_all()

    def _hand_out(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                wait = self._due[0][0] - monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                attempt = heapq.heappop(self._due)[2]
            self._pool.submit(self._try, attempt)

    def _try(self, attempt: _Try) -> None:
        attempt.attempts += 1
        status, retry_after = self._post(attempt.call)
        crashed = status >= 500 and status != 503
        attempt.crashes += crashed
        waited = monotonic() - attempt.since
        again = status in (_NO_ANSWER, 429) or status >= 500
        if again and waited < _GIVE_UP_SECONDS and attempt.crashes < _MAX_CRASHES and not self._stopping:
            pause = max(attempt.pause, retry_after)
            attempt.pause = min(attempt.pause * 2, _LONGEST_PAUSE)
            with self._changed:
                self._push(attempt, pause)
            return
        self._end(Delivered(attempt.call, status, attempt.attempts, waited), given_up=again)

    def _end(self, delivered: Delivered, *, given_up: bool) -> None:
        if self._stopping:
            return
        call = delivered.call
        facts = {"function": call.function, "label": call.label, "status": delivered.status}
        if given_up or delivered.status >= 400:
            _LOG.error("delivery_given_up", extra={**facts, "attempts": delivered.attempts})
        else:
            _LOG.info("delivered", extra={**facts, "seconds": round(delivered.seconds, 3)})
        try:
            self._on_end(delivered)
        finally:
            with self._changed:
                self._labels.discard(call.label)
                self._changed.notify_all()

    def _post(self, call: Call) -> tuple[int, float]:
        """HTTP status and the Retry-After of the answer, in seconds. Never through a proxy: it is near."""
        host, port = self._host_of(call.function), self._port_of(call.function)
        connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("POST", "/", body=call.body, headers=dict(call.headers))
            answer = connection.getresponse()
            answer.read()
            after = answer.headers.get("Retry-After", "0")
            return answer.status, min(float(after), _LONGEST_PAUSE) if after.isdigit() else 0.0
        except (OSError, http.client.HTTPException):
            return _NO_ANSWER, 0.0
        finally:
            connection.close()
