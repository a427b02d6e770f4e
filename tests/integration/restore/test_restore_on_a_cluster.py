"""Restores on a real cluster."""

from collections.abc import Callable

import pytest

from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, Readiness
from tests.integration.restore.recording import RecordingCluster
from tests.integration.restore.shop import restore_on, shop
from tests.testbed.access import ClusterAccess
from tests.unit.restore.samples import config_map, namespace, outcomes, result_of, workload

pytestmark = pytest.mark.clusters

Cleanup = Callable[..., None]


@pytest.fixture(autouse=True)
def _cluster_scoped_parts(space: str, cleanup: Cleanup) -> None:
    cleanup("crd", f"tickets.{space}.example")
    cleanup("clusterrole", f"{space}-reader")
    cleanup("priorityclass", f"{space}-first")
    cleanup("configmap", f"kubestandby-{space}", "-n", "kubestandby-system")


def test_a_shop_comes_up_whole_and_a_second_restore_writes_nothing(west: RecordingCluster, space: str) -> None:
    first = restore_on(west, space, *shop(space))

    assert set(outcomes(first).values()) == {"created"}, [r for r in first.results if r.change != "created"]
    assert {status.readiness for status in first.workloads} == {Readiness.CURRENT}, first.workloads
    assert first.rto_seconds is not None

    west.forget()
    second = restore_on(west, space, *shop(space))

    assert set(outcomes(second).values()) == {"unchanged"}
    assert west.writes == []
    assert west.dry_runs == []


def test_a_changed_config_map_restarts_exactly_its_users(west: RecordingCluster, space: str) -> None:
    restore_on(west, space, *shop(space))
    changed = [m if m["kind"] != "ConfigMap" else config_map("settings", space, color="red") for m in shop(space)]

    report = restore_on(west, space, *changed)

    assert [str(ref) for ref in report.restarted] == [f"Deployment.apps {space}/web"]
    assert report.count(Change.CONFIGURED) == 1
    assert report.rto_seconds is not None
    west.forget()
    assert restore_on(west, space, *changed).restarted == ()
    assert west.writes == []


def test_a_changed_selector_needs_a_recreate_and_touches_nothing_else(west: RecordingCluster, space: str) -> None:
    web, other = workload(namespace=space), workload(name="other", namespace=space)
    restore_on(west, space, namespace(space), web, other)
    labels = {"app": "renamed"}
    web["spec"]["selector"]["matchLabels"] = web["spec"]["template"]["metadata"]["labels"] = labels
    other["spec"]["replicas"] = 1
    west.forget()

    report = restore_on(west, space, namespace(space), web, other)

    refused = result_of(report, "Deployment", "web")
    assert refused.change is Change.FAILED
    assert refused.reason.startswith("recreate needed: ")
    assert "spec.selector" in refused.reason
    assert result_of(report, "Deployment", "other").diffs[0].path == "spec.replicas"
    assert west.writes == [f"apply Deployment.apps {space}/other"]


def test_what_cannot_progress_is_told_with_its_reason_and_holds_nobody(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    paused = workload(name="paused", namespace=space)
    paused["spec"]["paused"] = True
    homeless = workload(name="homeless", namespace=space, nodeSelector={"no": "such-node"})
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few", "namespace": space},
        "spec": {"hard": {"count/replicasets.apps": "100", "pods": "4"}},
    }
    greedy = workload("StatefulSet", "zz-greedy", space)
    greedy["spec"]["replicas"] = 9
    greedy["spec"]["podManagementPolicy"] = "Parallel"

    restore_on(west, space, namespace(space), quota)
    in_force = ("wait", "--for=jsonpath={.status.hard.pods}=4", "--timeout=120s", "-n", space, "resourcequota/few")
    standby.kubectl(*in_force)  # until then the server may not know of it yet

    report = restore_on(west, space, namespace(space), paused, homeless, quota, greedy, timeout=120)

    told = {status.ref.name: status for status in report.workloads}
    assert all(status.stalled for status in told.values()), report.workloads
    assert "paused" in told["paused"].message
    assert "Unschedulable" in told["homeless"].message or "exceeded quota" in told["homeless"].message
    assert "exceeded quota" in told["zz-greedy"].message
    assert report.rto_seconds is None
    assert report.phases["wait"] < 30


