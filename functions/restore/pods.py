"""What keeps Pods from running, and whose Pods they are. Pure."""

from collections.abc import Mapping
from typing import Any

from kubestandby.resources import Manifest

from .references import child, children

_LONGEST = 300

_STUCK_CONTAINER = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Reasons of a waiting container that seldom pass by themselves (kubelet, pkg/kubelet/images and container)."""


def pod_problem(pod: Manifest) -> str:
    """Why the Pod does not run, "" where nothing is known against it."""
    for condition in children(pod, "status", "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return _cut(f"it cannot be scheduled ({condition.get('reason')}): {condition.get('message', '')}")
    for field in ("initContainerStatuses", "containerStatuses"):
        for container in children(pod, "status", field):
            waiting = child(container, "state", "waiting") or {}
            if waiting.get("reason") in _STUCK_CONTAINER:
                words = f"container {container.get('name')}: {waiting['reason']}: {waiting.get('message', '')}"
                return _cut(words.rstrip(": "))
    return ""


def owns_pod(workload: Manifest, pod: Manifest) -> bool:
    """Whether the workload's selector selects the Pod (metav1.LabelSelector; a plain map in ReplicationControllers)."""
    selector = child(workload, "spec", "selector")
    labels = child(pod, "metadata", "labels") or {}
    if not isinstance(selector, Mapping) or not selector:
        return False
    if not {"matchLabels", "matchExpressions"} & set(selector):
        return _matches_labels(selector, labels)
    return _matches_labels(selector.get("matchLabels") or {}, labels) and all(
        _matches_expression(expression, labels) for expression in children(selector, "matchExpressions")
    )


def _matches_labels(wanted: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    return all(labels.get(key) == value for key, value in wanted.items())


def _matches_expression(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), expression.get("values") or ()
    answers = {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return answers.get(str(expression.get("operator")), False)


def _cut(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
