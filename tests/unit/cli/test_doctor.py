"""`doctor`: its verdicts, what it writes, and that nothing is called right that nobody has looked at."""

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, BinaryIO

import pytest

from kubestandby import layout
from kubestandby.cli.doctor import cluster_look, oci_checks
from kubestandby.cli.doctor.canary import try_bucket
from kubestandby.cli.doctor.classes import named_classes
from kubestandby.cli.doctor.verdicts import Canary, Level, on_bucket, on_clock, on_expiries, on_snapshot
from kubestandby.cli.session import Session
from kubestandby.errors import ClusterUnavailableError, StoreError
from kubestandby.layout import Action
from kubestandby.privileges import ANY, Rule
from kubestandby.requests import Outcome, Verdict
from kubestandby.resources import Manifest
from kubestandby.transforms import StorageClassTransform
from tests.fakes.fake_cluster import BUILT_IN, FakeCluster
from tests.fakes.memory_store import MemoryStore
from tests.terraform.running import ROOT
from tests.unit.cli.world import EAST, NOON, SHOP, WEST, World, live, outcome_of, report_of

Checks = Callable[..., Mapping[str, Mapping[str, str]]]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    made = FakeCluster()
    monkeypatch.setattr(cluster_look, "connect", lambda *_, **__: made)
    monkeypatch.setattr("kubestandby.cli.rights_sources.connect", lambda *_, **__: made)
    monkeypatch.setattr(cluster_look, "server_time", lambda *_: NOON + timedelta(seconds=1))
    return made


@pytest.fixture
def checks(world: World, cluster: FakeCluster) -> Checks:
    def told(site: str = "west", **_: Any) -> Mapping[str, Mapping[str, str]]:
        return {one["check"]: one for one in world.json("doctor", "--site", site)["checks"]}

    return told


def _settled(world: World) -> None:
    """A snapshot has crossed, and is at the standby."""
    world.crossed("1-1")
    world.applied("1-1")
    world.report(report_of())
    for site in (EAST, WEST):
        request = world.requests(site).submit(SHOP, Action.EXPORT, origin="timer")
        world.requests(site).finish(outcome_of(request))


def test_a_site_in_order_has_no_failure(world: World, cluster: FakeCluster, checks: Checks) -> None:
    _settled(world)

    result = world.run("doctor", "--site", "west")

    assert result.exit_code == 0, result.stdout
    assert {one["level"] for one in checks().values()} == {"ok"}
    assert "0 warning, 0 failed, 0 not checked" in result.stdout


def test_it_leaves_nothing_behind_and_touches_nothing_else(world: World, checks: Checks) -> None:
    _settled(world)
    buckets = [bucket(site) for bucket in (world.data, world.control) for site in (EAST, WEST)]
    before = [bucket.list("") for bucket in buckets]

    checks()

    assert [bucket.list("") for bucket in buckets] == before


def test_no_function_minds_the_canary() -> None:
    key = layout.doctor_key(WEST, "0011223344556677")

    assert key.startswith(layout.doctor_prefix(WEST))
    readers = (layout.parse_request_key, layout.parse_index_key, layout.parse_report_key, layout.parse_import_key)
    assert [read(key) for read in readers] == [None] * 4


class _Overwriting(MemoryStore):
    """A service that ignores the condition."""

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        self.delete(key)
        super().put_if_absent(key, data)


class _Unwritable(MemoryStore):
    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        raise StoreError("not allowed")


class _Undeletable(MemoryStore):
    def delete(self, key: str) -> None:
        raise StoreError("AccessDenied")


def _levels(store: MemoryStore, *, is_ours: bool = True) -> list[tuple[str, Level]]:
    return [(one.subject, one.level) for one in on_bucket("b", try_bucket(store, WEST, is_ours=is_ours))]


def test_a_store_that_lets_a_second_writer_through_fails() -> None:
    assert _levels(_Overwriting("memory://b")) == [("b: reachable", Level.OK), ("b: create-only", Level.FAILED)]


class _Confused(MemoryStore):
    """Refuses a second create, but for another reason."""

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        if key in self.objects:
            raise StoreError("500")
        super().put_if_absent(key, data)


class _Mangling(MemoryStore):
    def get(self, key: str, *, max_bytes: int) -> bytes:
        return b"something else"


@pytest.mark.parametrize("kind", [_Confused, _Mangling], ids=["confused", "mangling"])
def test_a_store_that_answers_otherwise_than_it_should_fails(kind: type[MemoryStore]) -> None:
    assert _levels(kind("memory://b"))[1][1] is Level.FAILED


