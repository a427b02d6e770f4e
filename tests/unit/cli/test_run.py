"""`run`: exit status 0 only if everything arrived."""

import json
from dataclasses import replace
from datetime import timedelta

from kubestandby.layout import Action
from kubestandby.reports import Change, ObjectResult
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.resources import GVK
from kubestandby.snapshots import RuleCount, SnapshotId, Stage, TypeSummary
from tests.unit.cli.world import EAST, NOON, SHOP, WEB, WEST, World, exports, outcome_of, report_of

FAILED = (ObjectResult(ref=WEB, change=Change.FAILED, reason="quota"),)


def _restored_by_itself(world: World, id_: str, **report: object) -> None:
    """The standby takes every new snapshot in, as the event would have it."""
    export = exports(world, Verdict.DONE, id_)

    def answer(request: Request) -> Outcome | None:
        outcome = export(request)
        if outcome is not None:
            world.report(report_of(id_, requested_at=NOON + timedelta(hours=1), **report))
        return outcome

    world.answer = answer


def test_a_change_that_arrives_exits_0_and_tells_the_report(world: World) -> None:
    _restored_by_itself(world, "1-1")

    result = world.run("run", "shop")

    assert result.exit_code == 0
    assert "shop: taken as snapshot 1-1, 1 object" in result.stdout
    assert "objects    1 created, 1 unchanged" in result.stdout


def test_a_transform_that_found_nothing_to_do_is_told(world: World) -> None:
    rules = tuple(
        RuleCount(rule=rule, count=count)
        for rule, count in (("drop_status", 0), ("transform:images", 3), ("transform:no-budgets", 0))
    )
    world.crossed("1-1", rules=rules)
    world.report(report_of(requested_at=NOON - timedelta(hours=1)))
    world.answer = exports(world, Verdict.UNCHANGED, "1-1")

    result = world.run("run", "shop")

    assert result.exit_code == 0
    (warning,) = (line for line in result.stderr.splitlines() if "warning" in line)
    assert warning.startswith("warning: transform no-budgets found nothing to do in snapshot 1-1")


def test_a_version_that_the_primary_does_not_serve_is_told(world: World) -> None:
    document = json.loads(world.config.read_text())
    document["spec"]["apiVersions"] = ["apps/v1", "autoscaling/v9"]
    world.config.write_text(json.dumps(document))
    served = TypeSummary(gvk=GVK("apps", "v1", "Deployment"), plural="deployments", count=0, resource_version="7")
    world.crossed("1-1", types=(served,))
    world.report(report_of(requested_at=NOON - timedelta(hours=1)))
    world.answer = exports(world, Verdict.UNCHANGED, "1-1")

    result = world.run("run", "shop")

    assert result.exit_code == 0
    (warning,) = (line for line in result.stderr.splitlines() if "warning" in line)
    assert warning.startswith(
        "warning: spec.apiVersions names autoscaling/v9, in which nothing is exported: east serves no kind in it"
    )


def test_kinds_that_are_not_exported_at_all_are_told(world: World) -> None:
    document = json.loads(world.config.read_text())
    document["spec"]["includeOwned"] = ["Ticket", "Ticket.shop.example"]
    document["spec"].setdefault("restore", {})["recreate"] = ["Deployment", "Jub"]
    world.config.write_text(json.dumps(document))
    kinds = ((GVK("apps", "v1", "Deployment"), "deployments"), (GVK("shop.example", "v1", "Ticket"), "tickets"))
    world.crossed("1-1", types=tuple(TypeSummary(gvk=k, plural=p, count=0, resource_version="7") for k, p in kinds))
    world.report(report_of(requested_at=NOON - timedelta(hours=1)))
    world.answer = exports(world, Verdict.UNCHANGED, "1-1")

    result = world.run("run", "shop")

    assert result.exit_code == 0
    warnings = [line.partition(",")[0] for line in result.stderr.splitlines() if "warning" in line]
    assert warnings == [
        "warning: spec.includeOwned names Ticket", "warning: spec.restore.recreate names Jub"
    ]  # fmt: skip


def test_a_kind_that_crosses_in_another_version_is_told(world: World) -> None:
    world.crossed("1-1")
    world.report(report_of(requested_at=NOON - timedelta(hours=1)))
    unchanged = exports(world, Verdict.UNCHANGED, "1-1")

    def answer(request: Request) -> Outcome | None:
        outcome = unchanged(request)
        versions = [
            {"apiVersion": "batch/v1", "kind": "CronJob"},
            {"apiVersion": "shop.example/v1", "kind": "Ticket"},
        ]
        return replace(outcome, details={"versions": versions}) if outcome else None

    world.answer = answer

    result = world.run("run", "shop")

    assert result.exit_code == 0
    assert "note: exported CronJob as batch/v1: the standby does not serve" in result.stderr
    assert "warning: exported Ticket as shop.example/v1: the standby does not serve" in result.stderr
    assert " ".join(result.stderr.split()).count("fields that only that one has may be missing") == 1


