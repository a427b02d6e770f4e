"""Work that does not fit into the time of one call goes on in others, and ends as if it had."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kubestandby.adapters import event_wire
from kubestandby.events import ObjectCreated
from kubestandby.groups import RestoreMode
from kubestandby.layout import Action, Function
from kubestandby.request_names import is_continuation
from kubestandby.requests import Outcome, Verdict, WorkPart
from kubestandby.runtime.continuing import MAX_PARTS, why_hopeless
from kubestandby.runtime.deadlines import LIMIT_VARIABLE, Deadline
from kubestandby.snapshots import Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.runtime.world import EAST, SHOP, WEST, World, config_map, snapshot

OBJECTS = 30
LIMIT = 12
"""Seconds of one call; a quarter is kept back, and a request takes one."""


class SlowCluster(FakeCluster):
    """Every object that is sent takes a second. `seconds` can be changed by operation."""

    def __init__(self, clock: FakeClock, uid: str) -> None:
        super().__init__(uid=uid)
        self._clock = clock
        self.seconds = {"apply": 1, "create": 1, "replace": 1, "delete": 1}

    def _enter(self, operation: str, *arguments: Any, **named: Any) -> None:
        super()._enter(operation, *arguments, **named)
        self._clock.advance(self.seconds.get(operation, 0))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A snapshot of many objects at the standby, whose cluster is slow; nothing is restored yet."""
    world = World(mode=RestoreMode.HOT)
    world.clusters[WEST] = SlowCluster(world.clock, "uid-west")
    world.clusters[EAST].put(*(config_map(f"price-{number:02}", tea="1") for number in range(OBJECTS)))
    world.ask("east", Action.EXPORT)
    while Stage.SANITIZED not in {Stage(key.split("/")[0]) for key in world.data("west").objects}:
        for event in world.events():
            world.deliver(event)
    world.lose_events()
    monkeypatch.setenv(LIMIT_VARIABLE, str(LIMIT))
    return world


def slow(world: World) -> SlowCluster:
    cluster = world.clusters[WEST]
    assert isinstance(cluster, SlowCluster)
    return cluster


def parts(outcome: Outcome) -> list[dict[str, Any]]:
    return list(outcome.details["parts"])


def restored(world: World) -> set[str]:
    found = (world.clusters[WEST].object("ConfigMap", "shop", f"price-{number:02}") for number in range(OBJECTS))
    return {item["metadata"]["name"] for item in found if item}


def event_of_the_snapshot(world: World) -> ObjectCreated:
    (index,) = (key for key in world.data("west").objects if key.endswith("index.json"))
    return ObjectCreated(bucket=world.data("west").url, key=index, event_id="arrived")


def continuations(world: World) -> list[str]:
    return [name for name in world.requests("west").requests(SHOP) if is_continuation(name)]


def test_a_restore_that_is_cut_ends_in_other_calls(world: World) -> None:
    outcome = world.do("west", Action.RESTORE)

    assert (outcome.verdict, len(restored(world))) == (Verdict.DONE, OBJECTS)
    assert len(parts(outcome)) >= 3
    assert sum(part["written"] for part in parts(outcome)) > OBJECTS / 2
    assert f"in {len(parts(outcome)) + 1} parts" in outcome.message


def test_one_outcome_names_all_parts_and_their_requests(world: World) -> None:
    request = world.ask("west", Action.RESTORE)
    world.settle()

    outcome = world.outcome("west", request)
    named = [part["request"] for part in parts(outcome)]
    assert named == [request.name, *continuations(world)[:-1]]
    assert world.requests("west").pending(SHOP) == ()
    assert len(world.reports("west")) == 1


def test_times_are_counted_from_the_first_request(world: World) -> None:
    asked_at = world.clock.now()
    outcome = world.do("west", Action.RESTORE)

    took = (outcome.finished_at - asked_at).total_seconds()
    assert outcome.details["rto_seconds"] == pytest.approx(took, abs=2)


def test_events_that_come_twice_do_not_have_parts_done_twice(world: World) -> None:
    world.ask("west", Action.RESTORE)

    world.settle(times=3, seed=7)

    attempts = [name.rpartition(".")[2] for name in continuations(world)]
    assert len(attempts) == len(set(attempts))
    assert len(restored(world)) == OBJECTS


def test_a_failover_that_is_cut_makes_its_site_primary_once_and_restores_all(world: World) -> None:
    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (outcome.verdict, len(restored(world))) == (Verdict.DONE, OBJECTS)
    assert len(parts(outcome)) >= 3
    assert [key for key in world.control("west").objects if key.startswith("epochs/")] == ["epochs/shop/2.json"]


def test_a_snapshot_that_arrives_is_taken_in_in_parts(world: World) -> None:
    event = event_of_the_snapshot(world)

    answer = world.deliver(event)
    world.settle()

    assert answer.body["verdict"] == "goes on"
    outcome = world.outcome("west", world.requests("west").read(SHOP, answer.body["request"]))
    assert (outcome.verdict, len(restored(world))) == (Verdict.DONE, OBJECTS)
    assert world.marks("west")


