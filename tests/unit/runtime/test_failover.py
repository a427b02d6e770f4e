"""Changes of roles, with the other site there or not."""

from kubestandby.epochs import begin_epoch
from kubestandby.errors import ClusterError, ClusterUnavailableError, StoreUnavailableError
from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import Stage
from tests.fakes.keys import asked_epoch, keyring
from tests.unit.runtime.world import EAST, SHOP, WEST, World, snapshot


def synced_world() -> World:
    world = World()
    world.do("east", Action.EXPORT)
    return world


def claim_too(world: World) -> None:
    """Somebody has failed over to east, too, while the sites could not see each other."""
    del world.control("east").objects["epochs/shop/2.json"]
    rival = asked_epoch(SHOP, 2, EAST, now=world.clock.now())
    begin_epoch(world.control("east"), keyring(world.clock), rival)


def cut_off(world: World, site: str) -> None:
    for store in (world.data(site), world.control(site)):
        store.fail("*", error=StoreUnavailableError("cut off"), times=-1)


def test_a_failover_makes_the_standby_primary():
    world = synced_world()

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.report.endswith("-failover.json")
    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert world.context.roles(world.group).epoch.primary == WEST
    assert "epochs/shop/2.json" in world.control("east").objects


def test_a_failover_works_with_the_primary_and_its_stores_unreachable():
    world = synced_world()
    cut_off(world, "east")
    world.clusters[EAST].fail("identity", ClusterUnavailableError("cut off"))
    world.events()
    request = world.ask("west", Action.FAILOVER, to=WEST)

    answers = [world.deliver(event) for event in world.events() if request.name in event.key]

    assert [answer.status for answer in answers] == [200]
    assert world.outcome("west", request).verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert "epochs/shop/2.json" in world.control("west").objects


def test_the_old_primary_may_not_export_after_a_failover():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)

    outcome = world.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.REFUSED
    assert "west is primary since epoch 2" in outcome.message


def test_a_failover_the_other_site_was_not_told_of_is_told_with_a_tick():
    world = synced_world()
    world.control("east").fail("put", "epochs/", times=1)
    world.do("west", Action.FAILOVER, to=WEST)
    assert "epochs/shop/2.json" not in world.control("east").objects

    world.tick()

    assert "epochs/shop/2.json" in world.control("east").objects


def test_after_a_failover_the_pipeline_runs_the_other_way():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "5")

    outcome = world.do("west", Action.EXPORT)

    assert str(outcome.snapshot) == "2-1"
    assert world.snapshots("east").ids(Stage.SANITIZED, SHOP) == (snapshot("2-1"),)
    assert world.price("east") == "5"


def test_a_late_snapshot_of_the_old_epoch_is_not_restored_onto_anything():
    world = synced_world()
    world.set_price("east", "2")
    world.ask("east", Action.EXPORT)
    world.deliver(world.events()[0])
    late = world.events()
    world.do("west", Action.FAILOVER, to=WEST)

    for event in late:
        world.deliver(event)
    world.settle()

    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP)[-1] == snapshot("1-2")
    assert world.price("west") == "1"


def test_a_failover_without_a_snapshot_leaves_the_roles_as_they_are():
    world = World()

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict is Verdict.REFUSED
    assert world.context.roles(world.group).epoch.primary == EAST


def test_a_failover_to_a_damaged_snapshot_leaves_the_roles_as_they_are():
    world = synced_world()
    archive = world.data("west").objects["sanitized/shop/1-1/snapshot.tar.gz"]
    world.data("west").objects["sanitized/shop/1-1/snapshot.tar.gz"] = archive[:-1] + bytes([archive[-1] ^ 1])

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict is Verdict.FAILED
    assert world.context.roles(world.group).epoch.primary == EAST


