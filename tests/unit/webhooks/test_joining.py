"""However many ask for work that nobody has begun, one request is written."""

import pytest

from kubestandby.layout import Action
from kubestandby.request_names import TURN_SECONDS
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.snapshots import GroupName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import request_log
from tests.fakes.memory_store import MemoryStore

SHOP = GroupName("shop")


class Control:
    """A control bucket and the requests in it."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.log = request_log(self.store, self.clock)

    def join(self, known: str = "") -> tuple[str, bool]:
        joined = self.log.join(SHOP, Action.EXPORT, origin="webhook", known=known)
        return joined.name, joined.is_new

    def submit(self, action: Action = Action.EXPORT, **fields: object) -> Request:
        return self.log.submit(SHOP, action, origin="timer", **fields)  # type: ignore[arg-type]

    def finish(self, name: str) -> None:
        now = self.clock.now()
        self.log.finish(Outcome(group=SHOP, request=name, verdict=Verdict.DONE, message="", finished_at=now))


def test_the_first_writes_a_request_and_the_next_join_it():
    control = Control()

    name, is_new = control.join()

    assert is_new
    assert [control.join() for _ in range(3)] == [(name, False)] * 3
    assert control.log.read(SHOP, name).origin == "webhook"
    assert control.log.requests(SHOP) == (name,)


def test_a_request_that_somebody_else_wrote_is_joined():
    control = Control()
    request = control.submit()
    control.clock.advance(1800)

    assert control.join() == (request.name, False)


def test_a_request_across_the_hour_is_found():
    control = Control()
    control.clock.advance(59 * 60)
    request = control.submit()
    control.clock.advance(2 * 60)

    assert control.join() == (request.name, False)


def test_requests_of_long_ago_are_not_looked_for():
    """The look takes as long after years as on the first day."""
    control = Control()
    old = control.submit()
    control.clock.advance(3 * 3600)
    control.store.calls.clear()

    name, is_new = control.join()

    assert is_new
    assert name != old.name
    listed = [key for operation, key in control.store.calls if operation == "list"]
    assert listed == ["requests/shop/20261122T15", "requests/shop/20261122T14"]


@pytest.mark.parametrize("how", ["begun", "finished"])
def test_a_request_that_is_begun_or_done_is_not_joined(how: str):
    control = Control()
    name, _ = control.join()
    control.log.begin(SHOP, name) if how == "begun" else control.finish(name)

    other, is_new = control.join(known=name)

    assert is_new
    assert other != name
    assert control.join(known=name) == (other, False)


def test_requests_for_something_else_are_not_joined():
    control = Control()
    control.submit(Action.RESTORE)

    assert control.join()[1]


def test_a_continuation_is_not_joined():
    control = Control()
    request = control.submit()
    control.log.begin(SHOP, request.name)
    control.submit(continues=request.name, attempt=2)

    assert control.join()[1]


def test_processes_that_ask_at_the_same_moment_write_one_request():
    control = Control()
    log = request_log(control.store, control.clock)
    control.store.list = lambda prefix: []  # type: ignore[method-assign] - none has seen the other's yet

    names = {one.join(SHOP, Action.EXPORT, origin="webhook").name for one in (control.log, log)}

    assert len(names) == 1
    assert len([key for key in control.store.objects if key.startswith("requests/")]) == 1


def test_one_request_is_begun_per_turn_however_fast_the_work_is():
    control = Control()
    begun: list[float] = []
    for _ in range(100):
        name, _ = control.join()
        if control.log.is_due(name):
            control.log.begin(SHOP, name)
            control.finish(name)
            begun.append(control.clock.now().timestamp())
        control.clock.advance(0.1)

    assert len(begun) == 10 / TURN_SECONDS


def test_the_last_to_ask_is_served_by_work_that_begins_after_it_asked():
    control = Control()
    first, _ = control.join()
    control.log.begin(SHOP, first)

    second, _ = control.join()

    assert not control.log.is_due(second)
    control.clock.advance(TURN_SECONDS)
    assert control.log.is_due(second)


def test_a_request_of_a_clock_that_is_far_ahead_is_not_waited_for():
    control = Control()
    control.clock.advance(3600)
    request = control.submit()
    control.clock.advance(-3600)

    assert control.log.is_due(request.name)


@pytest.mark.parametrize("name", ["", "x", "2026-export-1", "20261322T000000.000000Z-export-1"])
def test_a_name_without_a_time_is_due(name: str):
    assert Control().log.is_due(name)


def test_beginning_twice_is_beginning():
    control = Control()
    name, _ = control.join()

    control.log.begin(SHOP, name)
    control.log.begin(SHOP, name)

    assert control.join()[0] != name


def test_two_groups_have_their_own_requests():
    control = Control()
    shop, _ = control.join()

    bank = control.log.join(GroupName("bank"), Action.EXPORT, origin="webhook")

    assert bank.is_new
    assert bank.name != shop
