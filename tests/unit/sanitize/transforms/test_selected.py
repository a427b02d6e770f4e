"""Transforms of selected objects: labels and annotations, patches, drops; and what a selector selects."""

from typing import Any

import pytest

from functions.sanitize.selecting import selects
from functions.sanitize.transforming import Transforming
from kubestandby.errors import ManifestError
from kubestandby.snapshots import RuleCount, TransformedObject, TransformUse
from kubestandby.transforms import (
    DropTransform,
    MarkEdit,
    MarkTransform,
    MergeTransform,
    NamespaceTransform,
    PatchOperation,
    PatchTransform,
    Selector,
)
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.transforms.transforming import fields_changed, is_left_out, transformed

SUBNET = "oci.oraclecloud.com/subnet"


def service(name: str = "web", namespace: str = "shop", **metadata: Any) -> Json:
    manifest = bare("v1", "Service", name, namespace, spec={"ports": [{"port": 80}]})
    manifest["metadata"] |= metadata
    return manifest


def marks(selector: Selector | None = None, **edits: MarkEdit) -> MarkTransform:
    return MarkTransform(name="marks", select=selector or Selector(kinds=("Service",)), **edits)


def patch(*operations: PatchOperation, select: Selector | None = None) -> PatchTransform:
    return PatchTransform(name="patch", select=select or Selector(), operations=operations)


def merge(**fields: Any) -> MergeTransform:
    return MergeTransform(name="merge", select=Selector(), merge=fields)


SELECTIONS = [
    (Selector(), True),
    (Selector(groups=("",)), True),
    (Selector(groups=("apps",)), False),
    (Selector(kinds=("Deployment", "Service")), True),
    (Selector(kinds=("service",)), False),
    (Selector(names=("w*",)), True),
    (Selector(names=("w?b", "x")), True),
    (Selector(names=("w?",)), False),
    (Selector(names=("W*",)), False),
    (Selector(namespaces=("shop",)), True),
    (Selector(namespaces=("other", "sh*")), True),
    (Selector(namespaces=("sho",)), False),
    (Selector(labels={"tier": "web"}), True),
    (Selector(labels={"tier": "web", "app": "x"}), False),
    (Selector(labels={"tier": ""}), False),
    (Selector(kinds=("Service",), names=("web",), namespaces=("shop",), labels={"tier": "web"}), True),
    (Selector(kinds=("Service",), names=("api",)), False),
]


@pytest.mark.parametrize(("selector", "selected"), SELECTIONS)
def test_all_that_a_selector_says_must_hold(selector: Selector, selected: bool) -> None:
    assert selects(selector, service(labels={"tier": "web", "more": "x"})) is selected


def test_what_is_in_no_namespace_is_not_selected_by_one() -> None:
    volume = bare("v1", "PersistentVolume", "shop", namespace="")

    assert not selects(Selector(namespaces=("*",)), volume)
    assert selects(Selector(kinds=("PersistentVolume",)), volume)


def test_labels_and_annotations_are_set_replaced_and_removed() -> None:
    before = service(annotations={SUBNET: "east", "drop": "x", "keep": "y"}, labels={"site": "east"})

    after = transformed(
        before,
        marks(
            labels=MarkEdit(set={"site": "west", "new": "z"}),
            annotations=MarkEdit(replace={SUBNET: "west", "absent": "no"}, remove=("drop", "never-there")),
        ),
    )

    assert after == service(annotations={SUBNET: "west", "keep": "y"}, labels={"site": "west", "new": "z"})


def test_the_last_annotation_goes_with_its_field() -> None:
    after = transformed(service(annotations={"drop": "x"}), marks(annotations=MarkEdit(remove=("drop",))))

    assert after == service()


