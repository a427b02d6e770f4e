"""However many threads there are: so many requests at once, so many a second."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubestandby.adapters.kube_pace import Pace


class Time:
    """Stands still, but for those who sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))

    def pace(self, per_second: float) -> Pace:
        return Pace(8, per_second, sleep=self.sleep, now=lambda: self.now)


def test_requests_that_come_at_once_are_spread_over_the_second() -> None:
    time = Time()
    pace = time.pace(per_second=10)

    for _ in range(4):
        with pace:
            pass

    assert time.slept == [0.1, 0.2, 0.3]


def test_request_that_comes_late_enough_does_not_wait() -> None:
    time = Time()
    pace = time.pace(per_second=10)
    with pace:
        time.now += 0.1

    with pace:
        pass

    assert time.slept == []


def test_time_without_requests_is_not_saved_up() -> None:
    time = Time()
    pace = time.pace(per_second=10)
    with pace:
        time.now += 3600

    for _ in range(3):
        with pace:
            pass

    assert time.slept == [0.1, 0.2]


def test_no_more_than_so_many_are_under_way() -> None:
    pace, lock = Pace(3, 1_000_000), threading.Lock()
    all_in, under_way, most = threading.Barrier(3, timeout=5), 0, 0

    def request(_: int) -> None:
        nonlocal under_way, most
        with pace:
            with lock:
                under_way += 1
                most = max(most, under_way)
            all_in.wait()
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(9) as pool:
        list(pool.map(request, range(9)))

    assert most == 3


def test_place_of_a_request_that_failed_is_free_again() -> None:
    pace = Pace(1, 1_000_000)
    with pytest.raises(ConnectionError), pace:
        raise ConnectionError

    with pace:
        pass
