"""What a lost event leaves undone is made good by ticks, and a tick leaves alone what is under way."""

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from functions.export.lost_requests import MAX_ATTEMPTS
from functions.export.pushing import PUSH_AFTER_VARIABLE, is_due, push_after_from_environment
from kubestandby.errors import ClusterError, StoreUnavailableError
from kubestandby.layout import Action
from kubestandby.request_names import is_continuation, origin_id
from kubestandby.requests import Verdict
from kubestandby.snapshots import GroupName, Stage
from tests.unit.runtime.world import EAST, SHOP, WEST, World, snapshot

DUE = 31
LONG = 400


def lose(world: World, prefix: str) -> None:
    """Delivers events until the next ones are of keys with this prefix; those are lost."""
    while events := world.events():
        if any(event.key.startswith(prefix) for event in events):
            return
        for event in events:
            world.deliver(event)


def tick_and_settle(world: World, seconds: float = DUE) -> list[str]:
    world.clock.advance(seconds)
    pushed = world.tick()["pushed"]
    world.settle()
    return list(pushed)


def test_a_tick_with_nothing_to_do_pushes_nothing():
    world = World()
    world.do("east", Action.EXPORT)

    assert tick_and_settle(world, LONG) == []


@pytest.mark.parametrize("lost", ["requests/", "raw/", "sanitized/"])
def test_a_lost_event_is_made_good_by_the_next_tick(lost: str):
    world = World()
    world.ask("east", Action.EXPORT)
    lose(world, lost)

    pushed = tick_and_settle(world)

    assert len(pushed) == 1
    assert world.price("west") == "1"
    assert len(world.reports("west")) == 1


@pytest.mark.parametrize("seed", range(20))
def test_whatever_events_are_lost_ticks_bring_the_newest_state_across(seed: int):
    world = World()
    for number in range(4):
        world.set_price("east", str(number))
        world.ask("east", Action.EXPORT)
        for position, event in enumerate(world.events()):
            if (seed >> (position + number)) % 2:
                world.deliver(event)
        world.clock.advance(7)

    for _ in range(6):
        tick_and_settle(world, LONG)

    assert world.price("west") == "3"
    assert world.requests("east").pending(SHOP) == ()
    assert world.requests("west").pending(SHOP) == ()


def test_what_is_young_is_left_to_its_event():
    world = World()
    world.ask("east", Action.EXPORT)
    world.lose_events()

    assert world.tick()["pushed"] == []


def test_a_restore_is_given_the_time_that_workloads_may_take():
    world = World()
    world.do("east", Action.EXPORT)
    world.ask("west", Action.FAILOVER, to=WEST)
    world.lose_events()

    early, late = tick_and_settle(world, DUE), tick_and_settle(world, world.group.restore.ready_timeout_seconds)

    assert (early, len(late)) == ([], 1)
    assert world.context.roles(world.group).epoch.primary == WEST


def test_a_push_that_is_lost_too_is_pushed_again():
    world = World()
    request = world.ask("east", Action.EXPORT)
    world.lose_events()
    world.clock.advance(DUE)
    world.tick()
    world.lose_events()

    tick_and_settle(world, 61)

    assert world.outcome("east", request).verdict is Verdict.DONE
    assert len(world.requests("east").requests(SHOP)) == 3


def test_two_ticks_in_a_row_push_once():
    world = World()
    world.ask("east", Action.EXPORT)
    world.lose_events()
    world.clock.advance(DUE)

    first, second = world.tick(), world.tick()

    assert (len(first["pushed"]), second["pushed"]) == (1, [])


def test_a_request_that_never_gets_an_outcome_is_given_up():
    world = World()
    request = world.ask("east", Action.EXPORT)

    for _ in range(MAX_ATTEMPTS + 1):
        world.clock.advance(3600)
        world.tick()
        world.lose_events()

    outcome = world.outcome("east", request)
    assert outcome.verdict is Verdict.FAILED
    assert f"after {MAX_ATTEMPTS} attempts" in outcome.message
    assert len(world.requests("east").requests(SHOP)) == MAX_ATTEMPTS


def test_a_poison_request_does_not_hold_up_others():
    world = World()
    poison = world.ask("east", Action.EXPORT)
    world.control("east").objects[f"requests/shop/{poison.name}.json"] = b"poison"
    world.ask("east", Action.EXPORT)
    world.lose_events()

    tick_and_settle(world)

    assert world.outcome("east", poison).verdict is Verdict.FAILED
    assert world.price("west") == "1"


