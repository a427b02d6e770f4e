from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.cli.wording import age, counted, duration, printable, seconds_of, size
from tests.unit.cli.world import NOON


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (86_400, "1 d"),
        (4 * 86_400 + 3 * 3600, "4 d 3 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(min_value=0, max_value=10**8))
def test_no_duration_tells_sixty_of_a_unit(seconds: float) -> None:
    assert "60 s" not in duration(seconds)
    assert "60 min" not in duration(seconds)


def test_a_moment_in_the_near_future_is_no_negative_age() -> None:
    assert age(NOON + timedelta(seconds=2), NOON) == "0.0 s"


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB")])
def test_sizes_are_told_in_binary_units(count: int, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("1d", 86_400)])
def test_durations_are_read_with_and_without_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-1", "1 hour", "s", "1e3", "٣s", "nan"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert seconds_of(text) is None


def test_one_object_is_not_one_objects() -> None:
    assert (counted(1, "object"), counted(2, "object")) == ("1 object", "2 objects")


def test_escape_sequences_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printable("\x1b]0;owned\x07 bad\u009b31m")
    assert printable("täglich 日本\n") == "täglich 日本\n"
