"""When work has to stop: before the platform does, before a step and never in one."""

import io
from datetime import timedelta
from math import inf

import pytest

from kubestandby.errors import OutOfTimeError
from kubestandby.runtime.deadlines import LIMIT_VARIABLE, NEVER, Deadline, earliest_end, work_until
from kubestandby.runtime.timed import TimedClock, TimedStore
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_store import MemoryStore

CLOCK = FakeClock()
NOW = CLOCK.now()


def after(seconds: float) -> Deadline:
    clock = FakeClock()
    return Deadline(clock, clock.now() + timedelta(seconds=seconds))


@pytest.mark.parametrize(("call", "work"), [(8, 6), (40, 30), (60, 45), (300, 285), (3600, 3585)])
def test_a_quarter_of_the_calls_time_is_kept_back_and_at_most_fifteen_seconds(call: float, work: float):
    deadline = work_until(CLOCK, NOW + timedelta(seconds=call))

    assert deadline.seconds_left == work


def test_where_nothing_presses_there_is_no_end():
    assert work_until(CLOCK, None) is NEVER
    assert NEVER.seconds_left == inf
    NEVER.check("anything", needed=1e9)


def test_a_process_that_is_told_to_end_has_no_time_left():
    deadline = work_until(CLOCK, NOW + timedelta(hours=1), lambda: True)

    assert deadline.seconds_left == 0
    with pytest.raises(OutOfTimeError, match="over before reading secrets") as caught:
        deadline.check("reading secrets")
    assert caught.value.before == "reading secrets"


@pytest.mark.parametrize(
    ("limit", "given", "seconds"),
    [("", None, None), ("60", None, 60), ("60", 30, 30), ("60", 300, 60), ("1", None, 1)],
)
def test_the_sooner_end_counts(monkeypatch: pytest.MonkeyPatch, limit: str, given: float | None, seconds: float | None):
    monkeypatch.setenv(LIMIT_VARIABLE, limit)

    end = earliest_end(CLOCK, NOW + timedelta(seconds=given) if given else None)

    assert end == (NOW + timedelta(seconds=seconds) if seconds else None)


def test_a_wait_that_is_longer_than_there_is_time_is_not_begun():
    clock = FakeClock()
    timed = TimedClock(clock, Deadline(clock, clock.now() + timedelta(seconds=3)))

    timed.sleep(2)
    with pytest.raises(OutOfTimeError):
        timed.sleep(2)

    assert sum(clock.sleeps) == 2


def test_a_wait_ends_soon_after_the_process_is_told_to_end():
    clock = FakeClock()
    timed = TimedClock(clock, Deadline(clock, None, lambda: sum(clock.sleeps) >= 1))

    with pytest.raises(OutOfTimeError):
        timed.sleep(30)

    assert sum(clock.sleeps) == 1


def test_a_large_object_is_read_piece_by_piece_and_small_ones_always():
    store, deadline = MemoryStore("memory://bucket"), after(-1)
    store.put_if_absent("archive", io.BytesIO(b"x" * 10))
    timed = TimedStore(store, deadline)

    assert (timed.get("archive", max_bytes=10), timed.list(""), timed.url) == (b"x" * 10, ["archive"], store.url)
    with timed.open("archive", max_bytes=10) as stream, pytest.raises(OutOfTimeError, match="reading the archive"):
        stream.read(4)
