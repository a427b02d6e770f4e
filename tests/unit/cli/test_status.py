"""`status`, its table, its JSON and its page."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kubestandby.epochs import begin_epoch
from kubestandby.layout import Action
from kubestandby.reports import Change, ObjectResult, Purpose, Readiness, WorkloadStatus
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import SiteName, SnapshotId, Stage
from tests.fakes.keys import asked_epoch, keyring
from tests.unit.cli.world import EAST, NOON, SETTINGS, SHOP, WEB, WEST, World, outcome_of, report_of


def _problems(world: World) -> list[str]:
    return list(world.json("status", "shop")["groups"][0]["problems"])


def test_a_group_in_order_has_nothing_to_act_on(world: World) -> None:
    world.crossed("1-1")
    world.applied("1-1")
    world.report(report_of())

    told = world.json("status")["groups"][0]
    west = told["sites"][1]

    assert told["problems"] == []
    assert (told["primary"], told["epoch"], west["role"]) == ("east", 1, "standby")
    assert west["sanitized"]["id"] == "1-1"
    assert west["applied"] == {"snapshot": "1-1", "mode": "hot"}
    assert west["lastRestore"]["rtoSeconds"] == 4.0


def test_an_unreachable_site_is_a_problem_and_no_error(world: World) -> None:
    world.crossed("1-1")
    world.lose(EAST)

    result = world.run("status")

    assert result.exit_code == 0
    assert "unreachable" in result.stdout
    assert len([problem for problem in _problems(world) if problem.startswith("east cannot be reached")]) == 2


def test_with_every_site_gone_status_still_answers(world: World) -> None:
    world.lose(EAST)
    world.lose(WEST)

    assert world.run("status").exit_code == 0
    assert len([problem for problem in _problems(world) if "cannot be reached" in problem]) >= 2


def test_a_standby_without_a_complete_snapshot_is_a_problem(world: World) -> None:
    world.snapshot("1-1")

    assert _problems(world) == ["west holds no complete snapshot to fail over to; `kubestandby run shop` makes one"]


def test_a_stale_snapshot_is_a_problem_until_a_heartbeat_proves_it(world: World) -> None:
    world.crossed("1-1", fresh_until=NOON - timedelta(minutes=1))
    raw = world.snapshots(EAST).read_index(Stage.RAW, SHOP, SnapshotId(1, 1))
    assert any("is stale" in problem for problem in _problems(world))

    world.snapshots(EAST).heartbeat(raw, NOON - timedelta(seconds=30))

    assert _problems(world) == []


def test_a_restore_that_did_not_succeed_is_a_problem(world: World) -> None:
    world.crossed("1-1")
    world.report(report_of(results=(ObjectResult(ref=WEB, change=Change.FAILED, reason="quota"),)))

    (problem,) = _problems(world)
    assert problem == (
        "west: the last restore, of snapshot 1-1, did not succeed: Deployment.apps shop/web: quota; mend that, then"
        " `kubestandby restore shop`"
    )


def test_a_workload_that_does_not_come_up_is_named_with_what_it_says(world: World) -> None:
    world.crossed("1-1")
    waiting = WorkloadStatus(ref=WEB, readiness=Readiness.IN_PROGRESS, message="0 of 2 replicas")
    world.report(report_of(workloads=(waiting, replace(waiting, ref=SETTINGS))))

    (problem,) = _problems(world)
    assert "did not succeed: Deployment.apps shop/web is InProgress: 0 of 2 replicas (and 1 more)" in problem


def test_a_failover_that_did_not_come_through_is_a_problem_with_the_command_that_goes_on(world: World) -> None:
    world.crossed("1-1")
    world.epoch(2, primary=WEST, site=WEST)
    failed = (ObjectResult(ref=WEB, change=Change.FAILED, reason="quota"),)
    world.report(report_of(results=failed, purpose=Purpose.FAILOVER))

    (problem,) = [one for one in _problems(world) if "failover" in one]

    assert problem == (
        "west: the last failover, of snapshot 1-1, did not succeed: Deployment.apps shop/web: quota; mend that, then"
        " `kubestandby failover shop --to west`"
    )


def test_a_primary_that_is_out_of_reach_brings_the_command_that_fails_over(world: World) -> None:
    world.crossed("1-1")
    world.lose(EAST)

    assert "`kubestandby failover shop --to west`" in " ".join(_problems(world))


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.REFUSED])
def test_a_snapshot_that_could_not_be_made_restorable_is_a_problem_until_it_is(world: World, verdict: Verdict) -> None:
    world.crossed("1-1")
    world.snapshot("1-2")
    _came_of(world, EAST, "sanitize-1-2", verdict, "transform our-registry: no reference")

    assert _problems(world) == ["east: snapshot 1-2 was not made restorable: transform our-registry: no reference"]

    world.snapshot("1-2", site=WEST, stage=Stage.SANITIZED)

    assert _problems(world) == []


def test_a_snapshot_that_was_not_taken_in_is_a_problem_until_a_restore_comes_through(world: World) -> None:
    world.crossed("1-1")
    _came_of(world, WEST, "restore-1-1", Verdict.FAILED, "there is no key here to unseal with")

    assert _problems(world) == ["west: snapshot 1-1 was not taken in: there is no key here to unseal with"]

    world.report(report_of())

    assert _problems(world) == []


def test_a_standby_without_anything_of_the_new_primary_is_a_problem_until_an_export_has_come(world: World) -> None:
    world.crossed("1-1")
    world.snapshot("1-1", site=EAST, stage=Stage.SANITIZED)
    world.epoch(2, primary=WEST, site=WEST)

    (problem,) = _problems(world)

    assert problem == (
        "east: its newest snapshot 1-1 is from before the last change of roles (epoch 2), and a failover takes"
        " it only with --snapshot; `kubestandby run shop` brings over what west has now"
    )


def test_an_export_that_failed_before_the_roles_changed_is_no_problem_any_more(world: World) -> None:
    world.crossed("1-1")
    world.answer = lambda request: outcome_of(request, Verdict.FAILED, message="no answer")
    world.run("export", "shop")
    failed = world.requests(EAST).requests(SHOP)
    assert any("no answer" in problem for problem in _problems(world))

    world.clock.advance(60)
    began = asked_epoch(SHOP, 2, EAST, now=world.clock.now())
    begin_epoch(world.control(EAST), keyring(world.clock), began)

    assert world.requests(EAST).requests(SHOP) == failed
    assert not any("no answer" in problem for problem in _problems(world))


def test_an_empty_bucket_of_the_primary_is_a_problem_where_the_standby_has_what_came_from_it(world: World) -> None:
    world.snapshot("1-1", site=WEST, stage=Stage.SANITIZED, source_sha256="0" * 64)

    (problem,) = _problems(world)

    assert problem == (
        "east: its data bucket has no complete snapshot, and west has 1-1, which came from there; see that it is the"
        " right bucket, and there as a whole"
    )


def test_what_was_applied_last_is_shown_whatever_the_modes_are_called(world: World) -> None:
    world.crossed("1-1")
    world.applied("1-1", "warm")
    world.applied("1-1", "hot", at=NOON + timedelta(minutes=1))

    assert world.json("status")["groups"][0]["sites"][1]["applied"] == {"snapshot": "1-1", "mode": "hot"}


def _came_of(world: World, site: SiteName, work: str, verdict: Verdict, message: str) -> None:
    outcome = Outcome(group=SHOP, request=work, verdict=verdict, message=message, finished_at=NOON)
    world.requests(site).finish(outcome)


def test_a_request_that_waits_too_long_is_a_problem(world: World) -> None:
    world.crossed("1-1")
    name = world.requests(EAST).submit(SHOP, Action.EXPORT, origin="timer").name
    assert _problems(world) == []

    world.clock.advance(3000)

    (problem,) = _problems(world)
    assert f"request {name} has waited 50 min for its outcome" in problem
    assert "`kubestandby doctor --site east` and the log of the export function" in problem


def test_an_incomplete_newest_snapshot_is_a_problem(world: World) -> None:
    world.crossed("1-1")
    world.snapshot("1-2", failures=("apps: 503",))

    assert _problems(world) == ["east: raw snapshot 1-2 is not complete: apps: 503"]


def test_two_sites_that_both_claim_to_be_primary_are_a_problem(world: World) -> None:
    world.crossed("1-1")
    world.epoch(2, primary=EAST, site=EAST)
    world.epoch(2, primary=WEST, site=WEST)

    assert any("epoch 2 is claimed by east, west" in problem for problem in _problems(world))


def test_after_a_failover_status_says_since_when_and_why(world: World) -> None:
    world.epoch(2, primary=WEST, site=WEST)

    printed = world.run("status", "shop").stdout

    assert "primary west, epoch 2" in printed
    assert "since 2026-11-22 12:00:00Z (failover asked for)" in printed


def test_the_page_stands_alone_and_escapes_what_it_shows(world: World, tmp_path: Path) -> None:
    world.crossed("1-1")
    reason = '<script src="//evil"></script>'
    world.report(report_of(results=(ObjectResult(ref=WEB, change=Change.FAILED, reason=reason),)))
    page = tmp_path / "status.html"

    result = world.run("status", "--html", str(page))

    text = page.read_text()
    assert result.exit_code == 0
    assert "<script" not in text
    assert "&lt;script src=&quot;//evil&quot;&gt;" in text
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in text


def test_a_page_that_cannot_be_written_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    result = world.run("status", "--html", str(tmp_path / "no" / "status.html"))

    assert result.exit_code == 64
    assert "choose another file for --html" in result.stderr
    assert list(tmp_path.glob("**/*.part")) == []


def test_an_old_page_is_replaced_whole(world: World, tmp_path: Path) -> None:
    page = tmp_path / "status.html"
    page.write_text("old" * 100_000)

    world.run("status", "--html", str(page))

    assert page.read_text().endswith("</html>\n")


def test_the_stage_of_a_site_that_holds_none_is_null(world: World) -> None:
    world.snapshot("1-1", site=WEST, stage=Stage.SANITIZED)

    sites = world.json("status")["groups"][0]["sites"]

    assert sites[0]["raw"] is None
    assert sites[1]["sanitized"]["freshUntil"] == "2026-11-22T13:00:00Z"


def test_an_export_that_fails_is_a_problem_before_the_snapshot_is_stale(world: World) -> None:
    world.crossed("1-1")
    world.answer = lambda request: outcome_of(request, Verdict.FAILED, message="the cluster does not answer")
    world.run("export", "shop")

    assert _problems(world) == ["east: the last export did not succeed: the cluster does not answer"]

    world.answer = lambda request: outcome_of(request, Verdict.UNCHANGED)
    world.run("export", "shop")

    assert _problems(world) == []


def test_held_deletions_are_a_problem_with_the_command_that_lets_them_go(world: World) -> None:
    world.crossed("1-1")
    world.report(report_of(held_deletions=4))

    told = world.json("status")["groups"][0]

    assert [problem for problem in told["problems"] if "4 deletions are held" in problem]
    assert "`kubestandby restore shop --prune-all`" in " ".join(told["problems"])