def test_a_snapshot_that_cannot_be_sanitized_is_tried_less_and_less_often():
    world = World()
    world.ask("east", Action.EXPORT)
    lose(world, "raw/")
    world.data("east").objects["raw/shop/1-1/snapshot.tar.gz"] = b"damaged"

    pushes = [len(tick_and_settle(world, 60)) for _ in range(120)]

    assert 4 <= sum(pushes) <= 9


def test_a_standby_store_that_was_away_for_hours_is_caught_up_with():
    world = World()
    world.data("west").fail("*", error=StoreUnavailableError("away"), times=-1)
    world.ask("east", Action.EXPORT)
    world.settle()
    for _ in range(30):
        tick_and_settle(world, 600)
    world.data("west").faults.clear()

    for _ in range(8):
        tick_and_settle(world, 600)

    assert world.price("west") == "1"


def test_a_site_that_is_away_does_not_keep_the_other_from_being_swept():
    world = World()
    world.ask("east", Action.EXPORT)
    world.lose_events()
    world.control("west").fail("*", error=StoreUnavailableError("away"), times=-1)
    world.clock.advance(DUE)

    swept = world.tick()

    assert len(swept["pushed"]) == 1
    assert swept["failed"] > 0


def test_only_the_newest_complete_snapshot_is_pushed():
    world = World()
    for tea in ("1", "2"):
        world.set_price("east", tea)
        world.ask("east", Action.EXPORT)
        for event in world.events():
            if event.key.startswith("requests/"):
                world.deliver(event)
    world.lose_events()

    tick_and_settle(world)

    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP) == (snapshot("1-2"),)
    assert world.price("west") == "2"


def test_a_function_of_one_site_sweeps_that_site_only():
    world = World(only_site="west")
    world.ask("east", Action.EXPORT)
    world.lose_events()
    world.clock.advance(DUE)

    assert world.tick()["pushed"] == []


def test_a_continuation_keeps_what_was_asked_for():
    world = World()
    request = world.ask("west", Action.FAILOVER, to=WEST, snapshot=snapshot("1-7"))
    world.lose_events()
    world.clock.advance(LONG)

    (name,) = world.tick()["pushed"]

    again = world.requests("west").read(SHOP, name)
    assert is_continuation(name)
    assert origin_id(name) == origin_id(request.name)
    assert (again.to, again.snapshot, again.origin) == (request.to, request.snapshot, request.origin)
    assert (again.continues, again.attempt) == (request.name, 2)


def test_intervals_double_up_to_an_hour():
    world = World()
    now = world.clock.now()
    names = [f"{now:%Y%m%dT%H%M%S.%fZ}-export-a"]

    due = [
        next(s for s in range(4000) if is_due(names * attempts, now + timedelta(seconds=s), timedelta(seconds=30)))
        for attempts in (1, 2, 3, 4, 10)
    ]

    assert due == [30, 60, 120, 240, 3600]


@pytest.mark.parametrize(("text", "seconds"), [("", 30), ("5", 5), ("0", 0)])
def test_the_environment_says_when_an_event_counts_as_lost(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float):
    monkeypatch.setenv(PUSH_AFTER_VARIABLE, text)

    assert push_after_from_environment().total_seconds() == seconds


def refuse_prices(world: World) -> None:
    refusal = ClusterError("prices: 422 Invalid", status=422, reason="Invalid")
    world.clusters[WEST].fail("apply", refusal, name="prices")
    world.clusters[WEST].fail("create", refusal, name="prices")


def test_a_restore_that_did_not_come_through_is_tried_again_until_it_does():
    world = World()
    refuse_prices(world)
    world.do("east", Action.EXPORT)
    before = world.price("west")
    world.clusters[WEST]._failures.clear()

    pushed = [len(tick_and_settle(world)) for _ in range(4)]

    assert (before, world.price("west")) == (None, "1")
    assert pushed == [1, 0, 0, 0]


def test_an_event_that_comes_again_does_not_repeat_a_restore_that_did_not_come_through():
    world = World()
    refuse_prices(world)
    world.ask("east", Action.EXPORT)

    world.settle(times=10)

    assert len(world.reports("west")) == 1


def scaler(world: World) -> str:
    """The version in which the standby was given the application's scaler."""
    found = world.clusters[WEST].object("HorizontalPodAutoscaler", "shop", "web")
    return str(found["apiVersion"]) if found else ""