def test_a_restore_that_fails_in_part_exits_1(world: World) -> None:
    _restored_by_itself(world, "1-1", results=FAILED)

    result = world.run("run", "shop")

    assert result.exit_code == 1
    assert "quota" in result.stdout


def test_an_unchanged_state_that_was_restored_before_is_a_success(world: World) -> None:
    world.crossed("1-1")
    world.report(report_of(requested_at=NOON - timedelta(hours=1)))
    world.answer = exports(world, Verdict.UNCHANGED, "1-1")

    result = world.run("run", "shop")

    assert result.exit_code == 0
    assert "unchanged since snapshot 1-1" in result.stdout
    assert "west has it since" in result.stdout


def test_an_unchanged_state_whose_restore_had_failed_is_restored_once_more(world: World) -> None:
    world.crossed("1-1")
    world.report(report_of(requested_at=NOON - timedelta(hours=1), results=FAILED))
    export = exports(world, Verdict.UNCHANGED, "1-1")

    def answer(request: Request) -> Outcome | None:
        if request.action is not Action.RESTORE:
            return export(request)
        key = world.report(report_of(requested_at=request.requested_at, started_at=NOON + timedelta(seconds=9)))
        return outcome_of(request, report=key)

    world.answer = answer

    assert world.run("run", "shop").exit_code == 0
    assert [request.action for request in world.answered] == [Action.EXPORT, Action.RESTORE]
    assert world.answered[1].snapshot == SnapshotId(1, 1)


def test_an_incomplete_snapshot_exits_1_and_says_so(world: World) -> None:
    world.answer = exports(world, Verdict.INCOMPLETE, "1-1", failures=("apps: 503",))

    result = world.run("run", "shop")

    assert result.exit_code == 1
    assert "error: export is incomplete" in result.stderr


def test_an_export_that_fails_exits_1_with_its_reason(world: World) -> None:
    world.answer = lambda request: outcome_of(request, Verdict.FAILED, message="cluster east does not answer")

    result = world.run("run", "shop")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "error: cluster east does not answer"


def test_a_sanitize_that_fails_for_good_ends_the_wait(world: World) -> None:
    def answer(request: Request) -> Outcome:
        world.snapshot("1-1")
        failed = outcome_of(request, Verdict.FAILED, message="the archive is damaged")
        world.requests(EAST).finish(Outcome(**{**_fields(failed), "request": "sanitize-1-1"}))
        return outcome_of(request, snapshot=SnapshotId(1, 1))

    world.answer = answer

    result = world.run("run", "shop")

    assert result.exit_code == 1
    assert "sanitize of snapshot 1-1 failed: the archive is damaged" in result.stderr


def test_a_sanitize_that_failed_in_an_earlier_pass_is_asked_for_once_more(world: World) -> None:
    world.snapshot("1-1")
    failed = Outcome(
        group=SHOP,
        request="sanitize-1-1",
        verdict=Verdict.FAILED,
        message="the bucket was full",
        finished_at=NOON - timedelta(hours=1),
    )
    world.requests(EAST).finish(failed)

    def answer(request: Request) -> Outcome | None:
        if request.action is Action.SANITIZE:
            world.snapshot("1-1", site=WEST, stage=Stage.SANITIZED)
        if request.action is Action.RESTORE:
            key = world.report(report_of(requested_at=request.requested_at, started_at=NOON + timedelta(seconds=9)))
            return outcome_of(request, report=key)
        return outcome_of(request, Verdict.UNCHANGED, snapshot=SnapshotId(1, 1))

    world.answer = answer

    assert world.run("run", "shop").exit_code == 0
    assert [request.action for request in world.answered] == [Action.EXPORT, Action.SANITIZE, Action.RESTORE]


def test_what_never_arrives_ends_with_status_3(world: World) -> None:
    world.answer = exports(world, Verdict.DONE, "1-1")

    result = world.run("run", "shop", "--timeout", "20s")

    assert result.exit_code == 3
    assert "did not arrive at the standby within 20 s" in result.stderr


def test_after_a_failover_it_runs_the_other_way(world: World) -> None:
    world.epoch(2, primary=WEST, site=WEST)
    world.answer = lambda request: outcome_of(request, Verdict.FAILED, message="no")

    world.run("run", "shop")

    assert len(world.requests(WEST).requests(SHOP)) == 1
    assert world.requests(EAST).requests(SHOP) == ()


def test_json_tells_when_each_part_was_seen(world: World) -> None:
    _restored_by_itself(world, "1-1")

    told = world.json("run", "shop")

    assert told["arrived"] is True
    assert set(told["seenAt"]) == {"snapshot", "raw", "sanitized", "restore"}


def _fields(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