def test_a_failover_to_an_unreachable_cluster_fails_at_once_and_leaves_the_roles_as_they_are_for_good():
    world = synced_world()
    world.clusters[WEST].fail("identity", ClusterUnavailableError("west does not answer"), times=1)
    request = world.ask("west", Action.FAILOVER, to=WEST)
    (event,) = world.events()

    world.deliver(event)
    outcome = world.outcome("west", request)
    world.deliver(event)
    world.clock.advance(3600)
    world.tick()
    world.settle()

    assert (outcome.verdict, outcome.message) == (Verdict.FAILED, "west does not answer")
    assert world.context.roles(world.group).epoch.primary == EAST
    assert world.do("west", Action.FAILOVER, to=WEST).verdict in (Verdict.DONE, Verdict.UNCHANGED)


def test_a_failover_whose_epoch_was_written_without_a_reply_is_tried_again_until_it_comes_through():
    world = synced_world()
    request = world.ask("west", Action.FAILOVER, to=WEST)
    (event,) = world.events()
    world.control("west").fail("put", "epochs/", after=True, times=1)
    world.control("west").fail("get", "epochs/", times=1)

    first = world.deliver(event).status
    second = world.deliver(event).status

    assert (first, second) == (503, 200)
    assert world.outcome("west", request).report.endswith("-failover.json")


def test_a_failover_that_was_cut_after_the_epoch_goes_on_where_it_was():
    world = synced_world()
    world.data("west").fail("put", "reports/", times=1)
    request = world.ask("west", Action.FAILOVER, to=WEST)
    (event,) = world.events()
    assert world.deliver(event).status == 503

    assert world.deliver(event).status == 200

    assert world.outcome("west", request).report.endswith("-failover.json")
    assert world.context.roles(world.group).epoch.number == 2


def test_the_epoch_says_what_was_passed_over_by_name_and_not_what_to_do_about_it():
    world = synced_world()
    world.set_price("east", "2")
    world.do("east", Action.EXPORT)

    world.do("west", Action.FAILOVER, to=WEST, snapshot=snapshot("1-1"))

    assert world.context.roles(world.group).epoch.reason == (
        "failover asked for by operator; snapshot 1-1 of group shop is older than 1-2, which the standby has"
        " already had"
    )


def test_a_second_failover_to_the_same_site_changes_nothing():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict is Verdict.UNCHANGED
    assert "primary of shop already" in outcome.message
    assert world.context.roles(world.group).epoch.number == 2


def test_a_failover_event_that_comes_again_later_is_harmless():
    world = synced_world()
    world.ask("west", Action.FAILOVER, to=WEST)
    (event,) = world.events()
    world.deliver(event)
    reports = world.reports("west")

    answer = world.deliver(event)

    assert answer.body["verdict"] == "ignored"
    assert world.reports("west") == reports


def test_a_failover_request_at_the_wrong_site_is_not_carried_out():
    world = synced_world()

    outcome = world.do("west", Action.FAILOVER, to=EAST)

    assert outcome.verdict is Verdict.FAILED
    assert world.context.roles(world.group).epoch.number == 1


def test_a_failover_ends_a_dispute_over_an_epoch():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    claim_too(world)

    world.do("west", Action.FAILOVER, to=WEST)

    roles = world.context.roles(world.group)
    assert (roles.epoch.number, roles.epoch.primary) == (3, WEST)


def test_failing_back_brings_the_changes_back():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "7")
    world.do("west", Action.EXPORT)

    outcome = world.do("east", Action.FAILOVER, to=EAST)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert world.price("east") == "7"
    assert world.context.roles(world.group).epoch.primary == EAST


def test_a_site_that_is_primary_in_a_dispute_keeps_its_state():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "9")
    claim_too(world)

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict is Verdict.DONE
    assert world.price("west") == "9"


def test_a_failover_does_not_go_back_behind_an_earlier_change_of_roles():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.do("west", Action.EXPORT)
    world.do("east", Action.FAILOVER, to=EAST)
    world.set_price("east", "3")

    refused = world.do("west", Action.FAILOVER, to=WEST)
    named = world.do("west", Action.FAILOVER, to=WEST, snapshot=snapshot("1-1"))

    assert refused.verdict is Verdict.REFUSED
    assert "1-1 is older than epoch 3" in refused.message
    assert named.report.endswith("-failover.json")
    assert world.context.roles(world.group).epoch.number == 4