def test_a_bucket_that_nobody_here_may_write_is_not_called_right() -> None:
    store = _Unwritable("memory://b")

    assert _levels(store)[1][1] is Level.FAILED
    assert _levels(store, is_ours=False)[1][1] is Level.NOT_CHECKED


def test_a_canary_that_may_not_be_deleted_is_told() -> None:
    store = _Undeletable("memory://b")

    check = list(on_bucket("b", try_bucket(store, WEST, is_ours=True)))[1]

    assert check.level is Level.OK
    assert "stays under doctor/" in check.found


def test_a_bucket_out_of_reach_leaves_its_writes_unchecked() -> None:
    checks = list(on_bucket("b", Canary(unreached="no route")))

    assert [one.level for one in checks] == [Level.FAILED, Level.NOT_CHECKED]


def test_a_lost_bucket_fails_and_what_needs_it_is_not_checked(world: World, checks: Checks) -> None:
    world.lose(EAST)

    found = checks()

    assert found["data bucket of east: reachable"]["level"] == "failed"
    for what in ("roles", "newest snapshot", "requests are carried out", "storage classes"):
        assert found[f"shop: {what}"]["level"] == "not checked"
    assert world.run("doctor", "--site", "west").exit_code == 1


def test_a_cluster_out_of_reach_fails_and_what_needs_it_is_not_checked(
    cluster: FakeCluster, world: World, checks: Checks
) -> None:
    _settled(world)
    cluster.fail("identity", ClusterUnavailableError("no route"))

    found = checks()

    assert (found["cluster of west"]["level"], found["cluster of west"]["found"]) == ("failed", "no route")
    for what in ("clock", "API groups", "shop: rights to export", "shop: rights to restore", "shop: ingress classes"):
        assert found[what]["level"] == "not checked"


def test_rights_of_the_role_that_a_site_has_must_be_there(cluster: FakeCluster, world: World, checks: Checks) -> None:
    _settled(world)
    cluster.held = {}

    found = checks()

    assert found["shop: rights to restore"]["level"] == "failed"
    assert "configmaps in shop" in found["shop: rights to restore"]["found"]
    assert "kubestandby rbac --site west --role restore" in found["shop: rights to restore"]["next"]
    assert found["shop: rights to export"]["level"] == "warning"
    assert checks("east")["shop: rights to export"]["level"] == "failed"


def test_before_a_snapshot_rights_on_secrets_are_asked_of_the_export_alone(
    cluster: FakeCluster, world: World, checks: Checks
) -> None:
    others = tuple(type_.plural for type_ in BUILT_IN if type_.plural != "secrets")
    cluster.held = {"": (Rule(groups=(ANY,), resources=others, verbs=(ANY,)),)}

    found = checks()

    assert found["shop: rights to restore"]["level"] == "ok"
    assert "list secrets" in found["shop: rights to export"]["found"]


@pytest.mark.parametrize(("ignored", "level"), [((), "failed"), (("metrics.k8s.io",), "ok")], ids=["missed", "ignored"])
def test_an_api_group_that_does_not_answer(
    ignored: tuple[str, ...], level: str, cluster: FakeCluster, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _settled(world)
    cluster.silent_groups["metrics.k8s.io"] = "503"
    session = Session.open(world.config)
    changed = replace(session, groups=(replace(session.groups[0], ignore_groups=ignored),))
    monkeypatch.setattr(Session, "open", lambda _: changed)

    told = {one["check"]: one["level"] for one in world.json("doctor", "--site", "east")["checks"]}

    assert told["API group metrics.k8s.io/v1"] == level


def test_a_snapshot_that_is_not_fresh_fails(world: World, checks: Checks) -> None:
    world.crossed("1-1", fresh_until=NOON - timedelta(minutes=1))

    assert checks()["shop: newest snapshot"]["level"] == "failed"


def test_a_site_before_its_first_snapshot_is_a_warning_and_no_failure(world: World, checks: Checks) -> None:
    found = checks()

    assert found["shop: newest snapshot"]["level"] == "warning"
    assert found["shop: requests are carried out"]["level"] == "not checked"
    assert world.run("doctor", "--site", "west").exit_code == 0


def test_a_standby_that_got_nothing_fails() -> None:
    assert on_snapshot("shop", "standby", None, True, NOON).level is Level.FAILED
    assert on_snapshot("shop", "standby", None, False, NOON).level is Level.WARNING


def test_a_request_that_nobody_carries_out_fails(world: World, checks: Checks) -> None:
    _settled(world)
    name = world.requests(WEST).submit(SHOP, Action.RESTORE, origin="operator").name
    world.clock.sleep(11 * 60)

    check = checks()["shop: requests are carried out"]

    assert (check["level"], name in check["found"]) == ("failed", True)


def test_an_export_that_failed_is_a_warning(world: World, checks: Checks) -> None:
    request = world.requests(EAST).submit(SHOP, Action.EXPORT, origin="timer")
    world.requests(EAST).finish(outcome_of(request, Verdict.FAILED))

    assert checks("east")["shop: requests are carried out"]["level"] == "warning"


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0, Level.OK), (31, Level.WARNING), (-31, Level.WARNING), (301, Level.FAILED)],
    ids=["same", "behind", "before", "far"],
)
def test_clocks(seconds: int, level: Level) -> None:
    assert on_clock(NOON, NOON + timedelta(seconds=seconds)).level is level


