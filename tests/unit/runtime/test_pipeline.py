"""From a request to the standby's cluster, through all three functions, in memory."""

import pytest

from kubestandby.errors import ClusterError, ClusterUnavailableError, StoreError, StoreUnavailableError
from kubestandby.groups import RestoreMode
from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import Stage
from tests.unit.runtime.world import EAST, SHOP, WEST, World, snapshot


def test_an_export_request_arrives_at_the_standby():
    world = World()

    outcome = world.do("east", Action.EXPORT)

    assert (outcome.verdict, str(outcome.snapshot)) == (Verdict.DONE, "1-1")
    assert world.price("west") == "1"
    assert len(world.reports("west")) == 1
    assert world.marks("west") == ["applied/shop/1-1-hot.json"]


def test_the_first_export_writes_the_first_epoch_down():
    world = World()

    world.do("east", Action.EXPORT)

    assert "epochs/shop/1.json" in world.control("east").objects


@pytest.mark.parametrize("seed", range(5))
def test_ten_deliveries_of_every_event_give_one_snapshot_and_one_restore(seed: int):
    world = World()
    world.ask("east", Action.EXPORT)

    answers = world.settle(times=10, seed=seed)

    assert {answer.status for answer in answers} == {200}
    assert world.snapshots("east").ids(Stage.RAW, SHOP) == (snapshot("1-1"),)
    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP) == (snapshot("1-1"),)
    assert len(world.reports("west")) == 1


def test_an_unchanged_state_makes_no_new_snapshot():
    world = World()
    world.do("east", Action.EXPORT)

    outcome = world.do("east", Action.EXPORT)

    assert (outcome.verdict, str(outcome.snapshot)) == (Verdict.UNCHANGED, "1-1")
    assert len(world.reports("west")) == 1


def test_events_out_of_order_restore_only_the_newest_snapshot():
    world = World()
    for tea in ("1", "2", "3"):
        world.set_price("east", tea)
        request = world.ask("east", Action.EXPORT)
        export = next(event for event in world.events() if request.name in event.key)
        world.deliver(export)
    raw = world.events()
    for event in raw:
        world.deliver(event)

    for event in world.events():
        world.deliver(event)

    assert world.price("west") == "3"
    assert world.marks("west") == ["applied/shop/1-3-hot.json"]


def test_an_event_a_day_late_does_not_bring_an_old_state_back():
    world = World()
    world.do("east", Action.EXPORT)
    late = next(event for event in _all_events(world) if event.key == "sanitized/shop/1-1/index.json")
    world.set_price("east", "2")
    world.do("east", Action.EXPORT)

    answer = world.deliver(late)

    assert answer.body["verdict"] == "unchanged"
    assert world.price("west") == "2"


def test_rehearse_mode_leaves_the_standby_as_it_was():
    world = World(mode=RestoreMode.REHEARSE)

    world.do("east", Action.EXPORT)

    assert world.price("west") is None
    assert world.marks("west") == ["applied/shop/1-1-rehearse.json"]


def test_an_incomplete_snapshot_is_sanitized_and_not_restored_by_itself():
    world = World()
    world.clusters[EAST].fail("list", ClusterError("secrets: 403", status=403, reason="Forbidden"), plural="secrets")

    outcome = world.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP) == (snapshot("1-1"),)
    assert world.price("west") is None


def test_an_operator_may_name_an_incomplete_snapshot():
    world = World()
    world.clusters[EAST].fail("list", ClusterError("secrets: 403", status=403, reason="Forbidden"), plural="secrets")
    world.do("east", Action.EXPORT)

    outcome = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"))

    assert outcome.verdict is Verdict.DONE
    assert world.price("west") == "1"


def test_a_cluster_that_does_not_answer_has_the_event_come_again():
    world = World()
    world.clusters[EAST].fail("identity", ClusterUnavailableError("east does not answer"), times=1)
    request = world.ask("east", Action.EXPORT, origin="webhook")
    (event,) = world.events()

    first, second = world.deliver(event), world.deliver(event)

    assert (first.status, second.status) == (503, 200)
    assert "Retry-After" in first.headers
    assert world.outcome("east", request).verdict is Verdict.DONE


def test_a_damaged_raw_snapshot_leaves_an_outcome_and_the_last_good_one_stays():
    world = World()
    world.do("east", Action.EXPORT)
    world.set_price("east", "2")
    world.ask("east", Action.EXPORT)
    world.deliver(world.events()[0])
    world.data("east").objects["raw/shop/1-2/snapshot.tar.gz"] = b"damaged"

    answers = world.settle()

    assert [answer.body["verdict"] for answer in answers] == ["failed"]
    assert "outcomes/shop/sanitize-1-2.json" in world.control("east").objects
    assert world.do("west", Action.RESTORE).verdict is Verdict.UNCHANGED


def test_a_plan_writes_nothing_but_its_report():
    world = World(mode=RestoreMode.REHEARSE)
    world.do("east", Action.EXPORT)

    outcome = world.do("west", Action.PLAN)

    assert outcome.report.endswith("-plan.json")
    assert outcome.verdict is Verdict.DONE
    assert world.clusters[WEST].writes == []


def test_a_restore_of_what_is_there_already_changes_nothing():
    world = World()
    world.do("east", Action.EXPORT)
    writes = len(world.clusters[WEST].writes)

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.UNCHANGED
    assert len(world.clusters[WEST].writes) == writes


def test_a_restore_without_any_snapshot_is_refused():
    world = World()

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.REFUSED
    assert "kubestandby run shop" in outcome.message


def test_nothing_is_restored_onto_the_primary_unless_named():
    world = World()
    world.do("east", Action.EXPORT)

    outcome = world.do("east", Action.RESTORE)

    assert outcome.verdict is Verdict.REFUSED
    assert "east is primary" in outcome.message


def test_the_achieved_rpo_counts_from_the_last_proof_of_the_state():
    world = World()
    world.do("east", Action.EXPORT)
    world.clock.advance(3600)
    world.do("east", Action.EXPORT)
    world.clock.advance(60)

    outcome = world.do("west", Action.RESTORE)

    assert 60 <= outcome.details["rpo_seconds"] < 70


def test_the_achieved_rpo_counts_from_the_snapshot_where_the_primary_store_is_gone():
    world = World()
    world.do("east", Action.EXPORT)
    world.clock.advance(3600)
    world.data("east").fail("*", error=StoreUnavailableError("gone"), times=-1)

    outcome = world.do("west", Action.RESTORE)

    assert outcome.details["rpo_seconds"] >= 3600


def test_a_full_disk_commits_nothing_and_the_last_good_snapshot_stays_restorable():
    world = World()
    world.do("east", Action.EXPORT)
    world.set_price("east", "2")
    world.data("east").fail("put", error=StoreError("no space left; free some"), times=-1)

    outcome = world.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.FAILED
    assert "no space left" in outcome.message
    assert world.do("west", Action.RESTORE).verdict is Verdict.UNCHANGED


def _all_events(world: World):
    world._seen = set()
    return world.events()
