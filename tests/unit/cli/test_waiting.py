import pytest

from kubestandby.cli.waiting import WaitedTooLongError, wait_for
from kubestandby.errors import StoreError, StoreUnavailableError
from tests.fakes.fake_clock import FakeClock


def test_the_first_look_is_at_once() -> None:
    clock = FakeClock()

    assert wait_for(lambda: "there", clock=clock, seconds=10, late="late") == "there"
    assert clock.sleeps == []


def test_pauses_grow_and_end() -> None:
    clock = FakeClock()

    with pytest.raises(WaitedTooLongError, match="late"):
        wait_for(lambda: None, clock=clock, seconds=30, late="late")

    assert clock.sleeps[:20] == sorted(clock.sleeps[:20])
    assert max(clock.sleeps) <= 1.0
    assert sum(clock.sleeps) == pytest.approx(30)


def test_what_comes_with_the_last_look_counts() -> None:
    clock = FakeClock()

    assert wait_for(lambda: "there" if sum(clock.sleeps) >= 5 else None, clock=clock, seconds=5, late="late") == "there"


def test_a_store_that_is_away_for_a_moment_is_looked_at_again() -> None:
    clock = FakeClock()

    def look() -> str:
        if len(clock.sleeps) < 3:
            raise StoreUnavailableError("away")
        return "there"

    assert wait_for(look, clock=clock, seconds=10, late="late") == "there"


def test_a_store_that_stays_away_is_named_at_the_end() -> None:
    def look() -> str:
        raise StoreUnavailableError("the bucket is away")

    with pytest.raises(WaitedTooLongError, match=r"late .*the bucket is away"):
        wait_for(look, clock=FakeClock(), seconds=2, late="late")


def test_what_will_not_get_better_is_not_waited_for() -> None:
    clock = FakeClock()

    def look() -> str:
        raise StoreError("not permitted")

    with pytest.raises(StoreError, match="not permitted"):
        wait_for(look, clock=clock, seconds=10, late="late")
    assert clock.sleeps == []
