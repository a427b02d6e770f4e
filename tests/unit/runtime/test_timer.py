"""When the timer calls, and what it says."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubestandby.adapters.schedules import next_run
from kubestandby.runtime.deliveries import Call
from kubestandby.runtime.timer import Timer
from tests.fakes.fake_clock import FakeClock
from tests.unit.runtime.world import group

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Calls(list[Call]):
    def bodies(self) -> list[dict[str, str]]:
        found = [json.loads(call.body) for call in self]
        self.clear()
        return found


def timer(calls: Calls, clock: FakeClock, schedule: str = "", *, schedules: bool = True) -> Timer:
    return Timer([replace(group(), schedule=schedule)], calls.append, clock, tick_seconds=60, schedules=schedules)


def test_the_first_tick_is_at_once_and_the_next_a_minute_later():
    calls, clock = Calls(), FakeClock()
    it = timer(calls, clock)

    assert it.fire() == 60
    clock.advance(59)
    it.fire()
    clock.advance(1)
    it.fire()

    assert calls.bodies() == [{"action": "tick"}] * 2


def test_a_group_is_exported_on_its_schedule():
    calls, clock = Calls(), FakeClock(NOON)
    it = timer(calls, clock, "*/15 * * * *")
    it.fire()
    calls.clear()

    clock.advance(15 * 60)
    it.fire()

    assert {"action": "export", "group": "shop", "origin": "timer"} in calls.bodies()


def test_a_schedule_missed_while_the_machine_slept_fires_once():
    calls, clock = Calls(), FakeClock(NOON)
    it = timer(calls, clock, "*/15 * * * *")

    clock.advance(5 * 3600)
    it.fire()
    it.fire()

    assert [body["action"] for body in calls.bodies()] == ["tick", "export"]


def test_without_schedules_only_ticks_are_sent():
    calls, clock = Calls(), FakeClock(NOON)
    it = timer(calls, clock, "* * * * *", schedules=False)

    clock.advance(3600)
    it.fire()

    assert calls.bodies() == [{"action": "tick"}]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("*/15 * * * *", "12:15"), ("0 3 * * *", "03:00"), ("30 12 * * 1-5", "12:30")],
)
def test_schedules_are_in_utc(schedule: str, expected: str):
    assert f"{next_run(schedule, NOON):%H:%M}" == expected
