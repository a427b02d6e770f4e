"""Who chose a value, told by what the API server and kubectl record."""

from typing import Any

import pytest

from functions.sanitize.authorship import Authorship
from functions.sanitize.fields import FieldTypeError
from tests.unit.sanitize.samples import LAST_APPLIED, Json, applied, bare, manager, served

PORT = {"port": 80, "protocol": "TCP"}


def author(manifest: Json) -> Authorship:
    return Authorship.of(manifest)


def service(**metadata: Any) -> Json:
    return served("v1", "Service", metadata=metadata)


def test_a_field_that_a_manager_set_is_authored() -> None:
    record = author(service(managedFields=[manager("helm", {"f:spec": {"f:clusterIP": {}}})]))

    assert record.is_authored("10.96.0.9", "spec", "clusterIP")
    assert not record.is_authored(["10.96.0.9"], "spec", "clusterIPs")


def test_any_manager_counts() -> None:
    managers = [manager("helm", {"f:spec": {"f:type": {}}}), manager("me", {"f:spec": {"f:clusterIP": {}}}, "Apply")]

    assert author(service(managedFields=managers)).is_authored("10.96.0.9", "spec", "clusterIP")


def test_the_key_of_a_list_element_is_read_as_json_in_any_order() -> None:
    owned: Json = {"f:spec": {"f:ports": {".": {}, 'k:{"protocol":"TCP","port":80}': {"f:nodePort": {}}}}}

    record = author(service(managedFields=[manager("helm", owned)]))

    assert record.is_authored(30080, "spec", "ports", PORT, "nodePort")
    assert not record.is_authored(30080, "spec", "ports", {**PORT, "protocol": "UDP"}, "nodePort")


@pytest.mark.parametrize("key", ["k:{", "k:[]", "k:7", "v:80", "."])
def test_a_key_of_another_form_is_no_match(key: str) -> None:
    owned: Json = {"f:spec": {"f:ports": {key: {"f:nodePort": {}}}}}

    record = author(service(managedFields=[manager("helm", owned)]))

    assert not record.is_authored(30080, "spec", "ports", PORT, "nodePort")


def test_a_value_that_kubectl_apply_was_given_is_authored_while_it_is_the_live_one() -> None:
    record = author(service(**applied({"spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 1}]}})))

    assert record.is_authored("10.96.0.9", "spec", "clusterIP")
    assert not record.is_authored("10.96.0.10", "spec", "clusterIP")
    assert record.is_authored(1, "spec", "ports", PORT, "nodePort")
    assert not record.is_authored(2, "spec", "ports", PORT, "nodePort")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"spec": []}', '{"spec": {"clusterIP": {}}}'])
def test_an_annotation_that_says_nothing_of_the_field_authors_nothing(text: str) -> None:
    record = author(service(annotations={LAST_APPLIED: text}))

    assert not record.is_authored("10.96.0.9", "spec", "clusterIP")
    assert not record.is_authored(1, "spec", "ports", PORT, "nodePort")


@pytest.mark.parametrize("mark", ["uid", "resourceVersion", "creationTimestamp"])
def test_a_dump_that_kubectl_wrote_down_says_nothing_of_who_chose_what(mark: str) -> None:
    dump = {"metadata": {"name": "web", mark: "x"}, "spec": {"clusterIP": "10.96.0.9"}}

    assert not author(service(**applied(dump))).is_authored("10.96.0.9", "spec", "clusterIP")


def test_a_generated_manifest_with_a_null_time_is_no_dump() -> None:
    generated = {"metadata": {"name": "web", "creationTimestamp": None}, "spec": {"clusterIP": "10.96.0.9"}}

    assert author(service(**applied(generated))).is_authored("10.96.0.9", "spec", "clusterIP")


def test_null_is_never_authored_by_kubectl_apply() -> None:
    assert not author(service(**applied({"spec": {"clusterIP": None}}))).is_authored(None, "spec", "clusterIP")


def test_what_was_never_served_is_all_authored() -> None:
    assert author(bare("v1", "Service")).is_authored("10.96.0.9", "spec", "clusterIP")


@pytest.mark.parametrize("mark", ["uid", "resourceVersion", "creationTimestamp"])
def test_one_mark_of_a_server_is_enough_to_know_that_it_was_served(mark: str) -> None:
    manifest = bare("v1", "Service")
    manifest["metadata"][mark] = "x"

    assert author(manifest).served


def test_a_null_creation_time_is_no_mark_of_a_server() -> None:
    manifest = bare("v1", "Service")
    manifest["metadata"]["creationTimestamp"] = None

    assert not author(manifest).served


def test_a_record_of_another_form_is_an_error() -> None:
    with pytest.raises(FieldTypeError, match=r"metadata\.managedFields|managedFields is a string"):
        author(service(managedFields="x"))