def test_keys_that_are_not_on_this_machine_are_not_called_right(world: World, checks: Checks) -> None:
    _settled(world)
    shutil.rmtree(world.folder / "keys" / "sites")

    found = checks()

    levels = {name: found[name]["level"] for name in found if "key of west" in name or name == "unsealing at west"}
    assert len(levels) == 5
    assert set(levels.values()) == {"not checked"}
    assert "on the machine of west" in found["unsealing at west"]["next"]


def test_a_snapshot_that_the_standby_did_not_take_in_fails(world: World, checks: Checks) -> None:
    _settled(world)
    asked = NOON + timedelta(minutes=1)
    outcome = Outcome(
        group=SHOP, request="restore-1-1", verdict=Verdict.FAILED, message="no key here unseals it", finished_at=asked
    )
    world.requests(WEST).finish(outcome)

    found = checks()["shop: last work"]

    assert (found["level"], found["found"]) == ("failed", "west: snapshot 1-1 was not taken in: no key here unseals it")


def test_a_clock_that_nobody_tells_is_not_checked() -> None:
    assert on_clock(NOON, None).level is Level.NOT_CHECKED


def test_keys_that_run_out(world: World) -> None:
    day = timedelta(days=1)
    checks = on_expiries([("a", NOON - day), ("b", NOON + day), ("c", NOON + 99 * day)], NOON)

    assert [(one.subject, one.level) for one in checks] == [("a", Level.FAILED), ("b", Level.WARNING)]


def _claim(name: str, class_: str, **spec: Any) -> Manifest:
    return live("PersistentVolumeClaim", name, spec={"storageClassName": class_, **spec})


def test_classes_that_a_standby_must_have(world: World) -> None:
    group = replace(
        Session.open(world.config).groups[0],
        transforms=(StorageClassTransform(name="disks", names={"gp3": "oci-bv", "slow": "oci-slow"}),),
    )
    template = {"volumeClaimTemplates": [{"spec": {"storageClassName": "fast"}}]}
    objects = [
        _claim("data", "oci-bv"),
        _claim("bound", "by-hand", volumeName="pv-1"),
        live("StatefulSet", "db", "apps/v1", spec=template),
        live("Ingress", "web", "networking.k8s.io/v1", spec={"ingressClassName": "nginx"}),
        live("Ingress", "old", "networking.k8s.io/v1", metadata={"annotations": {"kubernetes.io/ingress.class": "f5"}}),
    ]

    named = named_classes(group, group.site("west"), None, objects)

    assert {name: bool(by) for name, by in named["StorageClass"].items()} == {
        "oci-bv": True,
        "oci-slow": False,
        "fast": True,
    }
    assert set(named["IngressClass"]) == {"nginx", "f5"}


def test_every_live_check_of_the_document_is_done_or_named() -> None:
    text = (ROOT / "docs" / "install-oci.md").read_text(encoding="utf-8")
    section = text.partition("## Live checks")[2].partition("\n## ")[0]
    numbers = {int(one) for one in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}

    assert numbers == {*oci_checks.LOOKED_AT, *oci_checks.BY_HAND}
    assert not set(oci_checks.LOOKED_AT) & set(oci_checks.BY_HAND)


def test_what_only_oracle_cloud_knows_is_never_green(world: World) -> None:
    site = replace(Session.open(world.config).groups[0].site("west"), data="oci://ns/west-data?region=us-ashburn-1")
    found = list(oci_checks.oci_checks(site))

    assert len(found) == len(oci_checks.BY_HAND)
    assert {one.level for one in found} == {Level.NOT_CHECKED}
    assert all(one.next_step for one in found)


def test_an_unknown_site_is_a_wrong_command(world: World) -> None:
    result = world.run("doctor", "--site", "north")

    assert result.exit_code == 64
    assert "east, west" in result.stderr
