"""What a snapshot no longer holds: deleted only where the group prunes, and only what is ours."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.restore.inventory import InventoryLedger
from functions.restore.restorer import Restorer
from kubestandby.errors import ClusterError
from kubestandby.groups import OWN_NAMESPACE, ConflictPolicy, RestoreMode
from kubestandby.reports import Change, Purpose, RestoreReport
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.snapshots import GroupName, SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    WEST,
    claim,
    config_map,
    custom,
    definition,
    group,
    namespace,
    outcomes,
    restore,
    result_of,
    secret,
    standby,
    stored,
    workload,
)

PRUNE = {"prune": True}
MANY = [config_map(f"c{number}") for number in range(10)]


def pruned(report: RestoreReport) -> list[str]:
    return [result.ref.name for result in report.results if result.change is Change.PRUNED]


def restored(cluster: FakeCluster, *manifests: Manifest, prune_all: bool = False, **changes: Any) -> RestoreReport:
    """Restores where the group prunes."""
    snapshots, index = stored(namespace(), *manifests, **changes)
    return Restorer(cluster, snapshots, FakeClock(NOON)).restore(
        group(prune=True),
        WEST,
        index,
        mode=RestoreMode.HOT,
        purpose=Purpose.RESTORE,
        requested_at=NOON,
        named=True,
        prune_all=prune_all,
    )


def owned(cluster: FakeCluster, name: str = "shop") -> set[str]:
    return {identity[3] for identity in InventoryLedger(cluster, GroupName(name)).read().owned}


def test_without_the_groups_wish_nothing_is_deleted() -> None:
    cluster = standby()
    restore(cluster, namespace(), *MANY)

    report = restore(cluster, namespace(), *MANY[1:])

    assert pruned(report) == []
    assert cluster.object("ConfigMap", "shop", "c0") is not None


def test_what_an_earlier_snapshot_brought_is_deleted_and_forgotten() -> None:
    cluster = standby()
    restored(cluster, *MANY)

    report = restored(cluster, *MANY[1:])

    assert pruned(report) == ["c0"]
    assert report.succeeded
    assert cluster.object("ConfigMap", "shop", "c0") is None
    assert "c0" not in owned(cluster)
    assert ("delete", "configmaps", "shop", "c0") in cluster.writes


def test_what_was_brought_before_the_group_pruned_is_deleted_too() -> None:
    cluster = standby()
    restore(cluster, namespace(), *MANY)
    restore(cluster, namespace(), *MANY[1:])

    assert pruned(restored(cluster, *MANY[1:])) == ["c0"]


def test_an_object_of_others_under_the_same_name_stays() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    cluster.take_out("ConfigMap", "shop", "c0")
    cluster.put(config_map("c0", theirs="yes"))

    report = restored(cluster, *MANY[1:])

    assert pruned(report) == []
    assert cluster.object("ConfigMap", "shop", "c0")["data"] == {"theirs": "yes"}  # type: ignore[index]
    assert "c0" not in owned(cluster)


def test_what_another_group_brought_too_stays() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    ledger = InventoryLedger(cluster, GroupName("blog"))
    ledger.write(InventoryLedger(cluster, GroupName("shop")).read())

    assert pruned(restored(cluster, *MANY[1:])) == []


def test_while_another_groups_inventory_cannot_be_read_nothing_is_deleted() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    labels = {"app.kubernetes.io/managed-by": "kubestandby"}
    metadata = {"name": "kubestandby-blog", "namespace": OWN_NAMESPACE, "labels": labels}
    cluster.put(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": {"inventory.json.gz": "x"}}
    )

    assert pruned(restored(cluster, *MANY[1:])) == []


@pytest.mark.parametrize("never", [claim(), definition()], ids=lambda manifest: str(manifest["kind"]))
def test_what_data_or_others_would_go_with_is_never_deleted(never: dict[str, Any]) -> None:
    cluster = standby()
    restored(cluster, *MANY, never)

    report = restored(cluster, *MANY)

    kept = result_of(report, never["kind"], never["metadata"]["name"])
    assert kept.change is Change.SKIPPED
    assert "is never deleted by a restore: do it by hand" in kept.reason
    assert cluster.object(never["kind"], never["metadata"].get("namespace", ""), never["metadata"]["name"]) is not None


def claim_owned_by(cluster: FakeCluster, owner: str, name: str) -> dict[str, Any]:
    """A claim that goes when its StatefulSet does."""
    database = cluster.object("StatefulSet", "shop", owner)
    assert database is not None
    made = claim(name)
    made["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "uid": database["metadata"]["uid"]}]
    return made


def test_what_owns_claims_stays_with_them() -> None:
    cluster = standby()
    restored(cluster, *MANY, workload("StatefulSet", "db"))
    cluster.put(claim_owned_by(cluster, "db", "data-db-0"))

    report = restored(cluster, *MANY)

    assert "its claims (data-db-0) would go with it" in result_of(report, "StatefulSet", "db").reason


def lists_of_claims(cluster: FakeCluster) -> list[str]:
    """The namespaces whose claims were listed."""
    return [call[2] for call in cluster.calls if call[:2] == ("list", "persistentvolumeclaims")]


def test_the_claims_of_a_namespace_are_listed_once_for_all_that_may_go() -> None:
    cluster = standby()
    restored(cluster, *MANY, workload("StatefulSet", "db"), workload("StatefulSet", "cache"))
    cluster.put(claim_owned_by(cluster, "db", "data-db-0"), claim_owned_by(cluster, "cache", "data-cache-0"))
    cluster.calls.clear()

    report = restored(cluster, *MANY[6:], prune_all=True)

    assert lists_of_claims(cluster) == ["shop"]
    assert sorted(pruned(report)) == ["c0", "c1", "c2", "c3", "c4", "c5"]
    assert "its claims (data-db-0) would" in result_of(report, "StatefulSet", "db").reason
    assert "its claims (data-cache-0) would" in result_of(report, "StatefulSet", "cache").reason


def test_the_claims_of_a_namespace_from_which_nothing_may_go_are_not_listed() -> None:
    cluster = standby()
    restored(cluster, *MANY, namespace("lab"), config_map("x", "lab"), config_map("y", "lab"))
    cluster.calls.clear()

    restored(cluster, *MANY, namespace("lab"), config_map("x", "lab"))

    assert lists_of_claims(cluster) == ["lab"]


def test_where_claims_cannot_be_listed_nothing_goes_and_elsewhere_all_does() -> None:
    cluster = standby()
    restored(cluster, *MANY, namespace("lab"), config_map("x", "lab"))
    refusal = ClusterError("403 Forbidden", status=403, reason="Forbidden")
    cluster.fail("list", refusal, plural="persistentvolumeclaims", namespace="shop")
    cluster.calls.clear()

    report = restored(cluster, *MANY[2:], namespace("lab"), prune_all=True)

    gone = [(result.ref.name, result.change) for result in report.results if result.ref.name in ("c0", "c1", "x")]
    assert sorted(gone) == [("c0", Change.SKIPPED), ("c1", Change.SKIPPED), ("x", Change.PRUNED)]
    assert "claims would go with it: 403 Forbidden" in result_of(report, "ConfigMap", "c0").reason
    assert lists_of_claims(cluster) == ["lab", "shop"]


def test_more_than_a_fifth_is_held_until_the_operator_says_so() -> None:
    cluster = standby()
    restored(cluster, *MANY)

    held = restored(cluster, *MANY[3:])

    assert (held.held_deletions, pruned(held), held.succeeded) == (3, [], True)
    assert "held: 3 of 11 objects would go" in result_of(held, "ConfigMap", "c0").reason
    assert sorted(pruned(restored(cluster, *MANY[3:], prune_all=True))) == ["c0", "c1", "c2"]


def test_a_fifth_is_not_more_than_a_fifth() -> None:
    cluster = standby()
    restored(cluster, *MANY[:9])  # with the namespace: ten

    assert sorted(pruned(restored(cluster, *MANY[2:9]))) == ["c0", "c1"]


def test_an_incomplete_snapshot_deletes_nothing() -> None:
    cluster = standby()
    restored(cluster, *MANY)

    report = restored(cluster, *MANY[1:], failures=("apps: 503",), prune_all=True)

    assert pruned(report) == []
    assert not [write for write in cluster.writes if write[0] == "delete"]


def test_a_refusal_of_this_restore_puts_deletions_off() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    cluster.fail("apply", ClusterError("422 Invalid", status=422, reason="Invalid"), name="new", times=2)

    report = restored(cluster, *MANY[1:], config_map("new"))

    assert pruned(report) == []
    assert "not deleted while other objects cannot be restored" in result_of(report, "ConfigMap", "c0").reason
    assert cluster.object("ConfigMap", "shop", "c0") is not None


def test_what_is_blocked_in_the_plan_puts_deletions_off_as_well() -> None:
    cluster = standby()
    restored(cluster, *MANY)

    report = restored(cluster, *MANY[1:], custom("Gadget"))

    assert "not deleted while" in result_of(report, "ConfigMap", "c0").reason


def test_users_go_before_what_they_use() -> None:
    cluster = standby()
    web = workload(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    restored(cluster, *MANY, config_map(), secret(), web)
    cluster.writes.clear()

    restored(cluster, *MANY[1:], secret(), prune_all=True)

    assert [write[1] for write in cluster.writes if write[0] == "delete"] == ["deployments", "configmaps", "configmaps"]


class Holding(FakeCluster):
    """A deleted workload waits for its finalizer."""

    def delete(self, resource: Any, ref: Any, *, uid: str) -> None:
        if ref.gvk.kind != "Deployment":
            super().delete(resource, ref, uid=uid)


def test_what_does_not_go_holds_up_what_it_uses() -> None:
    cluster = Holding(uid="uid-of-standby")
    web = workload(volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    restored(cluster, *MANY, config_map(), web)

    report = restored(cluster, *MANY)

    assert "its finalizers hold it after 30 s" in result_of(report, "Deployment", "web").reason
    assert "since Deployment.apps shop/web is still there" in result_of(report, "ConfigMap", "settings").reason
    assert cluster.object("ConfigMap", "shop", "settings") is not None


class Meeting(FakeCluster):
    """Once armed, answers about a ConfigMap come when three are being asked about at once."""

    together: threading.Barrier | None = None

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        if self.together and name in ("c0", "c1", "c2"):
            self.together.wait(10)
        return super().get(resource, namespace, name)


def test_what_was_deleted_is_looked_for_side_by_side() -> None:
    cluster = Meeting(uid="uid-of-standby")
    restored(cluster, *MANY)
    cluster.together = threading.Barrier(3)
    cluster.calls.clear()

    report = restored(cluster, *MANY[3:], prune_all=True)

    assert sorted(pruned(report)) == ["c0", "c1", "c2"]
    looked_for = [call[3] for call in cluster.calls if call[:3] == ("get", "configmaps", "shop")]
    assert sorted(looked_for) == ["c0", "c1", "c2"]


class Replacing(FakeCluster):
    """Somebody makes a ConfigMap anew as soon as it is deleted."""

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        super().delete(resource, ref, uid=uid)
        self.put(config_map(ref.name, theirs="yes"))


def test_an_object_that_others_have_made_anew_under_the_name_holds_nothing_up() -> None:
    cluster = Replacing(uid="uid-of-standby")
    restored(cluster, *MANY)

    gone = result_of(restored(cluster, *MANY[1:]), "ConfigMap", "c0")

    assert (gone.change, "finalizers" in gone.reason) == (Change.PRUNED, False)
    assert cluster.object("ConfigMap", "shop", "c0") is not None


def test_a_deletion_that_is_refused_is_a_failure_and_stays_in_the_inventory() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    cluster.fail("delete", ClusterError("403 Forbidden", status=403, reason="Forbidden"))

    report = restored(cluster, *MANY[1:])

    refused = result_of(report, "ConfigMap", "c0")
    assert (refused.change, report.succeeded) == (Change.FAILED, False)
    assert "it could not be deleted: 403 Forbidden" in refused.reason
    assert "c0" in owned(cluster)


def test_a_plan_and_a_rehearsal_tell_deletions_and_do_none() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    snapshots, index = stored(namespace(), *MANY[1:])
    restorer = Restorer(cluster, snapshots, FakeClock(NOON))
    cluster.writes.clear()

    plan = restorer.plan(group(prune=True), WEST, index)
    rehearsed = restore(cluster, namespace(), *MANY[1:], mode=RestoreMode.REHEARSE, settings=PRUNE)

    assert [result.ref.name for result in plan.results if result.change is Change.PRUNED] == ["c0"]
    assert not plan.changes_nothing
    assert pruned(rehearsed) == ["c0"]
    assert cluster.writes == []


def test_what_somebody_has_deleted_already_is_forgotten() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    cluster.take_out("ConfigMap", "shop", "c0")

    assert pruned(restored(cluster, *MANY[1:])) == []
    assert "c0" not in owned(cluster)


def test_what_is_being_deleted_already_needs_no_deletion() -> None:
    cluster = standby()
    restored(cluster, *MANY)
    live = cluster.object("ConfigMap", "shop", "c0")
    assert live is not None
    live["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"

    assert pruned(restored(cluster, *MANY[1:])) == []


def test_what_is_left_alone_is_not_in_the_inventory() -> None:
    cluster = standby(namespace(), config_map(color="green"))

    restore(cluster, namespace(), config_map(color="blue"), secret(), settings={"conflict": ConflictPolicy.SKIP})

    assert owned(cluster) == {"shop", "password"}


def account(name: str) -> dict[str, Any]:
    """An object without any field: the server records no manager on it."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "shop"}}


