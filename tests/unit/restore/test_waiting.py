"""Waiting until what was applied is Current."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from functions.restore.waiting import Grace, Waiter
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.reports import Readiness, WorkloadStatus
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    claim,
    config_map,
    custom,
    definition,
    desired,
    namespace,
    standby,
    workload,
)

READY = {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
AVAILABLE = {"conditions": [{"type": "Available", "status": "True"}]}
GRACE = Grace(stuck=10, quiet=30)


class ScriptedClock(FakeClock):
    """Runs what is due whenever somebody sleeps."""

    def __init__(self) -> None:
        super().__init__(NOON)
        self.script: list[tuple[float, Callable[[], None]]] = []

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self.script.append((seconds, action))

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        elapsed = (self.now() - NOON).total_seconds()
        for due in [entry for entry in self.script if entry[0] <= elapsed]:
            self.script.remove(due)
            due[1]()


def wait(
    cluster: FakeCluster, manifests: Sequence[dict[str, Any]], clock: FakeClock | None = None, timeout: float = 100
) -> dict[str, WorkloadStatus]:
    with ThreadPoolExecutor(1) as pool:
        waiter = Waiter(cluster, clock or FakeClock(NOON), pool, GRACE)
        return {status.ref.name: status for status in waiter.wait([desired(m) for m in manifests], timeout)}


def ready(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest | {"status": READY | AVAILABLE}


def unready(manifest: dict[str, Any]) -> dict[str, Any]:
    metadata = {**manifest["metadata"], "uid": f"uid-{manifest['metadata']['name']}"}
    return manifest | {"metadata": metadata, "status": READY | AVAILABLE | {"availableReplicas": 0}}


def pod_of(name: str, **status: Any) -> dict[str, Any]:
    metadata = {"name": f"{name}-0", "namespace": "shop", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


def unschedulable(name: str) -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    return pod_of(name, phase="Pending", conditions=[condition])


def failed_create(uid: str, when: str = "2026-11-22T12:00:05Z", message: str = "exceeded quota") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"event-of-{uid}", "namespace": "shop"},
        "involvedObject": {"uid": uid},
        "reason": "FailedCreate",
        "lastTimestamp": when,
        "message": message,
    }


def test_what_is_current_needs_no_second_look() -> None:
    clock = FakeClock(NOON)

    found = wait(standby(ready(workload())), [workload()], clock)

    assert found["web"].readiness is Readiness.CURRENT
    assert clock.sleeps == []


@pytest.mark.parametrize(("seconds", "later"), [(1, 0.25), (6, 0.6), (13, 1.3), (21, 2.1), (90, 4)])
def test_the_wait_ends_soon_after_the_last_one_is_current(seconds: float, later: float) -> None:
    cluster, clock = standby(unready(workload())), ScriptedClock()
    clock.at(seconds, lambda: cluster.put(ready(workload())))

    found = wait(cluster, [workload()], clock)

    assert found["web"].readiness is Readiness.CURRENT
    assert seconds <= (clock.now() - NOON).total_seconds() <= seconds + later


def test_what_is_current_is_not_asked_about_again() -> None:
    cluster = standby(ready(workload()), unready(workload("StatefulSet", "db")))

    wait(cluster, [workload(), workload("StatefulSet", "db")], timeout=10)

    plurals = [plural for operation, plural, _, _ in cluster.calls if operation == "list"]
    assert plurals.count("deployments") == 1
    assert plurals.count("statefulsets") > 3


def test_the_wait_is_bounded_and_says_what_was_missing() -> None:
    clock = FakeClock(NOON)

    found = wait(standby(unready(workload())), [workload()], clock, timeout=50)

    assert (found["web"].readiness, found["web"].stalled) == (Readiness.IN_PROGRESS, False)
    assert found["web"].message == "not Current within 50 s: available: 0 of 3"
    assert clock.now() - NOON == timedelta(seconds=50)


def test_pods_that_cannot_be_scheduled_stall_their_workload_after_a_grace() -> None:
    clock = FakeClock(NOON)

    found = wait(standby(unready(workload()), unschedulable("web")), [workload()], clock)

    assert found["web"].stalled
    assert found["web"].message == "Pod web-0: it cannot be scheduled (Unschedulable): 0/3 nodes"
    assert clock.now() - NOON < timedelta(seconds=25)


def test_a_stalled_workload_does_not_hold_the_others() -> None:
    cluster, clock = standby(unready(workload()), unschedulable("web"), unready(workload(name="slow"))), ScriptedClock()
    clock.at(60, lambda: cluster.put(ready(workload(name="slow"))))

    found = wait(cluster, [workload(), workload(name="slow")], clock)

    assert found["web"].stalled
    assert found["web"].message.startswith("Pod web-0: it cannot be scheduled")
    assert found["slow"].readiness is Readiness.CURRENT


def test_a_workload_whose_obstacle_goes_away_in_time_is_current_after_all() -> None:
    cluster, clock = standby(unready(workload()), unschedulable("web"), unready(workload(name="slow"))), ScriptedClock()
    clock.at(40, lambda: cluster.put(ready(workload())))
    clock.at(60, lambda: cluster.put(ready(workload(name="slow"))))

    found = wait(cluster, [workload(), workload(name="slow")], clock)

    assert {status.readiness for status in found.values()} == {Readiness.CURRENT}
    assert not found["web"].stalled


def test_a_short_trouble_is_within_the_grace() -> None:
    cluster, clock = standby(unready(workload()), unschedulable("web")), ScriptedClock()
    clock.at(5, lambda: cluster.take_out("Pod", "shop", "web-0"))

    found = wait(cluster, [workload()], clock, timeout=40)

    assert not found["web"].stalled


def test_a_paused_deployment_is_stalled() -> None:
    paused = workload()
    paused["spec"]["paused"] = True
    live = paused | {"status": {"observedGeneration": 1}}

    found = wait(standby(live), [paused])

    assert found["web"].stalled
    assert "paused" in found["web"].message


def test_pods_that_may_not_be_made_are_told_from_the_events() -> None:
    stateful = workload("StatefulSet", "db")

    found = wait(standby(unready(stateful), failed_create("uid-db")), [stateful])

    assert found["db"].stalled
    assert found["db"].message == "its Pods cannot be made: exceeded quota"


def test_events_from_before_the_restore_do_not_count() -> None:
    stateful = workload("StatefulSet", "db")

    found = wait(standby(unready(stateful), failed_create("uid-db", "2026-11-22T11:00:00Z")), [stateful], timeout=40)

    assert not found["db"].stalled


def test_a_claim_that_waits_for_its_first_consumer_is_no_trouble() -> None:
    lazy = {"metadata": {"name": "lazy"}, "volumeBindingMode": "WaitForFirstConsumer"}
    classes = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **lazy}
    pending = claim(storageClassName="lazy")

    found = wait(standby(classes, pending | {"status": {"phase": "Pending"}}), [pending])

    assert found["data"].readiness is Readiness.CURRENT


def test_a_claim_may_name_its_class_in_an_annotation() -> None:
    lazy = {"metadata": {"name": "lazy"}, "volumeBindingMode": "WaitForFirstConsumer"}
    pending = claim()
    pending["metadata"]["annotations"] = {"volume.beta.kubernetes.io/storage-class": "lazy"}

    found = wait(
        standby({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **lazy}, pending | {"status": {}}),
        [pending],
    )

    assert found["data"].readiness is Readiness.CURRENT


def test_a_claim_of_a_class_that_the_standby_lacks_is_stalled_with_the_class() -> None:
    pending, clock = claim(storageClassName="fast"), FakeClock(NOON)

    found = wait(standby(pending | {"status": {"phase": "Pending"}}), [pending], clock)

    assert clock.now() - NOON < timedelta(seconds=25)
    assert found["data"].stalled
    assert "StorageClass fast does not exist" in found["data"].message


def test_a_claim_that_nobody_binds_is_stalled_after_a_while() -> None:
    slow = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "slow"}}
    pending, clock = claim(storageClassName="slow"), FakeClock(NOON)

    found = wait(standby(slow, pending | {"status": {"phase": "Pending"}}), [pending], clock)

    assert found["data"].stalled
    assert timedelta(seconds=GRACE.quiet) <= clock.now() - NOON < timedelta(seconds=GRACE.quiet + 10)


def test_a_custom_resource_on_which_nobody_reports_is_not_told() -> None:
    assert wait(standby(definition(), custom()), [custom()]) == {}


def test_a_custom_resource_that_no_operator_makes_ready_does_not_hang() -> None:
    waiting = custom() | {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "Pending"}]}}

    found = wait(standby(definition(), waiting), [custom()])

    assert found["one"].stalled
    assert found["one"].message == "no change for 30 s: Pending"


def test_an_object_that_others_delete_is_not_found() -> None:
    found = wait(standby(), [workload()])

    assert (found["web"].readiness, found["web"].stalled) == (Readiness.NOT_FOUND, True)


def test_a_job_that_cleans_itself_up_has_arrived() -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "shop"}}

    found = wait(standby(), [job | {"spec": {"ttlSecondsAfterFinished": 0}}])

    assert found["j"].readiness is Readiness.CURRENT


def test_a_type_that_may_not_be_read_is_unknown_and_holds_nobody() -> None:
    cluster = standby(ready(workload()))
    cluster.fail("list", ClusterError("forbidden", status=403, reason="Forbidden"), plural="deployments")

    found = wait(cluster, [workload()])

    assert (found["web"].readiness, found["web"].stalled) == (Readiness.UNKNOWN, True)


def test_reasons_that_may_not_be_read_are_done_without() -> None:
    cluster = standby(unready(workload()))
    for plural in ("pods", "events"):
        cluster.fail("list", ClusterError("forbidden", status=403, reason="Forbidden"), plural=plural)

    found = wait(cluster, [workload()], timeout=30)

    assert found["web"].message == "not Current within 30 s: available: 0 of 3"


def test_config_and_namespaces_are_not_waited_for() -> None:
    assert wait(standby(), [config_map(), namespace()]) == {}


def test_a_claim_without_a_class_needs_a_volume_that_is_there() -> None:
    found = wait(standby(claim() | {"status": {"phase": "Pending"}}), [claim()])

    assert found["data"].stalled
    assert "no PersistentVolume matches it" in found["data"].message


def test_classes_that_may_not_be_read_are_taken_as_missing() -> None:
    pending = claim(storageClassName="fast")
    cluster = standby(pending | {"status": {"phase": "Pending"}})
    cluster.fail("list", ClusterError("forbidden", status=403, reason="Forbidden"), plural="storageclasses")

    assert wait(cluster, [pending])["data"].stalled


def test_a_custom_resource_that_is_ready_is_told() -> None:
    ready_one = custom() | {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}

    assert wait(standby(definition(), ready_one), [custom()])["one"].readiness is Readiness.CURRENT


def test_what_has_failed_keeps_its_own_reason_while_others_are_waited_for() -> None:
    stalled = custom() | {"status": {"conditions": [{"type": "Stalled", "status": "True", "reason": "BadSpec"}]}}

    found = wait(standby(definition(), stalled, unready(workload())), [custom(), workload()], timeout=80)

    assert (found["one"].readiness, found["one"].stalled) == (Readiness.FAILED, False)
    assert found["one"].message == "BadSpec"


def test_a_workload_that_moves_is_not_looked_into() -> None:
    cluster, clock = standby(unready(workload())), ScriptedClock()
    for second in range(1, 40):
        clock.at(second, lambda: cluster.put(unready(workload())))

    wait(cluster, [workload()], clock, timeout=30)

    assert ("list", "pods", "shop", "") not in cluster.calls


def test_a_cluster_that_goes_away_ends_the_wait() -> None:
    cluster = standby(unready(workload()))
    cluster.fail("list", ClusterUnavailableError("unreachable", reason="Unreachable"), plural="deployments")

    with pytest.raises(ClusterUnavailableError):
        wait(cluster, [workload()])
