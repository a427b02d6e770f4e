"""Maps and lists that become empty, where a server-side apply would leave null."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.restore.emptied import becomes_empty, lacks_empty, with_emptied, without_emptied
from functions.restore.plans import Method
from functions.restore.sending import send
from kubestandby.errors import ClusterError
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import desired, namespace, standby

VALUES = st.recursive(
    st.integers(0, 2) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def _dug(value: Any) -> Any:
    """What an apply of it makes where all below is ours: null for what is empty."""
    if isinstance(value, Mapping):
        return {key: None if inner in ({}, []) else _dug(inner) for key, inner in value.items()}
    return value


@pytest.mark.parametrize(
    ("wanted", "live", "left"),
    [
        ({"config": {}, "size": 1}, {"config": {"a": "1"}, "size": 1}, {"size": 1}),
        ({"tags": [], "size": 1}, {"tags": ["a"]}, {"size": 1}),
        ({"kafka": {"config": {}, "size": 1}}, {"kafka": {"config": {"a": "1"}}}, {"kafka": {"size": 1}}),
        ({"list": [{"name": "a", "of": {}}]}, {"list": [{"name": "a", "of": {"x": 1}}]}, {"list": [{"name": "a"}]}),
        ({"a": {"b": {}}, "size": 1}, {"a": {"b": {"c": 1}}}, {"size": 1}),
    ],
    ids=["map", "list", "deep", "in an element", "nothing else is there"],
)
def test_what_becomes_empty_is_left_out_first(wanted: Any, live: Any, left: Any) -> None:
    assert becomes_empty(wanted, live)
    assert without_emptied(wanted, live) == left


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"config": {}}, {"config": {}}),
        ({"config": {}}, {}),
        ({"config": {}}, None),
        ({"config": {}}, {"config": ["a"]}),
        ({"config": {"a": 1}}, {"config": {"b": 1}}),
        ({"list": [{"of": {}}]}, {"list": [{"of": {"x": 1}}, {}]}),
        ({"list": [{}, []]}, {"list": [{"a": 1}, [1]]}),
    ],
    ids=["empty already", "new", "no object", "another type", "not empty", "more elements", "elements themselves"],
)
def test_what_does_not_become_empty_stays_as_it_is(wanted: Any, live: Any) -> None:
    assert without_emptied(wanted, live) is wanted
    assert with_emptied(wanted, wanted, live) is wanted


@given(VALUES, VALUES)
def test_in_the_end_all_that_becomes_empty_is_there(wanted: Any, live: Any) -> None:
    before = copy.deepcopy((wanted, live))
    smaller = without_emptied(wanted, live)

    assert not becomes_empty(smaller, live)
    assert not becomes_empty(wanted, live) or with_emptied(smaller, wanted, live) == wanted
    assert (wanted, live) == before


@given(VALUES)
def test_a_null_in_place_of_an_empty_one_is_seen(wanted: Any) -> None:
    made = _dug(wanted)

    assert lacks_empty(wanted, made) == (made != wanted)
    assert not lacks_empty(wanted, wanted)


def _gadget(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "one", "namespace": "shop"}
    return {"apiVersion": "shop.example/v1", "kind": "Gadget", "metadata": metadata, "spec": spec}


@pytest.fixture
def cluster() -> FakeCluster:
    made = standby(namespace())
    made.serve("shop.example/v1", "Gadget", "gadgets")
    made.apply(desired(_gadget(config={"a": 1}, size=1)).resource, _gadget(config={"a": 1}, size=1))
    made.calls.clear()
    return made


def test_what_a_schema_without_null_refuses_is_applied_in_two_steps(cluster: FakeCluster) -> None:
    cluster.fail("apply", ClusterError("spec.config: null", status=422, reason="Invalid"), times=1)

    sent = send(cluster, desired(_gadget(config={}, size=2)))

    assert sent.method is Method.APPLY
    assert sent.manifest["spec"] == {"config": {}, "size": 2}
    assert [call[0] for call in cluster.calls] == ["apply", "get", "apply", "apply"]


def test_a_refusal_for_another_reason_stays_one(cluster: FakeCluster) -> None:
    cluster.fail("apply", ClusterError("spec.size: immutable", status=422, reason="Invalid"))

    with pytest.raises(ClusterError, match="immutable"):
        send(cluster, desired(_gadget(config={"a": 1}, size=2)))


def test_what_is_missing_with_all_around_it_is_seen() -> None:
    assert lacks_empty({"a": {"b": {}}}, {})
    assert not lacks_empty({"a": {"b": 1}}, {})
