"""`plan` and `restore`."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from kubestandby.layout import Action
from kubestandby.reports import Change, Drift, FieldDiff, ObjectResult, Purpose, Readiness, WorkloadStatus
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.snapshots import SnapshotId
from tests.unit.cli.world import EAST, SETTINGS, SHOP, WEB, WEST, World, outcome_of, report_of


def _planned(world: World, *results: ObjectResult) -> None:
    def answer(request: Request) -> Outcome:
        key = world.report(report_of(purpose=Purpose.PLAN, results=results, workloads=()))
        return outcome_of(request, report=key)

    world.answer = answer


def test_a_plan_that_changes_nothing_exits_0(world: World) -> None:
    _planned(world, ObjectResult(ref=WEB, change=Change.UNCHANGED))

    result = world.run("plan", "shop")

    assert result.exit_code == 0
    assert "0 to create, 0 to update, 1 unchanged, 0 blocked, of 1 object" in result.stdout


def test_a_plan_that_changes_something_exits_2_and_shows_the_fields(world: World) -> None:
    diff = FieldDiff("spec.replicas", "0", "2")
    _planned(
        world,
        ObjectResult(ref=WEB, change=Change.CONFIGURED, diffs=(diff,)),
        ObjectResult(ref=SETTINGS, change=Change.CREATED),
    )

    result = world.run("plan", "shop")

    assert result.exit_code == 2
    assert "~ update Deployment.apps shop/web\n    spec.replicas: 0 -> 2" in result.stdout
    assert "+ create ConfigMap shop/settings" in result.stdout


def test_a_blocked_object_makes_the_plan_fail_and_says_why(world: World) -> None:
    _planned(world, ObjectResult(ref=WEB, change=Change.BLOCKED, reason="its kind is not served"))

    result = world.run("plan", "shop")

    assert result.exit_code == 1
    assert "! blocked Deployment.apps shop/web: its kind is not served" in result.stdout


def test_a_plan_that_cannot_be_made_is_an_error(world: World) -> None:
    world.answer = lambda request: outcome_of(request, Verdict.REFUSED, message="there is no snapshot")

    result = world.run("plan", "shop")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "error: there is no snapshot"


def test_plan_as_json_holds_every_object_and_field(world: World) -> None:
    diff = FieldDiff("data.password", "***", "***")
    _planned(world, ObjectResult(ref=SETTINGS, change=Change.CONFIGURED, diffs=(diff,)))

    told = world.json("plan", "shop")["report"]

    assert told["counts"]["configured"] == 1
    assert told["objects"][0]["fields"] == [{"path": "data.password", "live": "***", "desired": "***"}]


@pytest.mark.parametrize(("words", "site"), [((), WEST), (("--site", "east"), EAST)])
def test_plan_is_asked_of_the_standby_unless_a_site_is_named(world: World, words: tuple[str, ...], site: str) -> None:
    _planned(world, ObjectResult(ref=WEB, change=Change.UNCHANGED))

    world.run("plan", "shop", "--timeout", "5s", *words)

    log = world.requests(EAST if site == EAST else WEST)
    assert log.read(SHOP, log.requests(SHOP)[0]).action is Action.PLAN


def test_restore_hands_on_snapshot_and_mode(world: World) -> None:
    world.answer = lambda request: outcome_of(request, report=world.report(report_of("1-7", purpose=Purpose.RESTORE)))

    result = world.run("restore", "shop", "1-7", "--mode", "rehearse")

    asked = world.answered[0]
    assert (asked.action, asked.snapshot, asked.mode) == (Action.RESTORE, SnapshotId(1, 7), "rehearse")
    assert result.exit_code == 0
    assert "RPO        5 min" in result.stdout
    assert "verify 0.2 s, plan 0.5 s, apply 1.0 s, wait 2.3 s" in result.stdout


def test_one_refused_object_makes_restore_exit_1_and_comes_first_in_the_table(world: World) -> None:
    refused = ObjectResult(ref=WEB, change=Change.FAILED, reason="quota exceeded")
    report = report_of(results=(ObjectResult(ref=SETTINGS, change=Change.CREATED), refused))
    world.answer = lambda request: outcome_of(request, Verdict.INCOMPLETE, report=world.report(report))

    result = world.run("restore", "shop")

    assert result.exit_code == 1
    assert result.stdout.index("quota exceeded") < result.stdout.index("created\n")
    assert result.stderr.splitlines()[-1].startswith("error: ")


def test_a_workload_that_is_not_current_makes_restore_exit_1(world: World) -> None:
    stalled = WorkloadStatus(ref=WEB, readiness=Readiness.IN_PROGRESS, message="it is paused", stalled=True)
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(workloads=(stalled,))))

    result = world.run("restore", "shop")

    assert result.exit_code == 1
    assert "InProgress (stalled)" in result.stdout
    assert "it is paused" in result.stdout


def deployments(count: int, readiness: Readiness, prefix: str) -> tuple[WorkloadStatus, ...]:
    return tuple(
        WorkloadStatus(ref=replace(WEB, name=f"{prefix}-{number:04}"), readiness=readiness) for number in range(count)
    )


def test_of_many_workloads_that_are_current_few_are_shown_and_the_rest_is_counted(world: World) -> None:
    workloads = deployments(300, Readiness.CURRENT, "web")
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(workloads=workloads)))

    printed = world.run("restore", "shop").stdout

    assert printed.count("shop/web-") == 20
    assert "and 280 more Current; `kubestandby status shop --output json` has all" in printed.splitlines()
    assert len(world.json("status", "shop")["groups"][0]["sites"][1]["lastRestore"]["workloads"]) == 300


def test_workloads_that_are_not_current_are_shown_before_those_that_are(world: World) -> None:
    workloads = (*deployments(300, Readiness.CURRENT, "web"), *deployments(100, Readiness.IN_PROGRESS, "db"))
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(workloads=workloads)))

    printed = world.run("restore", "shop").stdout

    assert (printed.count("shop/db-"), printed.count("shop/web-")) == (100, 20)
    assert printed.index("shop/db-0099") < printed.index("shop/web-0000")
    assert "more not Current" not in printed


def test_of_thousands_of_workloads_that_are_not_current_the_rest_is_counted(world: World) -> None:
    workloads = deployments(3000, Readiness.FAILED, "db")
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(workloads=workloads)))

    printed = world.run("restore", "shop").stdout

    assert printed.count("shop/db-") == 200
    assert "and 2800 more not Current; `kubestandby status shop --output json` has all" in printed.splitlines()


def test_of_thousands_of_refused_objects_the_rest_is_counted(world: World, tmp_path: Path) -> None:
    refused = [ObjectResult(ref=replace(WEB, name=f"web-{n}"), change=Change.FAILED, reason="no") for n in range(6000)]
    key = world.report(report_of(results=(ObjectResult(ref=SETTINGS, change=Change.CREATED), *refused)))
    world.answer = lambda request: outcome_of(request, report=key)

    printed = world.run("restore", "shop").stdout

    assert printed.count("shop/web-") == 200
    more = "and 5801 more (1 created, 5800 failed); `kubestandby status shop --html FILE` has all"
    assert more in printed.splitlines()
    assert len(world.json("restore", "shop")["report"]["objects"]) == 6001
    page = tmp_path / "status.html"
    world.run("status", "shop", "--html", str(page))
    assert page.read_text().count("shop/web-") >= 6000


def test_json_is_alone_on_stdout_whatever_the_outcome(world: World) -> None:
    world.answer = lambda request: outcome_of(request, Verdict.FAILED, message="the cluster does not answer")

    told = world.json("restore", "shop")

    assert told["verdict"] == "failed"
    assert told["report"] is None


def test_a_plan_tells_what_would_be_deleted_and_what_is_held(world: World) -> None:
    gone = ObjectResult(ref=WEB, change=Change.PRUNED, reason="the snapshot does not hold it any more")
    held = ObjectResult(ref=SETTINGS, change=Change.SKIPPED, reason="held: 5 of 9 objects would go")
    _planned(world, gone, held)

    result = world.run("plan", "shop")

    assert result.exit_code == 2
    assert "- delete Deployment.apps shop/web: the snapshot does not hold it any more" in result.stdout
    assert "o skip ConfigMap shop/settings: held: 5 of 9 objects would go" in result.stdout
    assert "0 to create, 0 to update, 1 to delete, 0 unchanged" in result.stdout


def test_what_others_have_set_is_a_table_of_its_own(world: World) -> None:
    drift = (Drift("data.extra", "theirs", "kubectl-edit"),)
    report = report_of(results=(ObjectResult(ref=SETTINGS, change=Change.UNCHANGED, drift=drift),))
    world.answer = lambda request: outcome_of(request, report=world.report(report))

    result = world.run("restore", "shop")

    assert "Set by others" in result.stdout
    assert ["ConfigMap shop/settings", "data.extra", "theirs", "kubectl-edit"] in _cells(result.stdout)


def test_drift_and_held_deletions_are_in_the_json(world: World) -> None:
    drift = (Drift("data.extra", "theirs", "kubectl-edit"),)
    results = (ObjectResult(ref=SETTINGS, change=Change.UNCHANGED, drift=drift),)
    key = world.report(report_of(results=results, held_deletions=4))
    world.answer = lambda request: outcome_of(request, report=key)

    told = world.json("restore", "shop")["report"]

    assert told["heldDeletions"] == 4
    assert told["objects"][0]["drift"] == [{"path": "data.extra", "live": "theirs", "manager": "kubectl-edit"}]
    assert told["counts"]["pruned"] == 0


def test_held_deletions_are_told_with_the_option_that_lets_them_go(world: World) -> None:
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(held_deletions=4)))

    assert "4 deletions, too many at once: --prune-all if that is right" in world.run("restore", "shop").stdout


def test_the_operators_word_on_deletions_is_handed_on(world: World) -> None:
    world.answer = outcome_of

    world.run("restore", "shop")
    world.run("restore", "shop", "--prune-all")

    assert [request.prune_all for request in world.answered] == [False, True]


def _cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in re.split(r"  +|[│┃]", line) if cell.strip()] for line in table.splitlines()]