def unfinished_world() -> World:
    """A failover whose restore ended with one object refused."""
    world = synced_world()
    world.clusters[WEST].take_out("ConfigMap", "shop", "prices")
    world.clusters[WEST].fail("apply", ClusterError("422 no", status=422, reason="Invalid"), name="prices", times=2)
    assert world.do("west", Action.FAILOVER, to=WEST).verdict is Verdict.INCOMPLETE
    return world


def test_a_failover_that_did_not_come_through_is_taken_up_again():
    world = unfinished_world()

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (outcome.verdict, str(outcome.snapshot)) == (Verdict.DONE, "1-1")
    assert outcome.report.endswith("-failover.json")
    assert world.price("west") == "1"
    assert world.context.roles(world.group).epoch.number == 2


def test_once_it_has_come_through_there_is_nothing_to_do():
    world = unfinished_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "9")

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (outcome.verdict, outcome.report) == (Verdict.UNCHANGED, "")
    assert world.price("west") == "9"


def test_a_failover_goes_on_with_its_own_snapshot_whatever_has_come_since():
    world = synced_world()
    world.set_price("east", "2")
    world.ask("east", Action.EXPORT)
    world.deliver(world.events()[0])
    late = world.events()
    world.clusters[WEST].take_out("ConfigMap", "shop", "prices")
    world.clusters[WEST].fail("apply", ClusterError("422 no", status=422, reason="Invalid"), name="prices", times=2)
    world.do("west", Action.FAILOVER, to=WEST)
    for event in late:
        world.deliver(event)
    world.settle()

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP)[-1] == snapshot("1-2")
    assert (str(outcome.snapshot), world.price("west")) == ("1-1", "1")


def test_an_unfinished_failover_does_not_turn_to_another_snapshot():
    world = unfinished_world()

    outcome = world.do("west", Action.FAILOVER, to=WEST, snapshot=snapshot("1-9"))

    assert outcome.verdict is Verdict.REFUSED
    assert "restores snapshot 1-1" in outcome.message
    assert "kubestandby restore shop 1-9 --site west" in outcome.message


def test_an_operators_restore_of_it_finishes_a_failover_too():
    world = unfinished_world()
    restored = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert restored.verdict is Verdict.DONE
    assert (outcome.verdict, outcome.report) == (Verdict.UNCHANGED, "")


def test_a_failover_that_could_not_even_begin_to_restore_is_taken_up_again():
    world = synced_world()
    world.clusters[WEST].fail("discover", ClusterError("403 no", status=403, reason="Forbidden"), times=1)
    failed = world.do("west", Action.FAILOVER, to=WEST)

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (failed.verdict, failed.report) == (Verdict.FAILED, "")
    assert outcome.report.endswith("-failover.json")
    assert world.context.roles(world.group).epoch.number == 2


def test_a_success_of_an_earlier_epoch_finishes_no_later_failover():
    world = synced_world()
    world.do("west", Action.FAILOVER, to=WEST)
    world.do("west", Action.EXPORT)
    world.do("east", Action.FAILOVER, to=EAST)
    world.do("east", Action.EXPORT)
    world.clusters[WEST].fail("discover", ClusterError("403 no", status=403, reason="Forbidden"), times=1)
    assert world.do("west", Action.FAILOVER, to=WEST).verdict is Verdict.FAILED

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (str(outcome.snapshot), outcome.report.rpartition("-")[2]) == ("3-1", "failover.json")


def test_a_rehearsal_does_not_finish_a_failover():
    world = unfinished_world()
    rehearsed = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="rehearse")

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert rehearsed.verdict is Verdict.DONE
    assert (outcome.verdict, world.price("west")) == (Verdict.DONE, "1")


def test_a_failover_of_which_nobody_keeps_a_record_is_not_taken_up_again():
    world = unfinished_world()
    for key in [key for key in world.control("west").objects if key.startswith(("requests/", "outcomes/"))]:
        del world.control("west").objects[key]

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert (outcome.verdict, outcome.report) == (Verdict.UNCHANGED, "")