def test_what_server_side_apply_cannot_express_is_sent_whole(west: RecordingCluster, space: str) -> None:
    web = workload(namespace=space)
    web["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "MODE", "value": "one"},
        {"name": "MODE", "value": "two"},
    ]

    first = restore_on(west, space, namespace(space), web)
    west.forget()
    second = restore_on(west, space, namespace(space), web)
    web["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "MORE", "value": "yes"})
    third = restore_on(west, space, namespace(space), web)

    assert "server-side apply cannot express it" in result_of(first, "Deployment", "web").reason
    assert result_of(first, "Deployment", "web").change is Change.CREATED
    assert result_of(second, "Deployment", "web").change is Change.UNCHANGED
    assert result_of(third, "Deployment", "web").change is Change.CONFIGURED


def test_warm_runs_nothing_and_hot_brings_it_up(west: RecordingCluster, standby: ClusterAccess, space: str) -> None:
    warm = restore_on(west, space, *shop(space), mode=RestoreMode.WARM)
    pods = standby.kubectl("get", "pods", "-n", space, "-o", "name")

    hot = restore_on(west, space, *shop(space))

    assert pods == ""
    assert warm.succeeded
    assert warm.rto_seconds is None
    assert hot.rto_seconds is not None, hot.workloads
    assert standby.kubectl("get", "deployment", "web", "-n", space, "-o", "jsonpath={.status.readyReplicas}") == "3"


def test_a_rehearsal_leaves_no_trace(west: RecordingCluster, standby: ClusterAccess, space: str) -> None:
    standby.kubectl("create", "namespace", space)

    report = restore_on(west, space, *shop(space), mode=RestoreMode.REHEARSE)

    assert west.writes == []
    assert report.succeeded, [r for r in report.results if r.change in (Change.FAILED, Change.BLOCKED)]
    assert "not rehearsed" in result_of(report, "Ticket", "one").reason
    assert standby.kubectl("get", "all,configmap", "-n", space, "-o", "name") == "configmap/kube-root-ca.crt\n"


def test_a_namespace_that_is_being_deleted_is_waited_for(
    west: RecordingCluster, standby: ClusterAccess, space: str
) -> None:
    restore_on(west, space, *shop(space))
    standby.kubectl("delete", "namespace", space, "--wait=false")

    report = restore_on(west, space, *shop(space))

    assert report.succeeded, [r for r in report.results if r.change in (Change.FAILED, Change.BLOCKED)]
    assert report.rto_seconds is not None


def test_a_webhook_that_comes_with_the_snapshot_does_not_stop_it(
    west: RecordingCluster, space: str, cleanup: Cleanup
) -> None:
    name = f"{space}-hook"
    cleanup("validatingwebhookconfiguration", name)
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": "hook.shop.example",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
                "clientConfig": {"service": {"name": "hook", "namespace": space}},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": space}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}],
            }
        ],
    }

    report = restore_on(west, space, hook, namespace(space), config_map(namespace=space))

    assert set(outcomes(report).values()) == {"created"}


def test_a_field_that_the_standby_does_not_know_is_refused_by_name(west: RecordingCluster, space: str) -> None:
    strange = config_map(namespace=space) | {"dataa": {"a": "b"}}

    report = restore_on(west, space, namespace(space), strange, config_map("good", space))

    assert result_of(report, "ConfigMap", "settings").change is Change.FAILED
    assert "dataa" in result_of(report, "ConfigMap", "settings").reason
    assert result_of(report, "ConfigMap", "good").change is Change.CREATED
