"""Takes single objects through transforms."""

from typing import Any

from functions.sanitize.transforming import Transforming
from kubestandby.transforms import Selector, Transform
from tests.unit.sanitize.samples import Json

EVERYTHING = Selector()


def transformed(manifest: Json, *transforms: Transform) -> Json:
    """The manifest after the transforms; fails where the object is left out."""
    after = Transforming(transforms).apply(manifest)
    assert after is not None, "left out"
    return dict(after)


def is_left_out(manifest: Json, *transforms: Transform) -> bool:
    return Transforming(transforms).apply(manifest) is None


def fields_changed(manifest: Json, *transforms: Transform) -> dict[str, tuple[str, ...]]:
    """The fields that each transform has on record."""
    transforming = Transforming(transforms)
    transforming.apply(manifest)
    return {use.transform: use.objects[0].fields for use in transforming.uses()}


def workload(kind: str = "Deployment", **pod_spec: Any) -> Json:
    """A workload of this kind around a PodSpec."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [], **pod_spec}}
    metadata = {"name": "web", "namespace": "shop"}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": template["spec"]}
    if kind == "PodTemplate":
        return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "template": template}
    if kind == "CronJob":
        spec: Json = {"jobTemplate": {"spec": {"template": template}}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": spec}
    version = {"ReplicationController": "v1", "Job": "batch/v1"}.get(kind, "apps/v1")
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": {"template": template}}


def pod_spec_of(manifest: Json) -> Json:
    """The PodSpec of what `workload` made."""
    if manifest["kind"] == "Pod":
        return dict(manifest["spec"])
    if manifest["kind"] == "PodTemplate":
        return dict(manifest["template"]["spec"])
    spec = manifest["spec"]["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else manifest["spec"]
    return dict(spec["template"]["spec"])
