"""The whole restore, on a cluster in memory."""

from datetime import timedelta
from typing import Any

import pytest

from functions.restore.inventory import InventoryLedger
from functions.restore.restarts import RESTART_MANAGER
from functions.restore.restorer import Restorer
from kubestandby.errors import ClusterError, ClusterUnavailableError, RoleError
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, Purpose, Readiness
from kubestandby.resources import Manifest
from kubestandby.snapshots import GroupName, SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    FIRST,
    NOON,
    WEST,
    autoscaler,
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

READY = {
    "observedGeneration": 1,
    "replicas": 3,
    "updatedReplicas": 3,
    "availableReplicas": 3,
    "conditions": [{"type": "Available", "status": "True"}],
}
SHOP = (namespace(), config_map(color="blue"), secret(key="aGk="), definition(), custom(), workload())


def test_everything_is_created_on_an_empty_cluster() -> None:
    cluster = standby()

    report = restore(cluster, *SHOP)

    assert set(outcomes(report).values()) == {"created"}
    assert len(report.results) == len(SHOP)
    assert cluster.object("Ticket", "shop", "one") is not None


def test_a_second_restore_writes_nothing() -> None:
    cluster = standby()
    restore(cluster, *SHOP)
    cluster.writes.clear()

    report = restore(cluster, *SHOP)

    assert cluster.writes == []
    assert set(outcomes(report).values()) == {"unchanged"}


def test_a_second_restore_reads_no_object_of_its_own() -> None:
    cluster = standby()
    many = [config_map(f"c{number}") for number in range(20)]
    restore(cluster, namespace(), *many)
    cluster.calls.clear()

    restore(cluster, namespace(), *many)

    assert not [call for call in cluster.calls if call[0] == "get" and call[1] == "configmaps" and call[3][0] == "c"]


def test_a_second_restore_lists_each_type_once() -> None:
    cluster = standby()
    restore(cluster, *SHOP)
    cluster.put({**cluster.object("Deployment", "shop", "web"), "status": READY})  # type: ignore[dict-item]
    cluster.calls.clear()

    report = restore(cluster, *SHOP)

    assert [call[1] for call in cluster.calls if call[0] == "list"].count("deployments") == 1
    assert [(status.ref.name, status.readiness) for status in report.workloads] == [("web", Readiness.CURRENT)]


CURRENT = {"conditions": [{"type": "Ready", "status": "True"}]}


@pytest.mark.parametrize(
    ("status", "told"), [({}, []), (CURRENT, [("one", Readiness.CURRENT)])], ids=["silent", "reported"]
)
def test_a_second_restore_lists_custom_resources_once(status: dict[str, Any], told: list[Any]) -> None:
    cluster = standby()
    objects = (namespace(), definition(), custom())
    restore(cluster, *objects)
    cluster.put({**cluster.object("Ticket", "shop", "one"), "status": status})  # type: ignore[dict-item]
    cluster.calls.clear()

    report = restore(cluster, *objects)

    reads = [call for call in cluster.calls if call[1] == "tickets"]
    assert len(reads) == 1
    assert [(one.ref.name, one.readiness) for one in report.workloads] == told


def test_a_custom_resource_that_is_not_ready_is_waited_for_though_nothing_changes() -> None:
    cluster = standby()
    objects = (namespace(), definition(), custom())
    restore(cluster, *objects)
    status = {"conditions": [{"type": "Ready", "status": "False", "reason": "Starting"}]}
    cluster.put({**cluster.object("Ticket", "shop", "one"), "status": status})  # type: ignore[dict-item]

    report = restore(cluster, *objects)

    assert [(one.ref.name, one.readiness) for one in report.workloads] == [("one", Readiness.IN_PROGRESS)]


def test_a_workload_that_is_not_current_is_waited_for_though_nothing_changes() -> None:
    cluster = standby()
    restore(cluster, *SHOP)

    report = restore(cluster, *SHOP)

    assert [(status.ref.name, status.readiness) for status in report.workloads] == [("web", Readiness.IN_PROGRESS)]


def test_a_field_that_the_snapshot_has_no_more_is_removed() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue", size="big"))

    report = restore(cluster, namespace(), config_map(color="blue"))

    assert cluster.object("ConfigMap", "shop", "settings")["data"] == {"color": "blue"}  # type: ignore[index]
    assert [d.path for d in result_of(report, "ConfigMap", "settings").diffs] == ["data.size"]


