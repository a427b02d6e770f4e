"""Objects without some of their fields."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.restore.drift import stripped
from functions.restore.field_sets import Steps, follow, step
from functions.restore.stripping import without
from kubestandby.resources import ObjectRef
from tests.unit.restore.samples import config_map

WEB, SIDE = 'k:{"name":"web"}', 'k:{"name":"side"}'
POD = {"containers": [{"name": "web", "image": "a"}, {"name": "side", "image": "b"}], "finalizers": ["a", "b"]}


def test_taking_away_shares_the_rest_and_changes_nothing_in_place() -> None:
    before = copy.deepcopy(POD)

    taken = without(POD, [("f:containers", SIDE)], {})

    assert taken == {**POD, "containers": [POD["containers"][0]]}
    assert before == POD
    assert taken["containers"][0] is POD["containers"][0]
    assert taken["finalizers"] is POD["finalizers"]
    assert without(POD, [("f:containers", WEB, "f:image")], {})["containers"][0] == {"name": "web"}
    assert without(POD, [("f:none", "f:x")], {}) is POD


def test_a_path_takes_along_what_is_below_it() -> None:
    assert without(POD, [("f:containers", WEB), ("f:containers", WEB, "f:image"), ("f:finalizers",)], {}) == {
        "containers": [POD["containers"][1]]
    }


def test_mappings_that_are_left_empty_go_and_lists_stay() -> None:
    value = {"a": {"b": {"c": 1}}, "list": ["x"], "was": {}}

    assert without(value, [("f:a", "f:b", "f:c"), ("f:list", 'v:"x"')], {}) == {"list": [], "was": {}}
    assert without(value, [("f:a", "f:b", "f:c")], {"a": {}}) == {**value, "a": {}}


def test_an_element_that_has_lost_a_part_of_its_key_loses_nothing_more() -> None:
    port = 'k:{"port":80,"protocol":"TCP"}'
    value = {"ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 8080}]}

    left = without(value, [("f:ports", port, f"f:{name}") for name in ("name", "protocol", "targetPort")], {})

    assert left == {"ports": [{"port": 80, "targetPort": 8080}]}


class Gone(dict[str, Any]):
    """A mapping that counts how often it is gone through."""

    times = 0

    def items(self) -> Any:
        Gone.times += 1
        return super().items()


def test_a_mapping_is_made_anew_once_however_many_of_its_fields_are_foreign() -> None:
    desired = config_map(color="blue")
    names = [f"extra{number}" for number in range(200)]
    theirs = {"manager": "kubectl", "fieldsV1": {"f:data": {f"f:{name}": {} for name in names}}}
    live = config_map() | {"data": Gone(dict.fromkeys(names, "x"), color="blue")}
    live["metadata"]["managedFields"] = [theirs]
    Gone.times = 0

    assert stripped(ObjectRef.of(live), desired, live)["data"] == {"color": "blue"}
    assert Gone.times == 1


def one_after_the_other(value: Any, paths: list[Steps], kept: Any) -> Any:
    """What is meant, in the plain way: one path after the other, each time with a copy of all that is above it."""
    for steps in paths:
        value = without_one(value, steps)
        for length in range(len(steps) - 1, 0, -1):
            parent = steps[:length]
            if follow(value, parent) != (True, {}) or follow(kept, parent)[0]:
                break
            value = without_one(value, parent)
    return value


def without_one(value: Any, steps: Steps) -> Any:
    element, rest = steps[0], steps[1:]
    found, inner = step(value, element)
    if not found:
        return value
    after = without_one(inner, rest) if rest else None
    if isinstance(value, dict):
        changed = {**value, element.partition(":")[2]: after}
        return changed if rest else {name: item for name, item in value.items() if f"f:{name}" != element}
    return [after if item is inner else item for item in value if rest or item is not inner]


def name_of(item: dict[str, Any]) -> str:
    return json.dumps([item["name"], item["port"]])


NAMES = st.sampled_from(["name", "port", "a", "b", "c"])
SETS = st.lists(st.sampled_from(["x", "y", 0, 2]), unique=True, max_size=4)


def _within(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    mappings = st.dictionaries(NAMES, inner, max_size=4)
    keys = st.fixed_dictionaries({"name": st.sampled_from("xyz"), "port": st.integers(0, 3)})
    elements = st.builds(lambda rest, key: {**rest, **key}, st.dictionaries(st.sampled_from("abc"), inner), keys)
    return mappings | st.lists(elements, unique_by=name_of, max_size=12)


OBJECTS = st.dictionaries(NAMES, st.recursive(st.sampled_from(["x", 1, None]) | SETS, _within, max_leaves=25))


def paths_of(value: Any, above: Steps = ()) -> Iterator[Steps]:
    """Every path into an object, as a server names them."""
    below: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        below = [(f"f:{name}", inner) for name, inner in value.items()]
    elif isinstance(value, list):
        below = [(element_of(item), item) for item in value]
    for element, inner in below:
        yield (*above, element)
        yield from paths_of(inner, (*above, element))


def element_of(item: Any) -> str:
    if not isinstance(item, dict):
        return f"v:{json.dumps(item)}"
    return f"k:{json.dumps({'name': item['name'], 'port': item['port']})}"


@given(OBJECTS, st.data())
def test_taking_away_all_at_once_is_taking_away_one_after_the_other(value: dict[str, Any], data: st.DataObject) -> None:
    before, every = copy.deepcopy(value), sorted(paths_of(value))
    chosen = data.draw(st.lists(st.sampled_from(every), unique=True).map(sorted) if every else st.just([]))
    others = data.draw(st.lists(st.sampled_from(every), max_size=9).map(sorted) if every else st.just([]))
    kept = data.draw(st.sampled_from([{}, value]) | OBJECTS | st.just(one_after_the_other(value, others, {})))

    assert without(value, chosen, kept) == one_after_the_other(value, chosen, kept)
    assert value == before
