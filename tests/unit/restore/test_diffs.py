"""Which fields differ, in words."""

import json

import pytest

from functions.restore.diffs import ABSENT, MASK, field_diffs
from kubestandby.reports import FieldDiff
from kubestandby.resources import Manifest, ObjectRef
from tests.unit.restore.samples import config_map, secret, workload


def diffs(live: Manifest, wanted: Manifest) -> list[FieldDiff]:
    return list(field_diffs(ObjectRef.of(wanted), live, wanted))


def test_a_container_is_named_in_the_path() -> None:
    wanted = workload()
    wanted["spec"]["template"]["spec"]["containers"][0]["image"] = "new"

    found = diffs(workload(), wanted)

    assert found == [FieldDiff("spec.template.spec.containers[main].image", "registry.example/web:1", "new")]


def test_list_elements_without_names_go_by_place() -> None:
    live, wanted = workload(), workload()
    live["spec"]["args"], wanted["spec"]["args"] = ["a", "b"], ["a", "c", "d"]

    assert [(d.path, d.live, d.desired) for d in diffs(live, wanted)] == [
        ("spec.args[1]", "b", "c"),
        ("spec.args[2]", ABSENT, "d"),
    ]


def test_another_order_of_the_same_elements_is_a_difference() -> None:
    live, wanted = workload(), workload()
    live["spec"]["list"], wanted["spec"]["list"] = [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]

    assert [d.path for d in diffs(live, wanted)] == ["spec.list"]


def test_a_key_with_dots_is_in_brackets() -> None:
    assert diffs(config_map(), config_map(**{"a.conf": "x"}))[0].path == "data[a.conf]"


def test_fields_that_the_server_writes_do_not_show() -> None:
    live = config_map()
    live["metadata"] |= {"uid": "1", "resourceVersion": "2", "generation": 3, "managedFields": [{}]}
    live["status"] = {"a": "b"}

    assert diffs(live, config_map()) == []


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_secret_values_are_masked(field: str) -> None:
    live, wanted = secret(), secret()
    live[field], wanted[field] = {"key": "b2xk"}, {"key": "bmV3", "other": "c2VjcmV0"}

    found = diffs(live, wanted)

    assert {(d.live, d.desired) for d in found} == {(MASK, MASK), (ABSENT, MASK)}


def test_the_copy_of_a_secret_in_an_annotation_is_masked() -> None:
    live, wanted = secret(), secret()
    wanted["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": "b2xk"})
    }

    assert [d.desired for d in diffs(live, wanted)] == [MASK]


def test_a_secrets_data_that_is_all_new_is_masked_too() -> None:
    live = secret()
    del live["data"]

    assert [(d.path, d.desired) for d in diffs(live, secret(key="c2VjcmV0"))] == [("data", MASK)]


def test_what_is_no_secret_data_is_not_masked() -> None:
    live, wanted = secret(), secret()
    wanted["type"] = "Other"

    assert diffs(live, wanted) == [FieldDiff("type", "Opaque", "Other")]


def test_long_values_are_cut() -> None:
    found = diffs(config_map(), config_map(text="x" * 1000))

    assert len(found[0].desired) < 200
    assert "1000 characters" in found[0].desired


def test_numbers_of_any_size_can_be_shown() -> None:
    live, wanted = workload(), workload()
    wanted["spec"]["replicas"] = 2**80

    assert diffs(live, wanted)[0].desired == str(2**80)


def test_a_list_that_becomes_a_mapping_is_one_difference() -> None:
    live, wanted = workload(), workload()
    live["spec"]["x"], wanted["spec"]["x"] = [{"name": "a"}], {"a": 1}

    assert [(d.path, d.live, d.desired) for d in diffs(live, wanted)] == [("spec.x", '[{"name": "a"}]', '{"a": 1}')]


def test_a_list_in_which_only_some_have_names_goes_by_place() -> None:
    live, wanted = workload(), workload()
    live["spec"]["x"], wanted["spec"]["x"] = [{"name": "a"}], [{"name": "a"}, {"other": 1}]

    assert [d.path for d in diffs(live, wanted)] == ["spec.x[1]"]
