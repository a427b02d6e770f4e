"""What keeps Pods from running, and whose they are."""

from typing import Any

import pytest

from functions.restore.pods import owns_pod, pod_problem


def pod(labels: dict[str, str] | None = None, **status: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": labels or {}}, "status": status}


def waiting(reason: str, field: str = "containerStatuses") -> dict[str, Any]:
    status: Any = {field: [{"name": "main", "state": {"waiting": {"reason": reason, "message": "why"}}}]}
    return pod(**status)


@pytest.mark.parametrize("field", ["containerStatuses", "initContainerStatuses"])
def test_an_image_that_cannot_be_pulled_is_a_problem(field: str) -> None:
    assert pod_problem(waiting("ImagePullBackOff", field)) == "container main: ImagePullBackOff: why"


def test_a_container_that_is_being_made_is_none() -> None:
    assert pod_problem(waiting("ContainerCreating")) == ""


def test_the_schedulers_reason_is_cut_to_a_line() -> None:
    unschedulable = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no\nnode " * 99}

    found = pod_problem(pod(conditions=[unschedulable]))

    assert found.startswith("it cannot be scheduled (Unschedulable): no node")
    assert len(found) < 310
    assert "\n" not in found


@pytest.mark.parametrize(
    ("selector", "owned"),
    [
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "db"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Newer"}]}, False),
        ({"app": "web"}, True),
        ({"app": "db"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_pods_belong_to_whose_selector_selects_them(selector: Any, owned: bool) -> None:
    assert owns_pod({"spec": {"selector": selector}}, pod({"app": "web"})) is owned
