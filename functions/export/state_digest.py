"""A digest of the desired state of a snapshot: what has to differ for a new generation to be worth its place.

The archive holds each object whole, as the server gave it. Much of that moves without anybody changing anything: an
autoscaler's measurements, a CronJob's last run, the time at which a controller last touched a field.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from kubestandby.codec import canonical_json
from kubestandby.resources import GVK, Manifest

from .references import is_built_in

MOVING_METADATA = frozenset({"creationTimestamp", "generation", "resourceVersion", "uid"})
MOVING_ANNOTATIONS = frozenset(
    {
        "autoscaling.alpha.kubernetes.io/conditions",
        "autoscaling.alpha.kubernetes.io/current-metrics",
        "control-plane.alpha.kubernetes.io/leader",
    }
)
"""None of them crosses. The status of an autoscaler, where it is listed as autoscaling/v1
(k8s.io/kubernetes/pkg/apis/autoscaling); who leads, renewed every few seconds (client-go resourcelock)."""

TELLING_STATUS = frozenset({("", "PersistentVolume"), ("", "PersistentVolumeClaim"), ("", "Pod"), ("batch", "Job")})
"""Kinds of whose status something is needed to restore them: whether a Job has completed, whether a claim is bound."""


class StateDigest:
    """Takes in objects in any order."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, path: str, manifest: Manifest) -> None:
        """Takes in one object under its path in the archive."""
        self._lines.append(f"{hashlib.sha256(canonical_json(steady(manifest))).hexdigest()} {path}\n")

    def hexdigest(self) -> str:
        """SHA-256 over all objects, sorted."""
        return hashlib.sha256("".join(sorted(self._lines)).encode()).hexdigest()


def steady(manifest: Manifest) -> dict[str, Any]:
    """The manifest without what moves by itself."""
    kept = {name: value for name, value in manifest.items() if name != "status" or _tells(manifest)}
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in MOVING_METADATA}
    annotations = metadata.pop("annotations", None) or {}
    if steadied := {name: value for name, value in annotations.items() if name not in MOVING_ANNOTATIONS}:
        metadata["annotations"] = steadied
    if "managedFields" in metadata:
        metadata["managedFields"] = [_without_time(entry) for entry in metadata["managedFields"] if _is_authored(entry)]
    return {**kept, "metadata": metadata}


def _tells(manifest: Manifest) -> bool:
    """Whether the status is part of the desired state.

    So it is in a custom resource without a status subresource: there somebody writes it through the object itself
    (CustomResourceDefinition spec.versions[].subresources), and managedFields show that.
    """
    gvk = GVK.of(manifest)
    if is_built_in(gvk.group):
        return gvk.group_kind in TELLING_STATUS
    entries = manifest["metadata"].get("managedFields") or ()
    return not entries or any(_is_authored(entry) and "f:status" in (entry.get("fieldsV1") or {}) for entry in entries)


def _is_authored(entry: Mapping[str, Any]) -> bool:
    """Whether the fields were set through the object itself (ManagedFieldsEntry.subresource)."""
    return entry.get("subresource") != "status"


def _without_time(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "time"}