def test_an_object_without_fields_is_ours_by_its_uid() -> None:
    cluster = standby()
    restored(cluster, *MANY, account("robot"), account("other"))
    cluster.take_out("ServiceAccount", "shop", "other")
    cluster.put(account("other"))

    restored(cluster, *MANY)

    assert cluster.object("ServiceAccount", "shop", "robot") is None
    assert cluster.object("ServiceAccount", "shop", "other") is not None


def test_an_object_without_fields_is_ours_after_many_restores() -> None:
    cluster = standby()
    for _ in range(3):
        restored(cluster, *MANY, account("robot"))

    assert pruned(restored(cluster, *MANY)) == ["robot"]


NAMES = st.sampled_from([f"n{number}" for number in range(6)])
SNAPSHOTS = st.dictionaries(st.tuples(st.sampled_from(["ConfigMap", "Secret"]), NAMES), st.sampled_from(["1", "2"]))


def application(wanted: dict[tuple[str, str], str]) -> list[dict[str, Any]]:
    make = {"ConfigMap": config_map, "Secret": secret}
    return [make[kind](name, value=value) for (kind, name), value in sorted(wanted.items())]


def state(cluster: FakeCluster) -> dict[str, Any]:
    """What is in the application's namespace, by kind and name."""
    names = [f"n{number}" for number in range(6)] + ["foreign"]
    found = {(kind, name): cluster.object(kind, "shop", name) for kind in ("ConfigMap", "Secret") for name in names}
    return {"/".join(key): value["data"] for key, value in found.items() if value is not None}


