"""What `spec.restore` says of conflicts and recreation, on a cluster in memory."""

from typing import Any

import pytest

from functions.restore.deletions import GONE_SECONDS
from kubestandby.errors import ClusterError
from kubestandby.groups import ConflictPolicy, Kinds, RestoreMode
from kubestandby.reports import Change, RestoreReport
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    claim,
    config_map,
    custom,
    definition,
    namespace,
    restore,
    result_of,
    secret,
    standby,
    workload,
)
from tests.unit.restore.test_owners import CHILD, PARENT, owners_of, uid_of

ALL_KINDS = Kinds(every=True)
SKIP, REPLACE = ConflictPolicy.SKIP, ConflictPolicy.REPLACE


def immutable(cluster: FakeCluster, name: str, times: int = 1) -> None:
    error = ClusterError("422 Invalid: field is immutable", status=422, reason="Invalid")
    cluster.fail("apply", error, name=name, times=times)


def by(manager: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """As somebody else has created it."""
    return manifest | {
        "metadata": manifest["metadata"] | {"managedFields": [entry(manager, "f:data", *manifest["data"])]}
    }


def entry(manager: str, field: str, *keys: str) -> dict[str, Any]:
    fields = {field: {f"f:{key}": {} for key in keys}}
    return {"manager": manager, "operation": "Update", "fieldsV1": fields}


def edit(cluster: FakeCluster, manager: str, **data: str) -> None:
    """Somebody sets keys of the ConfigMap, beside what we own of it."""
    live = cluster.object("ConfigMap", "shop", "settings")
    assert live is not None
    live["data"] |= data
    live["metadata"]["managedFields"].append(entry(manager, "f:data", *data))


def change(report: RestoreReport, kind: str = "ConfigMap", name: str = "settings") -> Change:
    return result_of(report, kind, name).change


# recreation


def test_a_kind_that_may_be_recreated_is_deleted_and_made_anew() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    before = uid_of(cluster, "ConfigMap", "settings")
    immutable(cluster, "settings")

    report = restore(cluster, namespace(), config_map(color="red"), settings={"recreate": ALL_KINDS})

    assert change(report) is Change.CONFIGURED
    assert result_of(report, "ConfigMap", "settings").reason.startswith("recreated: 422 Invalid")
    assert uid_of(cluster, "ConfigMap", "settings") != before
    assert ("delete", "configmaps", "shop", "settings") in cluster.writes


def test_what_is_made_anew_whole_is_told_as_recreated() -> None:
    cluster = standby()
    typing = ClusterError("500 failed to create typed patch object", status=500, reason="InternalError")
    cluster.fail("apply", typing, name="settings")
    restore(cluster, namespace(), config_map(color="blue"))
    cluster.fail("replace", ClusterError("422 Invalid: field is immutable", status=422), name="settings")

    report = restore(cluster, namespace(), config_map(color="red"), settings={"recreate": ALL_KINDS})

    assert change(report) is Change.CONFIGURED
    assert result_of(report, "ConfigMap", "settings").reason.startswith("recreated: 422 Invalid")


def test_a_kind_that_may_not_is_left_alone_and_the_permission_is_named() -> None:
    cluster = standby()
    restore(cluster, namespace(), workload())
    before = uid_of(cluster, "Deployment", "web")
    immutable(cluster, "web")
    other = workload()
    other["spec"]["replicas"] = 1

    report = restore(cluster, namespace(), other, settings={"recreate": Kinds(names=frozenset({"Job"}))})

    assert change(report, "Deployment", "web") is Change.FAILED
    assert "allow it (spec.restore.recreate: [Deployment])" in result_of(report, "Deployment", "web").reason
    assert uid_of(cluster, "Deployment", "web") == before


def test_a_custom_kind_is_named_with_its_group() -> None:
    cluster = standby()
    restore(cluster, namespace(), definition(), custom())
    immutable(cluster, "one")

    report = restore(cluster, namespace(), definition(), {**custom(), "spec": {"n": 2}})

    assert "spec.restore.recreate: [Ticket.shop.example]" in result_of(report, "Ticket", "one").reason


def test_an_object_that_does_not_go_is_not_made_anew() -> None:
    cluster, clock = Holding(namespace(), uid="uid-of-standby"), FakeClock(NOON)
    restore(cluster, namespace(), config_map(color="blue"))
    immutable(cluster, "settings")

    report = restore(cluster, namespace(), config_map(color="red"), settings={"recreate": ALL_KINDS}, clock=clock)

    assert change(report) is Change.FAILED
    assert f"still being deleted after {GONE_SECONDS:.0f} s" in result_of(report, "ConfigMap", "settings").reason


class Holding(FakeCluster):
    """Deleted objects wait for a finalizer for ever."""

    def delete(self, resource: Any, ref: Any, *, uid: str) -> None:
        live = self.object(ref.gvk.kind, ref.namespace, ref.name)
        assert live is not None
        live["metadata"] |= {"deletionTimestamp": "2026-11-22T12:00:00Z", "finalizers": ["example/hold"]}


def test_an_object_that_may_not_be_deleted_says_so() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    immutable(cluster, "settings")
    cluster.fail("delete", ClusterError("403 Forbidden", status=403, reason="Forbidden"))

    report = restore(cluster, namespace(), config_map(color="red"), settings={"recreate": ALL_KINDS})

    assert "could not be deleted to be made anew: 403" in result_of(report, "ConfigMap", "settings").reason


def test_what_owns_claims_is_not_recreated() -> None:
    cluster = standby()
    restore(cluster, namespace(), workload("StatefulSet", "db"))
    mine = claim("data-db-0")
    mine["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "uid": uid_of(cluster, "StatefulSet", "db")}]
    cluster.put(mine, claim("other"))
    immutable(cluster, "db")
    other = workload("StatefulSet", "db")
    other["spec"]["replicas"] = 1

    report = restore(cluster, namespace(), other, settings={"recreate": ALL_KINDS})

    assert change(report, "StatefulSet", "db") is Change.FAILED
    assert "its claims (data-db-0) would go" in result_of(report, "StatefulSet", "db").reason


def test_what_a_recreated_object_owns_is_linked_to_the_new_one() -> None:
    cluster = standby()
    restore(cluster, namespace(), CHILD, PARENT)
    immutable(cluster, "zz-parent")
    changed = {**PARENT, "data": {"size": "big"}}

    report = restore(cluster, namespace(), CHILD, changed, settings={"recreate": ALL_KINDS})

    assert change(report, name="child") is Change.CONFIGURED
    assert owners_of(cluster, "ConfigMap", "child")[0]["uid"] == uid_of(cluster, "ConfigMap", "zz-parent")


def test_a_plan_tells_what_would_be_recreated() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    immutable(cluster, "settings")
    cluster.writes.clear()

    report = restore(
        cluster,
        namespace(),
        config_map(color="red"),
        mode=RestoreMode.REHEARSE,
        settings={"recreate": ALL_KINDS},
    )

    assert result_of(report, "ConfigMap", "settings").reason.startswith("recreated: ")
    assert cluster.writes == []


# skip


def test_what_others_have_made_and_differs_is_left_alone() -> None:
    cluster = standby(namespace(), by("kubectl-create", config_map(color="green")))
    cluster.writes.clear()

    report = restore(cluster, namespace(), config_map(color="blue"), settings={"conflict": SKIP})

    left = result_of(report, "ConfigMap", "settings")
    assert left.change is Change.SKIPPED
    assert left.reason == "exists and differs; left alone (spec.restore.conflict: skip)"
    assert [(diff.path, diff.live, diff.desired) for diff in left.diffs] == [("data.color", "green", "blue")]
    assert not [write for write in cluster.writes if write[3] == "settings"]
    assert report.succeeded


def test_what_was_left_alone_is_not_ours_later() -> None:
    cluster = standby(namespace(), by("kubectl-create", config_map(color="green")))

    for _ in range(2):
        report = restore(cluster, namespace(), config_map(color="blue"), settings={"conflict": SKIP})

    assert change(report) is Change.SKIPPED


def test_what_others_have_made_as_the_snapshot_says_is_unchanged() -> None:
    cluster = standby(namespace(), by("kubectl-create", config_map(color="blue")))

    assert (
        change(restore(cluster, namespace(), config_map(color="blue"), settings={"conflict": SKIP})) is Change.UNCHANGED
    )


def test_what_we_have_made_follows_the_snapshot_under_skip_too() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"), settings={"conflict": SKIP})

    report = restore(cluster, namespace(), config_map(color="red"), settings={"conflict": SKIP})

    assert change(report) is Change.CONFIGURED


class Unforced(FakeCluster):
    """Somebody else owns the ConfigMap's fields: without force, an apply is a conflict."""

    def apply(self, resource: Any, manifest: Any, *, force: bool = True, **options: Any) -> Any:
        if not force and manifest["metadata"]["name"] == "settings":
            raise ClusterError("409 Conflict: kubectl-edit owns .data.color", status=409, reason="Conflict")
        return super().apply(resource, manifest, force=force, **options)


def test_what_others_have_changed_of_ours_is_left_alone() -> None:
    cluster = Unforced(uid="uid-of-standby")
    restore(cluster, namespace(), config_map(color="blue"))

    report = restore(cluster, namespace(), config_map(color="red"), settings={"conflict": SKIP})

    assert change(report) is Change.SKIPPED
    assert "kubectl-edit owns .data.color" in result_of(report, "ConfigMap", "settings").reason


def test_what_is_sent_whole_is_left_alone_once_others_have_touched_it() -> None:
    cluster = standby()
    error = ClusterError("500 failed to create typed patch object", status=500, reason="InternalError")
    cluster.fail("apply", error, name="settings")
    changes = [
        change(restore(cluster, namespace(), config_map(color=color), settings={"conflict": SKIP})) for color in "ab"
    ]
    edit(cluster, "kubectl-edit", color="green")

    report = restore(cluster, namespace(), config_map(color="b"), settings={"conflict": SKIP})

    assert changes == [Change.CREATED, Change.CONFIGURED]
    assert change(report) is Change.SKIPPED
    assert "others have set fields of it" in result_of(report, "ConfigMap", "settings").reason


def test_who_is_faster_than_a_creation_is_left_alone_as_well() -> None:
    report = restore(Unforced(uid="uid-of-standby"), namespace(), config_map(), settings={"conflict": SKIP})

    assert change(report) is Change.SKIPPED


def test_an_object_of_others_is_not_recreated_under_skip() -> None:
    cluster = standby(namespace(), by("kubectl-create", config_map(color="green")))
    immutable(cluster, "settings", times=-1)
    policy = {"conflict": SKIP, "recreate": ALL_KINDS}

    report = restore(cluster, namespace(), config_map(color="blue"), settings=policy)

    assert change(report) is Change.SKIPPED
    assert not [write for write in cluster.writes if write[0] == "delete"]


# replace and drift


def test_apply_leaves_and_tells_what_others_have_set() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    edit(cluster, "kubectl-edit", extra="theirs")

    report = restore(cluster, namespace(), config_map(color="blue"))

    found = result_of(report, "ConfigMap", "settings")
    assert found.change is Change.UNCHANGED
    assert [(one.path, one.live, one.manager) for one in found.drift] == [("data.extra", "theirs", "kubectl-edit")]


def test_replace_takes_it_away_and_finds_nothing_to_do_then() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    edit(cluster, "kubectl-edit", extra="theirs")

    first = restore(cluster, namespace(), config_map(color="red"), settings={"conflict": REPLACE})
    cluster.writes.clear()
    second = restore(cluster, namespace(), config_map(color="red"), settings={"conflict": REPLACE})

    assert cluster.object("ConfigMap", "shop", "settings")["data"] == {"color": "red"}  # type: ignore[index]
    assert {diff.path for diff in result_of(first, "ConfigMap", "settings").diffs} == {"data.color", "data.extra"}
    assert (cluster.writes, change(second)) == ([], Change.UNCHANGED)


def test_replace_is_a_change_even_where_our_own_fields_are_as_desired() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    edit(cluster, "kubectl-edit", extra="theirs")

    report = restore(cluster, namespace(), config_map(color="blue"), settings={"conflict": REPLACE})

    assert change(report) is Change.CONFIGURED
    assert result_of(report, "ConfigMap", "settings").drift == ()


def test_a_namespace_is_not_stripped() -> None:
    cluster = standby()
    restore(cluster, namespace())
    live = cluster.object("Namespace", "", "shop")
    assert live is not None
    live["metadata"]["labels"] = {"injection": "on"}
    fields = {"f:metadata": {"f:labels": {"f:injection": {}}}}
    live["metadata"]["managedFields"].append({"manager": "mesh", "operation": "Update", "fieldsV1": fields})

    report = restore(cluster, namespace(), settings={"conflict": REPLACE})

    assert change(report, "Namespace", "shop") is Change.UNCHANGED
    assert result_of(report, "Namespace", "shop").drift[0].path == "metadata.labels.injection"


@pytest.mark.parametrize("policy", [ConflictPolicy.APPLY, REPLACE, SKIP])
def test_no_policy_writes_twice(policy: ConflictPolicy) -> None:
    cluster = standby()
    shop = (namespace(), config_map(color="blue"), secret(key="aGk="), workload(), CHILD, PARENT)
    restore(cluster, *shop, settings={"conflict": policy})
    cluster.writes.clear()

    restore(cluster, *shop, settings={"conflict": policy})

    assert cluster.writes == []


def test_where_the_definition_is_left_alone_and_converts_nothing_the_live_version_is_taken() -> None:
    theirs = by("helm", {**definition(), "data": {}})
    cluster = standby(namespace(), theirs)
    newer = definition()
    newer["spec"]["versions"] = [{"name": name, "served": True, "storage": name == "v2"} for name in ("v1", "v2")]

    report = restore(cluster, namespace(), newer, custom(api_version="shop.example/v2"), settings={"conflict": SKIP})

    assert change(report, "CustomResourceDefinition", "tickets.shop.example") is Change.SKIPPED
    assert change(report, "Ticket", "one") is Change.CREATED
    assert "sent as shop.example/v1" in result_of(report, "Ticket", "one").reason
    assert cluster.object("Ticket", "shop", "one")["apiVersion"] == "shop.example/v1"  # type: ignore[index]
    cluster.writes.clear()

    again = restore(cluster, namespace(), newer, custom(api_version="shop.example/v2"), settings={"conflict": SKIP})

    assert change(again, "Ticket", "one") is Change.UNCHANGED
    assert cluster.writes == []


def test_what_is_there_in_an_older_version_is_not_created_when_the_definition_brings_a_newer_one() -> None:
    cluster = standby()
    restore(cluster, namespace(), definition(), custom())
    newer = definition()
    newer["spec"]["versions"] = [{"name": name, "served": True, "storage": name == "v2"} for name in ("v1", "v2")]

    report = restore(cluster, namespace(), newer, custom(api_version="shop.example/v2"), mode=RestoreMode.REHEARSE)

    assert change(report, "Ticket", "one") is Change.CONFIGURED
