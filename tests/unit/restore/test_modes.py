"""What the modes make of manifests."""

from typing import Any

import pytest

from functions.restore.modes import WARM_NODE_SELECTOR, project, skip_reason, with_live_replicas
from kubestandby.groups import RestoreMode
from kubestandby.resources import ObjectRef
from tests.unit.restore.samples import config_map, workload

WARM, HOT = RestoreMode.WARM, RestoreMode.HOT


def projected(manifest: dict[str, Any], mode: RestoreMode) -> Any:
    return project(ObjectRef.of(manifest), manifest, mode)


def job(kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": "j", "namespace": "shop"}, "spec": spec}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet"])
def test_warm_puts_workloads_at_zero(kind: str) -> None:
    original = workload(kind)

    assert projected(original, WARM)["spec"]["replicas"] == 0
    assert original["spec"]["replicas"] == 3


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_warm_suspends_jobs(kind: str) -> None:
    assert projected(job(kind), WARM)["spec"] == {"suspend": True}


def test_a_warm_daemon_set_selects_no_node() -> None:
    pod = projected(workload("DaemonSet", nodeSelector={"disk": "fast"}), WARM)["spec"]["template"]["spec"]

    assert set(pod["nodeSelector"]) == {"disk", WARM_NODE_SELECTOR}
    assert pod["containers"]


def test_warm_leaves_everything_else_alone() -> None:
    assert projected(config_map(), WARM) == config_map()


def test_warm_leaves_out_pods_of_their_own() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}}

    assert skip_reason(ObjectRef.of(pod), WARM)
    assert not skip_reason(ObjectRef.of(pod), HOT)


def test_hot_takes_the_manifest_as_it_is() -> None:
    original = workload()

    assert projected(original, HOT) is original


def test_the_restart_mark_of_another_cluster_is_not_restored() -> None:
    marked = workload()
    marked["spec"]["template"]["metadata"]["annotations"] = {"kubestandby.dev/restartedAt": "then", "keep": "me"}

    annotations = projected(marked, HOT)["spec"]["template"]["metadata"]["annotations"]

    assert annotations == {"keep": "me"}


def test_nothing_is_taken_out_of_a_custom_resource_that_looks_like_a_workload() -> None:
    custom = workload() | {"apiVersion": "shop.example/v1"}
    custom["spec"]["template"]["metadata"]["annotations"] = {"kubestandby.dev/restartedAt": "of its author"}

    assert projected(custom, HOT) is custom


@pytest.mark.parametrize(("live", "expected"), [(7, 7), (0, 3), (3, 3)])
def test_an_autoscaler_is_in_charge_of_what_it_has_started(live: int, expected: int) -> None:
    running = workload()
    running["spec"]["replicas"] = live

    assert with_live_replicas(workload(), running)["spec"]["replicas"] == expected


def test_a_workload_that_shall_be_at_zero_is_not_kept_up_by_its_autoscaler() -> None:
    assert with_live_replicas(projected(workload(), WARM), workload())["spec"]["replicas"] == 0