def test_a_plan_writes_nothing_and_says_what_a_restore_would_do() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(color="blue"))
    cluster.writes.clear()
    snapshots, index = stored(namespace(), config_map(color="red"), workload())

    plan = Restorer(cluster, snapshots, FakeClock(NOON)).plan(group(), WEST, index)

    assert cluster.writes == []
    assert {str(result.ref): result.change for result in plan.results} == {
        "Namespace shop": Change.UNCHANGED,
        "ConfigMap shop/settings": Change.CONFIGURED,
        "Deployment.apps shop/web": Change.CREATED,
    }
    assert not plan.changes_nothing


def test_one_refusal_does_not_stop_the_others() -> None:
    cluster = standby()
    cluster.fail("apply", ClusterError("Invalid: no", status=422, reason="Invalid"), name="settings")

    report = restore(cluster, *SHOP)

    assert result_of(report, "ConfigMap", "settings").change is Change.FAILED
    assert report.count(Change.CREATED) == len(SHOP) - 1
    assert not report.succeeded


def test_objects_of_a_failed_namespace_are_not_tried() -> None:
    cluster = standby()
    cluster.fail(
        "apply", ClusterError("Forbidden: no", status=403, reason="Forbidden"), plural="namespaces", name="shop"
    )

    report = restore(cluster, namespace(), config_map())

    assert result_of(report, "ConfigMap", "settings").change is Change.BLOCKED
    assert ("apply", "configmaps", "shop", "settings") not in cluster.calls


def test_a_refusal_that_passes_is_made_good_at_the_end() -> None:
    cluster = standby()
    webhook = ClusterUnavailableError("500 failed calling webhook", status=500, reason="InternalError")
    cluster.fail("apply", webhook, name="settings", times=2)

    report = restore(cluster, *SHOP)

    assert set(outcomes(report).values()) == {"created"}


def test_a_kind_that_the_standby_lacks_is_blocked_by_name() -> None:
    report = restore(standby(), namespace(), custom("Gadget"))

    result = result_of(report, "Gadget", "one")
    assert result.change is Change.BLOCKED
    assert "Gadget" in result.reason


class DyingCluster(FakeCluster):
    """Is reachable until the first object is sent."""

    def apply(self, *arguments: Any, **options: Any) -> Manifest:
        gone = ClusterUnavailableError("unreachable", reason="Unreachable")
        self.fail("identity", gone)
        raise gone


def test_a_cluster_that_goes_away_ends_the_restore_for_another_try() -> None:
    with pytest.raises(ClusterUnavailableError):
        restore(DyingCluster(namespace("kubestandby-system"), uid="uid-of-standby"), *SHOP)


def test_a_snapshot_is_not_restored_onto_its_own_source() -> None:
    with pytest.raises(RoleError, match="own source"):
        restore(standby(), *SHOP, source_cluster="uid-of-standby")


def test_warm_leaves_limits_out_for_as_long_as_the_pods_that_were_there_before_them() -> None:
    limits, pod = (config_map(kind.lower()) | {"kind": kind} for kind in ("LimitRange", "Pod"))
    cluster = standby()

    warm = outcomes(restore(cluster, namespace(), limits, pod, mode=RestoreMode.WARM))
    restore(cluster, namespace(), limits, pod)

    assert warm["LimitRange shop/limitrange"] == "skipped"
    assert [name for _, _, _, name in cluster.writes if name in ("pod", "limitrange")] == ["pod", "limitrange"]


def test_warm_has_nothing_running_and_hot_brings_the_true_numbers_back() -> None:
    cluster = standby()
    restore(cluster, *SHOP, mode=RestoreMode.WARM)
    warm = cluster.object("Deployment", "shop", "web")["spec"]["replicas"]  # type: ignore[index]

    restore(cluster, *SHOP, mode=RestoreMode.HOT)

    hot = cluster.object("Deployment", "shop", "web")["spec"]["replicas"]  # type: ignore[index]
    assert (warm, hot) == (0, 3)


def test_a_rehearsal_writes_nothing_and_says_what_it_could_not_try() -> None:
    cluster = standby(namespace("other"))
    cluster.writes.clear()

    report = restore(cluster, *SHOP, config_map("far", "other"), mode=RestoreMode.REHEARSE)

    assert cluster.writes == []
    assert "namespace shop does not exist yet" in result_of(report, "ConfigMap", "settings").reason
    assert result_of(report, "ConfigMap", "far").reason == ""


