"""Finds the pod specs in a manifest: by path in the built-in workload kinds, by shape in custom resources."""

from collections.abc import Iterator
from typing import Any

from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest

_TEMPLATE = ("spec", "template", "spec")
PATHS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
    ("batch", "Job"): _TEMPLATE,
}
"""Where the built-in kinds keep their PodSpec (API reference: PodTemplateSpec)."""

DEEPEST = 32
"""Levels searched in a custom resource."""


def pod_specs(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Every pod spec in the manifest.

    In a custom resource that is any mapping with a list `containers` of which some item names an image, wherever it
    is: operators embed whole templates, or parts of them.
    """
    gvk = GVK.of(manifest)
    path = PATHS.get(gvk.group_kind)
    if path:
        spec = _at(manifest, path)
        if isinstance(spec, dict):
            yield spec
    elif gvk.group not in BUILT_IN_GROUPS:
        authored = {name: value for name, value in manifest.items() if name not in ("metadata", "status")}
        yield from _search(authored, DEEPEST)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def _search(value: Any, levels: int) -> Iterator[dict[str, Any]]:
    if levels == 0:
        return
    if isinstance(value, dict):
        if _has_images(value.get("containers")):
            yield value
        for inner in value.values():
            yield from _search(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _search(inner, levels - 1)


def _has_images(containers: Any) -> bool:
    listed = containers if isinstance(containers, list) else []
    return any(isinstance(item, dict) and isinstance(item.get("image"), str) for item in listed)
