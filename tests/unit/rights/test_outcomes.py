"""What operators see where rights are missing: outcomes, commands, status."""

from functools import partial
from typing import Any

import pytest

from kubestandby.errors import ClusterError
from kubestandby.groups import RestoreMode
from kubestandby.layout import Action, Function
from kubestandby.privileges import Rule
from kubestandby.reports import Change
from kubestandby.requests import NEEDS_PRIVILEGE, Outcome, Request, Verdict
from tests.unit.cli.world import SHOP, outcome_of, report_of
from tests.unit.cli.world import World as CommandWorld
from tests.unit.runtime.world import EAST, WEST, World

LOOKING = (Rule(groups=("*",), resources=("*",), verbs=("get", "list")),)
MANIFEST = "---\nkind: Role\n"
NEEDS = {
    "identity": "ServiceAccount kubestandby-system/kubestandby-restore",
    "site": "west",
    "missing": [{"verb": "create", "apiGroup": "", "resource": "secrets", "namespace": "shop"}],
    "byHand": [],
    "manifest": MANIFEST,
}
SAID = "NeedsPrivilege: on the cluster of west, ServiceAccount x may not create secrets in shop"


def forbidden(verb: str, resource: str) -> ClusterError:
    words = f'User "restorer" cannot {verb} resource "{resource}" in API group "" in the namespace "shop"'
    return ClusterError(f"{resource} is forbidden: {words}", status=403, reason="Forbidden")


# the functions


def test_a_snapshot_that_may_not_be_restored_is_not_begun_and_comes_when_the_rights_are_there():
    world = World()
    west = world.clusters[WEST]
    west.held = {"": LOOKING}

    world.do("east", Action.EXPORT)
    outcome = world.requests("west").outcome(world.group.name, "restore-1-1")
    writes, west.held = list(west.writes), None
    world.clock.advance(3600)
    world.tick()
    world.settle()

    assert outcome is not None
    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert "may not create configmaps kubestandby-shop in kubestandby-system" in outcome.message
    assert 'kind: "Role"' in outcome.needs_privilege["manifest"]
    assert writes == []
    assert world.price("west") == "1"


def test_a_failover_goes_on_with_what_it_may_do_and_tells_the_rest():
    world = World()
    west = world.clusters[WEST]
    world.clusters[EAST].put({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "till", "namespace": "shop"}})
    west.held = {"": LOOKING}
    world.do("east", Action.EXPORT)
    west.held = {"": (*LOOKING, Rule(groups=("",), resources=("configmaps", "namespaces"), verbs=("create", "patch")))}
    west.fail("apply", forbidden("patch", "secrets"), plural="secrets")

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert outcome.report
    assert world.price("west") == "1"
    assert "may not create secrets in shop (for Secret shop/till), patch secrets in shop" in outcome.message
    assert world.context.roles(world.group).epoch.primary == WEST


@pytest.mark.parametrize("asked", [{"action": Action.PLAN}, {"action": Action.RESTORE, "mode": RestoreMode.REHEARSE}])
def test_what_writes_nothing_tells_it_beside_its_report(asked: dict[str, Any]):
    world = World()
    world.clusters[WEST].put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    world.clusters[WEST].held = {"": LOOKING}
    world.do("east", Action.EXPORT)
    world.clusters[WEST].fail("apply", forbidden("patch", "configmaps"), plural="configmaps")

    outcome = world.do("west", asked.pop("action"), **asked)

    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert outcome.report
    assert world.clusters[WEST].writes == []


def test_an_export_that_may_not_begin_tells_all_that_is_missing():
    world = World()
    east = world.clusters[EAST]
    words = 'User "exporter" cannot get resource "namespaces" in API group "" in the namespace "kube-system"'
    east.fail("identity", ClusterError(f'namespaces "kube-system" is forbidden: {words}', status=403))
    east.held = {}

    outcome = world.do("east", Action.EXPORT)

    missing = {(one["verb"], one["resource"], one["name"]) for one in outcome.needs_privilege["missing"]}
    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert missing >= {("get", "namespaces", "kube-system"), ("list", "secrets", ""), ("list", "clusterroles", "")}