def serve_differently(world: World) -> None:
    """The primary prefers v2 of a kind that the standby serves as v1 alone."""
    metadata = {"name": "web", "namespace": "shop"}
    world.clusters[EAST].put({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata})
    world.clusters[EAST].serve_in("autoscaling", "HorizontalPodAutoscaler", "v2", "v1")
    world.clusters[WEST].serve_in("autoscaling", "HorizontalPodAutoscaler", "v1")


def test_what_the_standby_serves_is_told_by_a_tick_and_decides_how_the_next_export_writes_it():
    world = World()
    serve_differently(world)
    world.clusters[WEST].serve_in("autoscaling", "HorizontalPodAutoscaler", "v2", "v1")
    world.do("east", Action.EXPORT)
    world.clusters[WEST].serve_in("autoscaling", "HorizontalPodAutoscaler", "v1")

    world.tick()
    world.do("east", Action.EXPORT)

    snapshots = world.snapshots("east")
    taken = [snapshots.read_index(Stage.RAW, SHOP, one).entries for one in snapshots.ids(Stage.RAW, SHOP)]
    versions = [entry.ref.gvk.version for entries in taken for entry in entries if entry.ref.name == "web"]
    assert versions == ["v2", "v1"]


def test_the_first_export_of_one_machine_needs_no_tick_before_it():
    world = World()
    serve_differently(world)

    world.do("east", Action.EXPORT)

    assert scaler(world) == "autoscaling/v1"


def test_an_export_does_not_tell_what_another_process_has_to():
    world = World(only_site=EAST)

    world.do("east", Action.EXPORT)

    assert told_to(world, "east") == told_to(world, "west") == []


def test_versions_are_told_once_and_again_when_they_change():
    world = World()
    for _ in range(3):
        tick_and_settle(world)
    assert len(told_to(world, "east")) == len(told_to(world, "west")) == 1

    world.clusters[WEST].serve_in("batch", "CronJob", "v1", "v1beta1")
    tick_and_settle(world)

    assert (len(told_to(world, "east")), len(told_to(world, "west"))) == (2, 1)


def told_to(world: World, site: str) -> list[str]:
    return [key for key in world.control(site).objects if key.startswith("served/")]


def test_a_standby_that_is_asleep_tells_nothing_and_what_it_has_told_holds():
    world = World()
    serve_differently(world)
    world.tick()
    world.clusters[WEST].fail("discover", ClusterError("no answer"))
    world.clock.advance(60)

    swept = world.tick()
    world.clusters[WEST]._failures.clear()
    world.do("east", Action.EXPORT)

    assert swept == {"pushed": [], "failed": 0}
    assert scaler(world) == "autoscaling/v1"


def test_a_cluster_that_does_not_answer_is_asked_once_for_all_groups_and_when_all_else_is_done(
    monkeypatch: pytest.MonkeyPatch,
):
    world = World()
    other = replace(world.group, name=GroupName("other"))
    world.context.groups = (world.group, other)
    world.requests("east").submit(other.name, Action.EXPORT, origin="operator")
    world.lose_events()
    asked_after: list[int] = []

    def no_answer() -> NoReturn:
        asked_after.append(len(world.requests("east").requests(other.name)))
        raise ClusterError("no answer")

    monkeypatch.setattr(world.clusters[EAST], "discover", no_answer)
    world.clock.advance(DUE)
    swept = world.tick()

    assert (len(swept["pushed"]), swept["failed"]) == (1, 0)
    assert asked_after == [2]


def test_versions_that_cannot_be_told_now_are_told_by_a_later_tick():
    world = World()
    error = StoreUnavailableError("store does not answer: injected; try again")
    world.control("east").fail("put", "served/", error=error)

    failed = world.tick()["failed"]
    world.tick()

    assert (failed, len(told_to(world, "east"))) == (1, 1)


def test_the_primary_exports_as_it_was_told_with_the_other_site_gone():
    world = World()
    serve_differently(world)
    world.tick()
    for store in (world.control("west"), world.data("west")):
        for operation in ("put", "get", "list"):
            store.fail(operation, "", error=StoreUnavailableError("gone"), times=-1)

    world.ask("east", Action.EXPORT)
    world.settle()

    (raw,) = world.snapshots("east").ids(Stage.RAW, SHOP)
    entries = world.snapshots("east").read_index(Stage.RAW, SHOP, raw).entries
    assert "autoscaling/v1" in {entry.ref.gvk.api_version for entry in entries}