def test_marks_that_are_so_already_are_not_on_record() -> None:
    edit = MarkEdit(set={"a": "b"})

    assert fields_changed(service(labels={"a": "b"}), marks(labels=edit)) == {}
    assert fields_changed(service(labels={"a": "c"}), marks(labels=edit)) == {"marks": ("/metadata/labels/a",)}


def test_objects_that_are_not_selected_are_not_touched() -> None:
    other = bare("v1", "ConfigMap")
    some = Selector(kinds=("Service",))

    for transform in (
        marks(labels=MarkEdit(set={"a": "b"})),
        patch(PatchOperation(op="remove", path=("none",)), select=some),
        DropTransform(name="drop", select=some),
        MergeTransform(name="merge", select=some, merge={"data": {"a": "b"}}),
    ):
        assert transformed(other, transform) is not None
        assert transformed(other, transform) == other


def test_what_is_dropped_is_left_out() -> None:
    assert is_left_out(service(), DropTransform(name="drop", select=Selector(names=("web",))))


def test_a_patch_changes_the_object() -> None:
    operations = (
        PatchOperation(op="test", path=("spec", "ports", "0", "port"), value=80),
        PatchOperation(op="add", path=("spec", "type"), value="LoadBalancer"),
    )

    assert transformed(service(), patch(*operations))["spec"] == {"ports": [{"port": 80}], "type": "LoadBalancer"}
    assert fields_changed(service(), patch(*operations)) == {"patch": ("/spec/type",)}


def test_a_test_that_fails_stops_all() -> None:
    operation = PatchOperation(op="test", path=("spec", "ports", "0", "port"), value=81)

    with pytest.raises(ManifestError) as caught:
        transformed(service(), patch(operation))

    assert str(caught.value) == (
        "Service shop/web cannot be changed by transform patch: operation 0 (test /spec/ports/0/port): the test fails: "
        "another value is there; correct spec.transforms, or the object"
    )


def test_a_merge_patch_changes_the_object() -> None:
    assert transformed(service(), merge(spec={"ports": None, "type": "ClusterIP"}))["spec"] == {"type": "ClusterIP"}


IDENTITY = [
    {"kind": "Ingress"},
    {"apiVersion": "apps/v1"},
    {"apiVersion": None},
    {"metadata": {"name": "other"}},
    {"metadata": {"name": 7}},
    {"metadata": {"namespace": "other"}},
    {"metadata": {"namespace": None}},
    {"metadata": None},
    {"metadata": "web"},
]


@pytest.mark.parametrize("change", IDENTITY)
def test_a_patch_makes_no_other_object(change: Json) -> None:
    with pytest.raises(ManifestError, match="a patch must leave kind, API group"):
        transformed(service(), merge(**change))


def test_a_patch_may_take_another_version_of_the_same_api() -> None:
    budget = bare("policy/v1beta1", "PodDisruptionBudget")

    assert transformed(budget, merge(apiVersion="policy/v1"))["apiVersion"] == "policy/v1"


def test_a_patch_cannot_take_the_whole_object() -> None:
    with pytest.raises(ManifestError, match="a patch must leave kind, API group"):
        transformed(service(), patch(PatchOperation(op="replace", path=(), value=[])))


TOUCHING = [
    patch(PatchOperation(op="replace", path=("data", "password"), value="eA==")),
    patch(PatchOperation(op="add", path=("stringData",), value={})),
    patch(PatchOperation(op="test", path=("data", "password"), value="eA==")),
    patch(PatchOperation(op="copy", path=("metadata", "annotations"), source=("data",))),
    patch(PatchOperation(op="copy", path=("metadata", "annotations"), source=())),
    patch(PatchOperation(op="test", path=(), value={})),
    merge(data={"password": "eA=="}),
    merge(stringData=None),
]


@pytest.mark.parametrize("transform", TOUCHING)
def test_no_patch_reads_or_writes_what_a_secret_holds(transform: PatchTransform | MergeTransform) -> None:
    secret = bare("v1", "Secret", data={"password": "eA=="})

    with pytest.raises(ManifestError, match="what a Secret holds is not patched"):
        transformed(secret, transform)


