"""Sets of fields as `metadata.managedFields` holds them (FieldsV1), followed into an object. Pure.

A set is a tree of path elements: `f:name` of a mapping, `k:{"name":"web"}` of an element of a keyed list, `v:value` of
a list that is a set, `i:0` of a place in a list; `.` stands for the node itself (structured-merge-diff, fieldpath).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from .list_elements import NOWHERE, Found, ListIndex, by_key, by_part_of_key, by_value

FieldSet = Mapping[str, Any]
Steps = tuple[str, ...]

ITSELF = "."

MANY = 8
"""From how many elements of one list on an index of it pays."""

_OBJECT = (dict, Mapping)  # dict first: an exact type is told faster than an abstract one


def step(value: Any, element: str) -> Found:
    """Follows one path element; whether it leads anywhere, and where."""
    if element.startswith("f:"):
        name = element[2:]
        return (True, value[name]) if isinstance(value, _OBJECT) and name in value else NOWHERE
    if isinstance(value, list):
        tag, _, rest = element.partition(":")
        return _list_step(value, tag, _decoded(rest))
    return _indexed_step(value, element) if isinstance(value, ListIndex) else NOWHERE


def indexed(value: Any) -> Any:
    """What stands for a value where many elements of it are followed: an index, if it is a list."""
    return ListIndex(value) if isinstance(value, list) else value


def follow(value: Any, steps: Steps) -> tuple[bool, Any]:
    """Follows a whole path."""
    for element in steps:
        found, value = step(value, element)
        if not found:
            return False, None
    return True, value


def leading(value: Any, paths: Collection[Steps]) -> Iterable[Steps]:
    """Those of the paths that lead anywhere; many are followed at once, so that no way is gone twice."""
    if len(paths) < MANY:
        return [steps for steps in paths if follow(value, steps)[0]]
    return _leading(value, paths, 0)


def extras(fields: FieldSet, owned: Sequence[FieldSet], desired: Any, path: Steps = ()) -> Iterator[Steps]:
    """The paths of a set that neither the owned sets nor the desired object has.

    Of a list's element that is of nobody else its own path, else the paths of the single fields.
    """
    if len(fields) >= MANY:
        desired = indexed(desired)
    for element, below in fields.items():
        if element == ITSELF:
            continue
        theirs = [other[element] for other in owned if element in other]
        is_desired, inner = _loosely(desired, element)
        is_whole = not below or (_is_element(element) and ITSELF in below and not is_desired)
        if is_whole and not theirs:
            if not is_desired:
                yield (*path, element)
        elif below:
            yield from extras(below, theirs, inner, (*path, element))


def by_element(paths: Iterable[Steps], depth: int) -> dict[str, list[Steps]]:
    """The paths by the element that each has at a depth, in their order."""
    found: dict[str, list[Steps]] = {}
    for steps in paths:
        found.setdefault(steps[depth], []).append(steps)
    return found


def key_of(element: str) -> Mapping[str, Any]:
    """The key that an element of a keyed list is found by; of others there is none."""
    key: Mapping[str, Any] = _decoded(element[2:]) if element.startswith("k:") else {}
    return key


def label(steps: Steps) -> str:
    """The path for a person: `spec.template.spec.containers[web].image`."""
    return "".join(_word(element) for element in steps).removeprefix(".")


@lru_cache(maxsize=4096)
def _decoded(text: str) -> Any:
    """What an element names: a key, a value, a place. Read only: every object of a kind names much the same."""
    return json.loads(text)


def _is_element(element: str) -> bool:
    return not element.startswith("f:")


def _loosely(value: Any, element: str) -> Found:
    """As `step`; an element of a keyed list may leave out parts of its key, which the server fills in."""
    found, inner = step(value, element)
    if found or not element.startswith("k:"):
        return found, inner
    if isinstance(value, list):
        return by_part_of_key(value, _decoded(element[2:]))
    return value.by_part_of_key(_decoded(element[2:])) if isinstance(value, ListIndex) else NOWHERE


def _list_step(items: list[Any], tag: str, wanted: Any) -> Found:
    if tag == "i":
        return (True, items[wanted]) if wanted < len(items) else NOWHERE
    return by_value(items, wanted) if tag == "v" else by_key(items, wanted)


def _indexed_step(index: ListIndex, element: str) -> Found:
    if element.startswith("k:"):
        return index.by_key(_decoded(element[2:]))
    return index.by_value(_decoded(element[2:])) if element.startswith("v:") else step(index.items, element)


def _leading(value: Any, paths: Iterable[Steps], depth: int) -> Iterator[Steps]:
    ways = by_element(paths, depth)
    if len(ways) >= MANY:
        value = indexed(value)
    for element, these in ways.items():
        found, inner = step(value, element)
        if found:
            yield from (steps for steps in these if len(steps) == depth + 1)
            yield from _leading(inner, (steps for steps in these if len(steps) > depth + 1), depth + 1)


def _word(element: str) -> str:
    tag, _, rest = element.partition(":")
    if tag == "f":
        return f"[{rest}]" if "." in rest else f".{rest}"
    if tag == "k":
        key = json.loads(rest)
        return f"[{key.get('name', ','.join(str(part) for part in key.values()))}]"
    return f"[{rest}]"
