"""Elements of lists, found by an index as by a look through the list."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.restore.comparing import is_as_desired
from functions.restore.drift import foreign_fields
from functions.restore.field_sets import MANY, step
from functions.restore.list_elements import ListIndex, by_key, by_part_of_key, by_value
from kubestandby.resources import ObjectRef
from tests.unit.restore.samples import workload

SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, -1, "", "a", "b", "1"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
)
NAMES = st.sampled_from(["port", "protocol", "name"])
KEYS = st.dictionaries(NAMES, VALUES, max_size=3)
LISTS = st.lists(KEYS | VALUES, max_size=12)


def same(one: tuple[bool, Any], other: tuple[bool, Any]) -> bool:
    """The same item, not only an equal one: which of two it is makes a difference."""
    return one[0] is other[0] and one[1] is other[1]


@given(LISTS, st.lists(KEYS, max_size=12))
def test_an_index_finds_by_keys_what_a_look_through_the_list_finds(items: list[Any], keys: list[Any]) -> None:
    index = ListIndex(items)

    assert all(same(index.by_key(key), by_key(items, key)) for key in keys)
    assert all(same(index.by_part_of_key(key), by_part_of_key(items, key)) for key in keys)


@given(LISTS, st.lists(VALUES, max_size=12))
def test_an_index_finds_by_values_what_a_look_through_the_list_finds(items: list[Any], values: list[Any]) -> None:
    index = ListIndex(items)

    assert all(same(index.by_value(value), by_value(items, value)) for value in [*values, *items])


@given(LISTS, KEYS, VALUES, st.integers(0, 12))
def test_a_step_into_an_index_leads_where_one_into_the_list_leads(items: Any, key: Any, value: Any, place: int) -> None:
    elements = [f"k:{json.dumps(key)}", f"v:{json.dumps(value)}", f"i:{place}", "f:name"]

    assert all(same(step(ListIndex(items), element), step(items, element)) for element in elements)


def test_keys_of_ever_new_forms_are_found_without_a_table_for_each() -> None:
    items = [{f"key{number}": "x"} for number in range(99)]
    index = ListIndex(items)

    assert [index.by_key({f"key{number}": "x"})[1] for number in range(99)] == items
    assert [index.by_part_of_key({f"key{number}": "x", "kind": "y"})[0] for number in range(99)] == [True] * 99


class Counted(dict[str, Any]):
    """A mapping that counts how often it is asked for what it holds."""

    asked = 0

    def get(self, *args: Any) -> Any:
        Counted.asked += 1
        return super().get(*args)


@pytest.fixture
def asked() -> Iterator[type[Counted]]:
    Counted.asked = 0
    yield Counted
    Counted.asked = 0


def with_environment(count: int, manager: str) -> dict[str, Any]:
    """A workload with so many variables, each of the manager's."""
    manifest = workload()
    variables = [Counted(name=f"E{number}", value="x") for number in range(count)]
    manifest["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    named = {f'k:{{"name":"E{n}"}}': {".": {}, "f:name": {}, "f:value": {}} for n in range(count)}
    main = {'k:{"name":"main"}': {".": {}, "f:name": {}, "f:env": named}}
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": main}}}}
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": fields}
    return manifest | {"metadata": manifest["metadata"] | {"managedFields": [entry]}}


def test_comparing_asks_each_element_of_a_long_list_a_few_times(asked: type[Counted]) -> None:
    live = with_environment(500, "kubestandby")

    assert is_as_desired(workload() | {"spec": with_environment(500, "")["spec"]}, live)
    assert asked.asked <= 500 * 10


@pytest.mark.parametrize("wanted", [0, 500])
def test_looking_for_fields_of_others_asks_each_element_a_few_times(asked: type[Counted], wanted: int) -> None:
    live = with_environment(500, "kubectl")
    desired = with_environment(wanted, "")

    found = foreign_fields(ObjectRef.of(live), desired, live)

    assert len(found) == 500 - wanted
    assert asked.asked <= 500 * 10


def test_short_lists_are_looked_through() -> None:
    live = with_environment(MANY - 1, "kubestandby")

    assert is_as_desired(workload() | {"spec": with_environment(MANY - 1, "")["spec"]}, live)
    assert not is_as_desired(workload(), live)
