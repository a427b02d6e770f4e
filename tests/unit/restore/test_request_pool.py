"""Requests side by side."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from functions.restore.request_pool import RequestPool

PATIENCE = 10.0


@pytest.fixture
def pool() -> Iterator[RequestPool]:
    with RequestPool(4) as made:
        yield made


def test_answers_come_in_the_order_of_what_was_asked(pool: RequestPool) -> None:
    answers = pool.map(lambda number, word: f"{number} {word}", range(1000), ["a"] * 1000)

    assert list(answers) == [f"{number} a" for number in range(1000)]


def test_nothing_asked_is_nothing_answered(pool: RequestPool) -> None:
    assert list(pool.map(str, [])) == []


def test_as_many_as_may_be_in_flight_are_so_at_once_and_no_more(pool: RequestPool) -> None:
    all_there = threading.Barrier(4)
    under_way: list[int] = []
    most = []

    def ask(number: int) -> None:
        under_way.append(number)
        all_there.wait(PATIENCE)
        most.append(len(under_way))
        all_there.wait(PATIENCE)
        under_way.remove(number)

    list(pool.map(ask, range(40)))

    assert max(most) == 4


def test_what_is_asked_first_begins_first() -> None:
    begun: list[int] = []

    with RequestPool(1) as pool:
        list(pool.map(begun.append, range(100)))

    assert begun == list(range(100))


def test_an_error_is_raised_and_nothing_more_begins() -> None:
    begun: list[int] = []

    def ask(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise ValueError(number)

    with RequestPool(1) as pool, pytest.raises(ValueError, match="3"):
        pool.map(ask, range(100))

    assert begun == [0, 1, 2, 3]


def test_of_several_errors_that_of_the_first_item_is_raised(pool: RequestPool) -> None:
    all_there = threading.Barrier(4)

    def fail(number: int) -> None:
        all_there.wait(PATIENCE)
        raise ValueError(number)

    with pytest.raises(ValueError, match=r"^0$"):
        pool.map(fail, range(4))


def test_an_interruption_ends_it_soon() -> None:
    begun: list[int] = []
    whoever_waits = threading.get_ident()

    def ask(number: int) -> None:
        begun.append(number)
        if number == 3:
            signal.pthread_kill(whoever_waits, signal.SIGINT)
        time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt), RequestPool(1) as pool:
        pool.map(ask, range(5000))

    assert 4 <= len(begun) < 2500


def test_a_pool_goes_on_after_an_error(pool: RequestPool) -> None:
    with pytest.raises(ZeroDivisionError):
        pool.map(lambda number: 1 // number, [0])

    assert list(pool.map(lambda number: 4 // number, [1, 2])) == [4, 2]
