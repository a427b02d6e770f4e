"""How far a live object has come."""

from typing import Any

import pytest

from functions.restore.readiness import assess, is_watched
from kubestandby.reports import Readiness

CURRENT, IN_PROGRESS, FAILED = Readiness.CURRENT, Readiness.IN_PROGRESS, Readiness.FAILED


def live(kind: str, spec: dict[str, Any], status: dict[str, Any], api_version: str = "apps/v1") -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "shop", "generation": 2}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status}


def condition(name: str, status: str = "True", reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": name, "status": status, "reason": reason, "message": message}


def deployment(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    ready = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    available = {"conditions": [condition("Available")]}
    return live("Deployment", {"replicas": 2, **(spec or {})}, ready | available | status)


def stateful_set(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    ready = {"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2}
    return live("StatefulSet", {"replicas": 2, **(spec or {})}, ready | status)


def daemon_set(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    names = (
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    )
    return live("DaemonSet", spec or {}, {"observedGeneration": 2} | dict.fromkeys(names, 3) | status)


def pod(phase: str, **status: Any) -> dict[str, Any]:
    return live("Pod", {}, {"phase": phase, **status}, "v1")


def job(spec: dict[str, Any], **status: Any) -> dict[str, Any]:
    return live("Job", spec, status, "batch/v1")


def custom(*conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    return live("Ticket", {}, {"conditions": list(conditions)} | status, "shop.example/v1")


@pytest.mark.parametrize(
    "manifest",
    [
        deployment(),
        deployment({"replicas": 0}, replicas=0, updatedReplicas=0, availableReplicas=0),
        deployment({"paused": True}),
        stateful_set(),
        stateful_set({"updateStrategy": {"type": "OnDelete"}}, readyReplicas=0),
        stateful_set({"updateStrategy": {"rollingUpdate": {"partition": 1}}}, updatedReplicas=1),
        daemon_set(),
        daemon_set({"updateStrategy": {"type": "OnDelete"}}, updatedNumberScheduled=0),
        live("ReplicaSet", {"replicas": 1}, {"observedGeneration": 2, "replicas": 1, "availableReplicas": 1}),
        live("ReplicationController", {"replicas": 0}, {"observedGeneration": 2, "replicas": 0}, "v1"),
        pod("Succeeded"),
        pod("Running", conditions=[condition("Ready")]),
        job({}, active=1),
        job({"suspend": True}),
        job({"suspend": True}, conditions=[condition("Failed", reason="BackoffLimitExceeded")]),
        job({"parallelism": 0}),
        job({}, conditions=[condition("Complete")]),
        live("CronJob", {}, {}, "batch/v1"),
        live("PersistentVolumeClaim", {}, {"phase": "Bound"}, "v1"),
        live("APIService", {}, {"conditions": [condition("Available")]}, "apiregistration.k8s.io/v1"),
        custom(),
        custom(condition("Ready")),
        custom(condition("Progressing", "False")),
    ],
)
def test_these_are_current(manifest: dict[str, Any]) -> None:
    assert assess(manifest).readiness is CURRENT


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (deployment(observedGeneration=1), "has not seen it"),
        (deployment(updatedReplicas=1), "updated: 1 of 2"),
        (deployment(availableReplicas=0), "available: 0 of 2"),
        (deployment(replicas=3), "old Pods still to go: 1"),
        (deployment(conditions=[condition("Available", "False", "MinimumReplicasUnavailable")]), "MinimumReplicas"),
        (stateful_set(replicas=1), "replicas: 1 of 2"),
        (stateful_set(readyReplicas=1), "ready: 1 of 2"),
        (stateful_set(replicas=3), "still to go"),
        (stateful_set(updatedReplicas=0), "updated: 0 of 2"),
        (daemon_set(numberReady=1), "ready: 1 of 3"),
        (pod("Pending"), "Pending"),
        (pod("Running", conditions=[condition("Ready", "False", "ContainersNotReady")]), "ContainersNotReady"),
        (job({}), "no Pod yet"),
        (live("PersistentVolumeClaim", {}, {"phase": "Pending"}, "v1"), "not bound"),
        (custom(condition("Ready", "False", "Provisioning", "disk")), "Provisioning: disk"),
        (custom(condition("Ready", "Unknown")), "Ready is Unknown"),
        (custom(condition("Reconciling", reason="Busy"), condition("Ready")), "Busy"),
        (custom(observedGeneration=1), "has not seen it"),
    ],
)
def test_these_are_in_progress_with_a_reason(manifest: dict[str, Any], words: str) -> None:
    found = assess(manifest)

    assert found.readiness is IN_PROGRESS
    assert words in found.message
    assert not found.stuck


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (deployment({"paused": True}, updatedReplicas=0), "paused"),
        (
            deployment(conditions=[condition("ReplicaFailure", reason="FailedCreate", message="exceeded quota")]),
            "quota",
        ),
        (
            live("ReplicaSet", {}, {"observedGeneration": 2, "conditions": [condition("ReplicaFailure", reason="Q")]}),
            "Q",
        ),
        (pod("Pending", conditions=[condition("PodScheduled", "False", "Unschedulable", "no node")]), "no node"),
    ],
)
def test_these_cannot_progress_by_themselves(manifest: dict[str, Any], words: str) -> None:
    found = assess(manifest)

    assert (found.readiness, found.stuck) == (IN_PROGRESS, True)
    assert words in found.message


@pytest.mark.parametrize(
    "manifest",
    [
        deployment(conditions=[condition("Progressing", "False", "ProgressDeadlineExceeded")]),
        pod("Failed", reason="Evicted"),
        job({}, conditions=[condition("Failed", reason="BackoffLimitExceeded")]),
        live("PersistentVolumeClaim", {}, {"phase": "Lost"}, "v1"),
        custom(condition("Stalled", reason="BadSpec")),
    ],
)
def test_these_have_failed(manifest: dict[str, Any]) -> None:
    found = assess(manifest)

    assert found.readiness is FAILED
    assert found.message


def test_what_is_being_deleted_is_terminating() -> None:
    leaving = deployment()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"

    assert assess(leaving).readiness is Readiness.TERMINATING


def test_objects_without_a_status_are_no_error() -> None:
    bare = deployment()
    del bare["status"]

    assert assess(bare).readiness is IN_PROGRESS


def test_config_is_not_waited_for_and_custom_resources_are() -> None:
    assert not is_watched(("", "ConfigMap"))
    assert not is_watched(("policy", "PodDisruptionBudget"))
    assert is_watched(("apps", "Deployment"))
    assert is_watched(("gateway.networking.k8s.io", "Gateway"))
