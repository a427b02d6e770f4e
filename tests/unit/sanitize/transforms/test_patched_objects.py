"""A patch leaves an object that a restore can work with, or stops the snapshot."""

from typing import Any

import pytest

from functions.sanitize.transforming import Transforming
from kubestandby.errors import ManifestError
from kubestandby.transforms import MergeTransform, PatchOperation, PatchTransform
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.transforms.transforming import EVERYTHING, transformed, workload

SEALED = bare("v1", "Secret", sealed="b3BhcXVl")


def merge(**change: Any) -> MergeTransform:
    return MergeTransform(name="merge", select=EVERYTHING, merge=change)


def patch(op: str, *path: str, value: Any = None) -> PatchTransform:
    operation = PatchOperation(op=op, path=path, value=value)
    return PatchTransform(name="patch", select=EVERYTHING, operations=(operation,))


@pytest.mark.parametrize(
    ("path", "value", "wrong"),
    [
        (("containers",), "x", "spec.template.spec.containers is a string where the API has a list"),
        (("containers", "-"), "x", r"containers\[\] is a string where the API has an object"),
        (("containers", "0", "image"), 7, "image is a number where the API has a string"),
    ],
    ids=["containers", "container", "image"],
)
def test_a_pod_that_is_none_any_more_stops_the_snapshot(path: tuple[str, ...], value: object, wrong: str) -> None:
    web = workload(containers=[{"name": "a", "image": "nginx"}])

    with pytest.raises(ManifestError, match=f"Deployment.apps shop/web is no longer what its API says .*{wrong}"):
        Transforming((patch("add", "spec", "template", "spec", *path, value=value),)).apply(web)


@pytest.mark.parametrize(
    "metadata",
    [{"labels": ["a"]}, {"labels": {"a": 1}}, {"annotations": {"a": True}}, {"finalizers": "x"}, {"finalizers": [1]}],
    ids=["labels", "label", "annotation", "finalizers", "finalizer"],
)
def test_marks_of_another_type_than_the_apis_stop_the_snapshot(metadata: Json) -> None:
    with pytest.raises(ManifestError, match=r"changed by transform merge: metadata\..* where the API has"):
        transformed(bare("v1", "ConfigMap"), merge(metadata=metadata))


@pytest.mark.parametrize("field", ["uid", "resourceVersion", "ownerReferences", "deletionTimestamp"])
def test_what_is_the_servers_is_not_patched_in(field: str) -> None:
    with pytest.raises(ManifestError, match=f"a patch must not set metadata.{field}, which is the server's"):
        transformed(bare("v1", "ConfigMap"), merge(metadata={field: "x"}))


@pytest.mark.parametrize(
    "transform",
    [
        merge(metadata={"annotations": {"example.com/a": None}}),
        merge(metadata={"annotations": None}),
        patch("remove", "metadata", "annotations"),
        patch("replace", "metadata", "annotations", value={}),
    ],
    ids=["merge-one", "merge-all", "remove", "replace"],
)
def test_annotations_that_are_sealed_are_not_taken_away_in_silence(transform: MergeTransform | PatchTransform) -> None:
    open_one = bare("v1", "Secret")
    open_one["metadata"]["annotations"] = {}

    with pytest.raises(ManifestError, match="those of a sealed Secret are sealed with what it holds"):
        transformed(SEALED, transform)
    assert transformed(open_one, transform)["metadata"].get("annotations", {}) == {}


def test_annotations_of_a_sealed_secret_can_be_set() -> None:
    after = transformed(SEALED, merge(metadata={"annotations": {"example.com/a": "b", "kubernetes.io/c": None}}))
    assert after["metadata"]["annotations"] == {"example.com/a": "b"}