def test_rights_that_are_refused_on_the_way_are_told_too():
    world = World()
    west = world.clusters[WEST]
    west.fail("apply", forbidden("patch", "configmaps"), plural="configmaps", name="prices")
    world.do("east", Action.EXPORT)

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.NEEDS_PRIVILEGE
    assert [one["object"] for one in outcome.needs_privilege["missing"]] == ["ConfigMap shop/prices"]


def test_other_refusals_stay_what_they_are():
    world = World()
    quota = ClusterError("configmaps is forbidden: exceeded quota: few", status=403, reason="Forbidden")
    world.clusters[WEST].fail("apply", quota, plural="configmaps", name="prices")
    world.do("east", Action.EXPORT)

    assert world.do("west", Action.RESTORE).verdict is Verdict.INCOMPLETE


# the command line


def lacking(request: Request, **fields: Any) -> Outcome:
    return outcome_of(request, Verdict.NEEDS_PRIVILEGE, message=SAID, details={NEEDS_PRIVILEGE: NEEDS}, **fields)


@pytest.mark.parametrize(
    "words", [("export", "shop"), ("restore", "shop"), ("plan", "shop")], ids=lambda words: words[0]
)
def test_commands_print_what_to_apply(world: CommandWorld, words: tuple[str, ...]):
    world.crossed("1-1")
    world.answer = lacking

    result = world.run(*words)

    assert result.exit_code == 1
    assert SAID in result.stderr
    assert result.stdout.endswith(f"# For an administrator of the cluster of west: kubectl apply -f -\n{MANIFEST}")
    assert world.json(*words)["details"]["needsPrivilege"]["manifest"] == MANIFEST


def test_a_failover_prints_its_report_and_what_to_apply(world: CommandWorld):
    world.crossed("1-1")
    refused = report_of("1-1", results=report_of("1-1").results[:1])
    world.answer = partial(lacking, report=world.report(refused))

    result = world.run("failover", "shop", "--to", "west", "--yes")

    assert result.exit_code == 1
    assert MANIFEST in result.stdout


def test_run_prints_what_the_standby_lacks(world: CommandWorld):
    def answer(request: Request) -> Outcome | None:
        if request.action is not Action.EXPORT:
            return None
        world.crossed("1-1")
        failed = outcome_of(request, Verdict.NEEDS_PRIVILEGE, message=SAID, details={NEEDS_PRIVILEGE: NEEDS})
        world.requests(WEST).finish(Outcome(**{**_fields(failed), "request": f"{Function.RESTORE}-1-1"}))
        return outcome_of(request, snapshot=world.snapshots(EAST).ids("raw", SHOP)[-1])

    world.answer = answer

    result = world.run("run", "shop")

    assert result.exit_code == 1
    assert SAID in result.stderr
    assert MANIFEST in result.stdout


def _fields(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}


def test_status_names_what_is_missing_until_a_restore_has_come_through(world: CommandWorld):
    world.crossed("1-1")
    world.answer = lacking
    world.run("restore", "shop")

    status, page = world.run("status"), world.folder / "status.html"
    world.run("status", "--html", str(page))
    before = world.json("status")["groups"][0]
    world.report(report_of("1-1"))
    after = world.json("status")["groups"][0]

    assert SAID in status.stdout + status.stderr
    assert "Rights missing at west" in page.read_text()
    assert "kind: Role" in page.read_text()
    assert [site["needsPrivilege"] for site in before["sites"] if site["name"] == "west"] == [NEEDS]
    assert f"west: {SAID}" in before["problems"]
    assert [site["needsPrivilege"] for site in after["sites"]] == [None, None]
    assert after["sites"][1]["lastRestore"]["counts"][Change.CREATED] == 1