def test_the_rest_of_a_secret_can_be_patched() -> None:
    secret = bare("v1", "Secret", data={"password": "eA=="})
    operations = (
        PatchOperation(op="add", path=("immutable",), value=True),
        PatchOperation(op="add", path=("metadata", "labels"), value={"a": "b"}),
    )

    after = transformed(secret, patch(*operations))

    assert (after["immutable"], after["data"]) == (True, {"password": "eA=="})


def test_the_sealed_form_of_a_secret_is_not_patched_either() -> None:
    sealed = bare("v1", "Secret", sealed="b3BhcXVl")

    with pytest.raises(ManifestError, match="what a Secret holds is not patched"):
        transformed(sealed, merge(sealed="other"))


@pytest.mark.parametrize("edit", [MarkEdit(replace={"example.com/a": "b"}), MarkEdit(remove=("example.com/a",))])
def test_an_annotation_that_is_sealed_cannot_be_replaced_or_removed(edit: MarkEdit) -> None:
    everything = Selector(namespaces=("shop",))

    with pytest.raises(ManifestError, match=r"metadata\.annotations: example\.com/a is sealed"):
        transformed(bare("v1", "Secret", sealed="b3BhcXVl"), marks(everything, annotations=edit))

    assert transformed(bare("v1", "Secret"), marks(everything, annotations=edit))


def test_of_a_sealed_secret_labels_change_and_annotations_are_set() -> None:
    sealed = bare("v1", "Secret", sealed="b3BhcXVl")
    sealed["metadata"] |= {"labels": {"old": "x"}, "annotations": {"kubernetes.io/service-account.name": "web"}}
    edits = {
        "labels": MarkEdit(remove=("old",)),
        "annotations": MarkEdit(set={"example.com/a": "b"}, remove=("kubernetes.io/service-account.name",)),
    }

    after = transformed(sealed, marks(Selector(kinds=("Secret",)), **edits))

    assert after == {
        **sealed,
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"example.com/a": "b"}},
    }


def test_a_custom_resource_named_secret_is_no_secret() -> None:
    other = bare("example.com/v1", "Secret", data={"a": 1})

    assert transformed(other, merge(data={"a": 2}))["data"] == {"a": 2}


def test_transforms_see_what_those_before_them_did() -> None:
    moved = NamespaceTransform(name="places", names={"shop": "dr"})
    labelled = marks(Selector(namespaces=("dr",)), labels=MarkEdit(set={"a": "b"}))

    assert "labels" in transformed(service(), moved, labelled)["metadata"]
    assert "labels" not in transformed(service(), labelled, moved)["metadata"]


def test_every_transform_is_counted_and_what_it_did_is_on_record_by_the_names_of_the_source() -> None:
    transforming = Transforming(
        (
            DropTransform(name="drop", select=Selector(names=("a*",))),
            NamespaceTransform(name="places", names={"shop": "dr"}),
            DropTransform(name="never", select=Selector(names=("nobody",))),
        )
    )

    for name in ("web", "api", "cart"):
        transforming.apply(service(name))

    assert transforming.counts() == (
        RuleCount(rule="transform:drop", count=1),
        RuleCount(rule="transform:places", count=2),
        RuleCount(rule="transform:never", count=0),
    )
    moved = ("/metadata/namespace",)
    assert transforming.uses() == (
        TransformUse(transform="drop", objects=(TransformedObject(object="Service shop/api", left_out=True),)),
        TransformUse(
            transform="places",
            objects=(
                TransformedObject(object="Service shop/web", fields=moved),
                TransformedObject(object="Service shop/cart", fields=moved),
            ),
        ),
    )


def test_without_transforms_an_object_is_handed_through() -> None:
    manifest = service()

    assert Transforming(()).apply(manifest) is manifest