def test_a_snapshot_whose_event_comes_twice_goes_on_once(world: World) -> None:
    event = event_of_the_snapshot(world)

    first, second = world.deliver(event), world.deliver(event)

    assert first.body["request"] == second.body["request"]


def test_a_part_whose_function_dies_is_gone_on_with_by_a_tick(world: World) -> None:
    request = world.ask("west", Action.RESTORE)
    for event in world.events():
        world.deliver(event)
    world.lose_events()  # as a function does that is killed at its work

    world.clock.advance(400)
    world.tick()
    world.settle()

    outcome = world.outcome("west", request)
    assert (outcome.verdict, len(restored(world))) == (Verdict.DONE, OBJECTS)
    assert parts(outcome)[0]["request"] == request.name


def test_ticks_do_not_give_up_what_gets_on(world: World) -> None:
    request = world.ask("west", Action.RESTORE)
    for _ in range(12):
        for event in world.events():
            world.deliver(event)
        world.lose_events()
        world.clock.advance(400)
        world.tick()

    assert world.outcome("west", request).verdict is Verdict.DONE


def test_work_that_gets_nowhere_in_two_calls_fails_and_says_what_to_do(world: World) -> None:
    slow(world).seconds["list"] = LIMIT

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.FAILED
    assert outcome.message.startswith("stopped after 3 parts: the last 2, of 12 s, ended before reading configmaps")
    assert outcome.message.endswith("or split the group by namespaces")
    assert [part["written"] > 0 for part in parts(outcome)] == [True, False, False]


def test_an_export_that_does_not_fit_fails_clearly(world: World) -> None:
    world.clusters[EAST] = slow(world)
    slow(world).put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    slow(world).seconds = {"list": LIMIT}
    world.context._clusters.clear()

    outcome = world.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.FAILED
    assert "reading" in outcome.message


def test_workloads_are_waited_for_once_in_all_parts_together(world: World) -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {}, "spec": {}}},
    }
    world.clusters[EAST].put(deployment)
    world.do("east", Action.EXPORT)  # and the standby takes it in

    outcome = world.do("west", Action.RESTORE)

    waited = sum(part["waited_seconds"] for part in parts(outcome))
    ready = world.group.restore.ready_timeout_seconds
    assert outcome.verdict is Verdict.INCOMPLETE
    assert ready * 0.5 < waited <= ready


def test_a_restore_whose_process_is_told_to_end_goes_on_in_another(world: World) -> None:
    request = world.ask("west", Action.RESTORE)
    (event,) = world.events()
    headers, body = event_wire.encode(event)
    told = Deadline(world.clock, None, lambda: len(restored(world)) >= 5)

    answer = world.apps[Function.RESTORE].answer("POST", headers, body, deadline=told)
    world.settle()

    outcome = world.outcome("west", request)
    assert answer.body["verdict"] == "goes on"
    assert (outcome.verdict, len(restored(world))) == (Verdict.DONE, OBJECTS)


def test_a_snapshot_that_does_not_fit_through_sanitize_fails_clearly(world: World) -> None:
    (index,) = (key for key in world.data("east").objects if key.startswith("raw/") and key.endswith("index.json"))
    for key in [key for key in world.data("west").objects if key.startswith("sanitized/")]:
        world.data("west").delete(key)
    over = Deadline(world.clock, world.clock.now() - timedelta(seconds=1))
    headers, body = event_wire.encode(ObjectCreated(bucket=world.data("east").url, key=index, event_id="again"))

    said = world.apps[Function.SANITIZE].answer("POST", headers, body, deadline=over).body
    (event,) = world.events()
    said_again = world.apps[Function.SANITIZE].answer("POST", *event_wire.encode(event), deadline=over).body

    assert (said["verdict"], said_again["verdict"]) == ("goes on", "failed")
    assert "ended before reading the archive" in said_again["message"]


def test_nothing_is_cut_where_nothing_presses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE)

    outcome = world.do("west", Action.RESTORE)

    assert "parts" not in outcome.details
    assert outcome.snapshot == snapshot("1-1")


def part(**changes: Any) -> WorkPart:
    began_at = FakeClock().now() - timedelta(hours=1)
    return WorkPart(request="r", began_at=began_at, seconds=9, before="reading secrets", **changes)


def test_a_process_that_was_told_to_end_says_nothing_about_the_work() -> None:
    assert why_hopeless([part(), part()])
    assert not why_hopeless([part(told_to_end=True), part(told_to_end=True)])
    assert not why_hopeless([part(), part(waited_seconds=3)])


def test_parts_are_bounded_even_where_each_gets_on() -> None:
    assert not why_hopeless([part(written=1)] * (MAX_PARTS - 1))
    assert f"stopped after {MAX_PARTS} parts" in why_hopeless([part(written=1)] * MAX_PARTS)