def test_a_changed_config_map_restarts_exactly_its_users() -> None:
    cluster = standby()
    user = workload(name="user", volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    restore(cluster, namespace(), config_map(color="blue"), user, workload(name="other"))

    report = restore(cluster, namespace(), config_map(color="red"), user, workload(name="other"))

    assert [ref.name for ref in report.restarted] == ["user"]
    live = cluster.object("Deployment", "shop", "user")
    assert live is not None
    assert "kubestandby.dev/restartedAt" in live["spec"]["template"]["metadata"]["annotations"]
    assert RESTART_MANAGER in {entry["manager"] for entry in live["metadata"]["managedFields"]}


def test_a_restart_is_not_undone_by_the_next_restore() -> None:
    cluster = standby()
    user = workload(name="user", volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    restore(cluster, namespace(), config_map(color="blue"), user)
    restore(cluster, namespace(), config_map(color="red"), user)
    cluster.writes.clear()

    report = restore(cluster, namespace(), config_map(color="red"), user)

    assert (cluster.writes, report.restarted) == ([], ())


def test_restarts_that_a_crash_left_undone_are_made_good() -> None:
    cluster = standby()
    user = workload(name="user", volumes=[{"name": "v", "configMap": {"name": "settings"}}])
    restore(cluster, namespace(), config_map(color="blue"), user)
    snapshots, index = stored(namespace(), config_map(color="red"), user)
    restorer = Restorer(cluster, snapshots, FakeClock(NOON))
    crash = RuntimeError("killed")
    cluster.fail("apply", crash, plural="deployments", times=1)
    arguments = {"mode": RestoreMode.HOT, "purpose": Purpose.SYNC, "requested_at": NOON}
    with pytest.raises(RuntimeError):
        restorer.restore(group(), WEST, index, **arguments)  # type: ignore[arg-type]

    report = restorer.restore(group(), WEST, index, **arguments)  # type: ignore[arg-type]

    assert report.count(Change.CONFIGURED) == 0
    assert [ref.name for ref in report.restarted] == ["user"]
    assert InventoryLedger(cluster, GroupName("shop")).read().pending_restarts == frozenset()


def test_an_autoscaled_workload_keeps_the_standbys_number() -> None:
    cluster = standby()
    shop = (namespace(), workload(), autoscaler())
    restore(cluster, *shop)
    live = cluster.object("Deployment", "shop", "web")
    assert live is not None
    live["spec"]["replicas"] = 7

    restore(cluster, *shop)

    assert cluster.object("Deployment", "shop", "web")["spec"]["replicas"] == 7  # type: ignore[index]


def test_the_inventory_remembers_the_newest_snapshot_when_an_older_one_is_named() -> None:
    cluster = standby()
    restore(cluster, *SHOP, id=SnapshotId(1, 5))

    restore(cluster, *SHOP, id=SnapshotId(1, 2), named=True)

    inventory = InventoryLedger(cluster, GroupName("shop")).read()
    assert (inventory.snapshot, inventory.highest) == (SnapshotId(1, 2), SnapshotId(1, 5))


def test_the_report_names_images_phases_and_the_time_to_recovery() -> None:
    snapshots, index = stored(namespace(), config_map())
    clock = FakeClock(NOON + timedelta(seconds=5))

    report = Restorer(standby(), snapshots, clock).restore(
        group(), WEST, index, mode=RestoreMode.HOT, purpose=Purpose.FAILOVER, requested_at=NOON, rpo_seconds=60.0
    )

    assert report.images == ("registry.example/web:1",)
    assert set(report.phases) == {"verify", "plan", "apply", "wait"}
    assert (report.rpo_seconds, report.rto_seconds, report.snapshot) == (60.0, 5.0, FIRST)


def test_nothing_that_does_not_run_has_a_time_to_recovery() -> None:
    report = restore(standby(), *SHOP)

    assert report.rto_seconds is None
    assert [status.ref.name for status in report.workloads] == ["web"]


def test_the_inventory_owns_what_was_sent_and_found_and_nothing_that_could_not_be() -> None:
    cluster = standby(namespace())

    restore(cluster, namespace(), config_map(), custom("Gadget"))

    owned = InventoryLedger(cluster, GroupName("shop")).read().owned
    assert owned == {("", "Namespace", "", "shop"), ("", "ConfigMap", "shop", "settings")}


def test_a_plan_is_made_in_the_groups_mode_unless_another_is_asked_for() -> None:
    snapshots, index = stored(*SHOP)
    restorer = Restorer(standby(), snapshots, FakeClock(NOON))
    warm = group(mode=RestoreMode.WARM)

    assert restorer.plan(warm, WEST, index).mode is RestoreMode.WARM
    assert restorer.plan(warm, WEST, index, mode=RestoreMode.HOT).mode is RestoreMode.HOT
