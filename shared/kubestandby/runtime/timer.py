"""The timer of one machine: exports by each group's schedule, and the tick that makes lost events good."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kubestandby.adapters.schedules import next_run
from kubestandby.codec import canonical_json
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Function
from kubestandby.ports import Clock
from kubestandby.runtime.deliveries import Call

_LONGEST_SLEEP = 5.0
"""Seconds; short, so that a machine that was asleep catches up soon."""


class Timer:
    """Submits calls when they are due. A schedule that was missed while the machine slept fires once."""

    def __init__(
        self,
        groups: Sequence[ProtectionGroup],
        submit: Callable[[Call], object],
        clock: Clock,
        *,
        tick_seconds: float,
        schedules: bool = True,
    ) -> None:
        """`schedules`: whether groups are exported on theirs; without, only ticks are sent."""
        self._submit = submit
        self._clock = clock
        self._tick = timedelta(seconds=tick_seconds)
        self._groups = [group for group in groups if group.schedule] if schedules else []
        self._next_tick = clock.now()
        self._next_export = {group.name: next_run(group.schedule, clock.now()) for group in self._groups}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="timer", daemon=True)

    def start(self) -> None:
        """Starts the timer; the first tick is at once, for what was left undone before."""
        self._thread.start()

    def stop(self) -> None:
        """Stops the timer."""
        self._stop.set()
        self._thread.join()

    def fire(self) -> float:
        """Submits everything that is due; returns the seconds until something is due again."""
        now = self._clock.now()
        if now >= self._next_tick:
            self._next_tick = now + self._tick
            self._submit(tick_call())
        for group in self._groups:
            if now >= self._next_export[group.name]:
                self._next_export[group.name] = next_run(group.schedule, now)
                self._submit(_export_call(group))
        return (self._soonest() - self._clock.now()).total_seconds()

    def _soonest(self) -> datetime:
        return min([self._next_tick, *self._next_export.values()])

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(min(max(self.fire(), 0.05), _LONGEST_SLEEP))


def tick_call() -> Call:
    """The call that has the export function make good what lost events left undone."""
    return _call("tick", {"action": "tick"})


def _export_call(group: ProtectionGroup) -> Call:
    return _call(f"schedule of {group.name}", {"action": "export", "group": group.name, "origin": "timer"})


def _call(label: str, body: dict[str, str]) -> Call:
    return Call(Function.EXPORT, label, {"content-type": "application/json"}, canonical_json(body))
