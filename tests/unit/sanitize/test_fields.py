"""Reading and editing without changing in place."""

import pytest

from functions.sanitize.fields import EACH, FieldTypeError, edited, fields_at, items_at, sifted, text_at, without
from tests.unit.sanitize.samples import Json


def pod() -> Json:
    return {"spec": {"containers": [{"name": "a", "ports": [1]}, {"name": "b"}], "volumes": [{"name": "v"}]}}


def test_dropping_what_is_not_there_returns_the_very_object() -> None:
    manifest = pod()

    assert without(manifest, "status") is manifest
    assert edited(manifest, ("spec", "nothing", "below"), lambda _: {"x": 1}) is manifest
    assert edited(manifest, ("spec", "containers", EACH), lambda item: item) is manifest
    assert sifted(manifest, ("spec", "volumes"), lambda _: True) is manifest


def test_an_edit_shares_what_it_does_not_touch() -> None:
    manifest = pod()

    changed = edited(manifest, ("spec", "containers", EACH), lambda item: without(item, "ports"))

    assert changed["spec"]["containers"] == [{"name": "a"}, {"name": "b"}]
    assert changed["spec"]["containers"][1] is manifest["spec"]["containers"][1]
    assert changed["spec"]["volumes"] is manifest["spec"]["volumes"]
    assert manifest == pod()


def test_what_an_edit_leaves_empty_goes_with_its_key() -> None:
    assert sifted(pod(), ("spec", "volumes"), lambda _: False)["spec"].keys() == {"containers"}
    assert edited({"metadata": {"labels": {"a": "b"}}}, ("metadata", "labels"), lambda f: without(f, "a")) == {}


def test_an_element_that_an_edit_leaves_empty_stays_in_its_list() -> None:
    manifest = {"ports": [{"nodePort": 1}, {"port": 2}]}

    assert edited(manifest, ("ports", EACH), lambda port: without(port, "nodePort")) == {"ports": [{}, {"port": 2}]}


def test_absent_and_null_read_as_empty() -> None:
    for manifest in ({}, {"spec": None}, {"spec": {"x": None}}):
        assert fields_at(manifest, "spec", "x") == {}
        assert list(items_at(manifest, "spec", "x")) == []
        assert text_at(manifest, "spec", "x") == ""
        assert edited(manifest, ("spec", "x"), lambda _: {"y": 1}) is manifest


def test_another_type_is_an_error_that_names_the_field_and_not_its_value() -> None:
    manifest = {"spec": {"ports": "s3cret", "name": 7, "list": ["s3cret"]}}

    with pytest.raises(FieldTypeError, match=r"^spec\.ports is a string where the API has a list$"):
        items_at(manifest, "spec", "ports")
    with pytest.raises(FieldTypeError, match=r"^spec\.ports is a string where the API has an object$"):
        fields_at(manifest, "spec", "ports", "x")
    with pytest.raises(FieldTypeError, match=r"^spec\.name is a number where the API has a string$"):
        text_at(manifest, "spec", "name")
    with pytest.raises(FieldTypeError, match=r"^spec\.list\[\] is a string where the API has an object$"):
        sifted(manifest, ("spec", "list"), lambda _: True)
    with pytest.raises(FieldTypeError, match=r"^spec\.ports is a string where the API has a list$"):
        edited(manifest, ("spec", "ports", EACH, "x"), lambda item: item)