@settings(max_examples=60, deadline=None)
@given(st.lists(SNAPSHOTS, min_size=1, max_size=4))
def test_after_any_snapshots_the_last_one_alone_is_there_and_foreign_objects_are_untouched(
    history: list[dict[tuple[str, str], str]],
) -> None:
    """Invariant 6 of a standby: restore of N then N+1 is N+1 alone."""
    foreign = config_map("foreign", theirs="yes")
    one, other = standby(namespace(), foreign), standby(namespace(), foreign)

    for generation, wanted in enumerate(history, 1):
        restored(one, *application(wanted), id=SnapshotId(1, generation), prune_all=True)
    restored(other, *application(history[-1]))

    assert state(one) == state(other)
    assert state(one)["ConfigMap/foreign"] == {"theirs": "yes"}


@settings(max_examples=40, deadline=None)
@given(SNAPSHOTS, SNAPSHOTS, st.booleans())
def test_incomplete_input_never_deletes(
    before: dict[tuple[str, str], str], after: dict[tuple[str, str], str], prune_all: bool
) -> None:
    """Invariant 11: what an export could not read looks like what is not there any more."""
    cluster = standby()
    restored(cluster, *application(before))

    report = restored(cluster, *application(after), failures=("core: 503",), prune_all=prune_all)

    assert state(cluster).keys() >= {f"{kind}/{name}" for kind, name in before}
    assert Change.PRUNED not in outcomes(report).values()
