"""Is a live object as desired?"""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.restore.comparing import covers, is_as_desired
from tests.fakes.server_side_apply import merged
from tests.unit.restore.samples import config_map, workload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def managed(manifest: dict[str, Any], fields: dict[str, Any], **entry: Any) -> dict[str, Any]:
    one = {"manager": "kubestandby", "operation": "Apply", "fieldsV1": fields} | entry
    return manifest | {"metadata": manifest["metadata"] | {"managedFields": [one]}}


def test_server_fields_and_defaults_do_not_count() -> None:
    live = workload()
    live["metadata"]["uid"] = "1"
    live["spec"]["revisionHistoryLimit"] = 10
    live["status"] = {"replicas": 1}

    assert is_as_desired(workload(), live)


@pytest.mark.parametrize(
    ("desired", "live"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": True}),
        ({"a": "1"}, {"a": 1}),
        ({"a": [1]}, {"a": [1, 2]}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": {}}, {}),
        ({"a": []}, {}),
        ({"a": None}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": 1}),
        ({"a": [{"b": 1}]}, {"a": {"b": 1}}),
    ],
)
def test_these_differ(desired: Any, live: Any) -> None:
    assert not covers(desired, live)


def test_elements_of_a_list_may_have_more_fields() -> None:
    assert covers({"a": [{"b": 1}]}, {"a": [{"b": 1, "default": 2}]})


def test_a_null_is_an_absent_field() -> None:
    assert covers({"a": None}, {})
    assert covers({"a": None}, {"a": None})


def test_a_field_that_we_own_and_do_not_want_any_more_differs() -> None:
    live = managed(config_map(color="blue", size="big"), {"f:data": {"f:color": {}, "f:size": {}}})

    assert not is_as_desired(config_map(color="blue"), live)


def test_a_field_that_somebody_else_owns_does_not_matter() -> None:
    live = managed(config_map(color="blue", size="big"), {"f:data": {"f:size": {}}}, manager="kubectl")

    assert is_as_desired(config_map(color="blue"), live)


def test_our_restart_mark_does_not_matter() -> None:
    live = workload()
    live["spec"]["template"]["metadata"]["annotations"] = {"kubestandby.dev/restartedAt": "now"}
    mark = {"f:metadata": {"f:annotations": {"f:kubestandby.dev/restartedAt": {}}}}
    live = managed(live, {"f:spec": {"f:template": mark}}, manager="kubestandby-restart")

    assert is_as_desired(workload(), live)


@pytest.mark.parametrize("manager", ["kubestandby", "kubectl-edit"])
@pytest.mark.parametrize(
    ("field", "wanted", "found"),
    [
        ("selector", {"app": "web"}, {"app": "web", "tier": "front"}),
        ("tolerations", [{"key": "a"}], [{"key": "a", "effect": "NoExecute"}]),
    ],
)
def test_more_than_desired_in_what_is_applied_as_a_whole_differs(
    manager: str, field: str, wanted: Any, found: Any
) -> None:
    def service(value: Any) -> dict[str, Any]:
        whole = config_map() | {"kind": "Service", "spec": {field: value, "ports": [{"port": 80}]}}
        ports = {".": {}, 'k:{"port":80}': {".": {}, "f:port": {}}}
        return managed(whole, {"f:spec": {f"f:{field}": {}, "f:ports": ports}}, manager=manager)

    desired = config_map() | {"kind": "Service", "spec": {field: wanted, "ports": [{"port": 80}]}}

    assert not is_as_desired(desired, service(found))
    assert is_as_desired(desired, service(wanted))


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"f:spec": {"f:ports": {".": {}, 'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}}}}, True),
        ({"f:spec": {"f:ports": {'k:{"port":81,"protocol":"TCP"}': {"f:port": {}}}}}, False),
        ({"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:name": {}}}}}, False),
        ({"f:metadata": {"f:finalizers": {'v:"keep"': {}}}}, True),
        ({"f:metadata": {"f:finalizers": {'v:"gone"': {}}}}, False),
        ({"f:spec": {"f:ports": {"i:0": {}}}}, True),
        ({"f:spec": {"f:ports": {"i:1": {}}}}, False),
        ({"f:spec": {"f:selector": {}}}, False),
        ({"f:spec": {"i:0": {}}}, False),
    ],
)
def test_ownership_is_followed_into_lists(fields: dict[str, Any], same: bool) -> None:
    wanted = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "shop", "finalizers": ["keep"]},
        "spec": {"ports": [{"port": 80, "protocol": "TCP"}]},
    }

    assert is_as_desired(wanted, managed(copy.deepcopy(wanted), fields)) is same


def test_an_object_that_was_sent_whole_is_never_taken_as_desired_unasked() -> None:
    live = managed(config_map(color="blue"), {}, operation="Update")

    assert not is_as_desired(config_map(color="blue"), live)


@given(JSON)
def test_every_value_covers_itself(value: Any) -> None:
    assert covers(value, value)


@given(st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=4), st.text(min_size=1, max_size=4))
def test_what_was_applied_is_as_desired_and_a_field_less_is_not(spec: dict[str, Any], extra: str) -> None:
    wanted = config_map() | {"spec": {key: value for key, value in spec.items() if key != extra}}
    more = wanted | {"spec": wanted["spec"] | {extra: "here"}}

    assert is_as_desired(wanted, merged({}, wanted, "kubestandby"))
    assert not is_as_desired(wanted, merged({}, more, "kubestandby"))


@pytest.mark.parametrize("below", [{}, {"i:0": {}}], ids=["as a whole", "by place"])
def test_what_a_server_fills_into_claim_templates_is_not_more(below: dict[str, Any]) -> None:
    template = {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}
    filled = {**template, "status": {"phase": "Pending"}}
    live = {"spec": {"volumeClaimTemplates": [filled]}}
    entry = {"manager": "kubestandby", "operation": "Apply", "fieldsV1": {"f:spec": {"f:volumeClaimTemplates": below}}}
    live["metadata"] = {"managedFields": [entry]}

    assert is_as_desired({"spec": {"volumeClaimTemplates": [template]}}, live)


@pytest.mark.parametrize(("labels", "same"), [({}, False), ({".": {}}, True), ({"f:app": {}}, True)])
def test_who_owns_a_mapping_but_not_as_a_whole_leaves_others_theirs(labels: dict[str, Any], same: bool) -> None:
    desired = config_map()
    desired["metadata"]["labels"] = {"app": "web"}
    live = config_map()
    live["metadata"]["labels"] = {"app": "web", "tier": "front"}

    assert is_as_desired(desired, managed(live, {"f:metadata": {"f:labels": labels}})) is same
