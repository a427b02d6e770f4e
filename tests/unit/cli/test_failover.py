"""`failover`."""

from datetime import timedelta

from kubestandby.layout import Action
from kubestandby.reports import Change, ObjectResult, Purpose
from kubestandby.requests import Verdict
from kubestandby.snapshots import SnapshotId, Stage
from tests.unit.cli.world import EAST, SETTINGS, SHOP, WEST, World, outcome_of, report_of


def _fails_over(world: World) -> None:
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(purpose=Purpose.FAILOVER)))


def test_failover_works_with_the_other_sites_stores_gone(world: World) -> None:
    world.crossed("1-1")
    world.lose(EAST)
    _fails_over(world)

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 0
    asked = world.answered[0]
    assert (asked.action, asked.to, asked.snapshot) == (Action.FAILOVER, WEST, None)
    assert "east cannot be reached" in result.stderr
    assert "RTO        4.0 s" in result.stdout


def test_the_newest_complete_snapshot_and_its_age_are_shown_before_the_question(world: World) -> None:
    world.crossed("1-1")
    world.crossed("1-2", failures=("apps: 503",))

    shown = world.run("failover", "shop", "--to", "west", stdin="n\n").stderr

    assert "1-1, 1 object, from east" in shown
    assert "5 min ago: changes made after that are lost" in shown
    assert "1-2, not complete or damaged" in shown


def test_a_good_newer_snapshot_that_is_passed_over_is_called_what_it_is(world: World) -> None:
    world.crossed("1-1")
    world.crossed("1-2")
    world.crossed("1-3", failures=("apps: 503",))

    shown = world.run("failover", "shop", "--to", "west", "--snapshot", "1-1", stdin="n\n").stderr

    assert "1-2 is complete, and passed over since 1-1 is named; 1-3, not complete or damaged" in shown


def test_without_a_yes_nothing_is_asked_for(world: World) -> None:
    world.crossed("1-1")

    for answer in ("n\n", ""):
        result = world.run("failover", "shop", "--to", "west", stdin=answer)

        assert result.exit_code == 1
        assert "not confirmed, nothing was done" in result.stderr
    assert world.requests(WEST).requests(SHOP) == ()


def test_a_yes_typed_is_as_good_as_the_option(world: World) -> None:
    world.crossed("1-1")
    _fails_over(world)

    assert world.run("failover", "shop", "--to", "west", stdin="y\n").exit_code == 0


def test_a_named_snapshot_is_handed_on_even_if_incomplete(world: World) -> None:
    world.crossed("1-1")
    world.crossed("1-2", failures=("apps: 503",))
    _fails_over(world)

    result = world.run("failover", "shop", "--to", "west", "--snapshot", "1-2", "--yes")

    assert world.answered[0].snapshot == SnapshotId(1, 2)
    assert "no: apps: 503" in result.stderr


def test_without_a_complete_snapshot_the_roles_stay_as_they_are(world: World) -> None:
    world.snapshot("1-1", site=WEST, stage=Stage.SANITIZED, failures=("apps: 503",))

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 1
    assert "holds no complete snapshot of group shop to fail over to" in result.stderr
    assert world.requests(WEST).requests(SHOP) == ()


def test_failover_to_the_primary_is_refused(world: World) -> None:
    world.crossed("1-1")

    result = world.run("failover", "shop", "--to", "east", "--yes")

    assert result.exit_code == 1
    assert "east is the primary of group shop already" in result.stderr


def test_a_failover_ends_a_dispute_between_two_epochs(world: World) -> None:
    world.crossed("1-1")
    world.epoch(2, primary=EAST, site=EAST)
    world.epoch(2, primary=WEST, site=WEST)
    _fails_over(world)

    assert world.run("failover", "shop", "--to", "east", "--yes").exit_code == 1  # holds no sanitized snapshot
    assert world.run("failover", "shop", "--to", "west", "--yes").exit_code == 0


def test_a_refused_failover_tells_the_functions_reason(world: World) -> None:
    world.crossed("1-1")
    world.answer = lambda request: outcome_of(request, Verdict.REFUSED, message="epoch 2 was begun by somebody else")

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "error: epoch 2 was begun by somebody else"


def _began(world: World, verdict: Verdict) -> None:
    """West is primary since a failover that ended so, with a report."""
    request = world.requests(WEST).submit(SHOP, Action.FAILOVER, origin="operator", to=WEST, after_epoch=1)
    world.begun(request)
    refused = ObjectResult(ref=SETTINGS, change=Change.FAILED, reason="no")
    results = (refused,) if verdict is Verdict.INCOMPLETE else ()
    started = request.requested_at + timedelta(seconds=1)
    report = world.report(report_of(purpose=Purpose.FAILOVER, results=results, started_at=started, workloads=()))
    world.requests(WEST).finish(outcome_of(request, verdict, report=report))


def test_a_failover_that_did_not_come_through_is_taken_up_again(world: World) -> None:
    world.crossed("1-1")
    _began(world, Verdict.INCOMPLETE)
    _fails_over(world)

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 0
    assert "the failover to west that began epoch 2 did not come through: it is taken up again" in result.stderr
    assert "1-1, 1 object, from east" in result.stderr


def test_a_failover_that_came_through_is_not_done_twice(world: World) -> None:
    world.crossed("1-1")
    _began(world, Verdict.DONE)

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 1
    assert "west is the primary of group shop already (epoch 2); nothing to do" in result.stderr
