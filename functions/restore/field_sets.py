"""Sets of fields as `metadata.managedFields` holds them (FieldsV1), followed into an object. Pure.

A set is a tree of path elements: `f:name` of a mapping, `k:{"name":"web"}` of an element of a keyed list, `v:value` of
a list that is a set, `i:0` of a place in a list; `.` stands for the node itself (structured-merge-diff, fieldpath).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

FieldSet = Mapping[str, Any]
Steps = tuple[str, ...]

ITSELF = "."

_OBJECT = (dict, Mapping)  # dict first: an exact type is told faster than an abstract one


def step(value: Any, element: str) -> tuple[bool, Any]:
    """Follows one path element; whether it leads anywhere, and where."""
    if element.startswith("f:"):
        name = element[2:]
        return (True, value[name]) if isinstance(value, _OBJECT) and name in value else (False, None)
    if not isinstance(value, list):
        return False, None
    tag, _, rest = element.partition(":")
    return _list_step(value, tag, _decoded(rest))


def follow(value: Any, steps: Steps) -> tuple[bool, Any]:
    """Follows a whole path."""
    for element in steps:
        found, value = step(value, element)
        if not found:
            return False, None
    return True, value


def extras(fields: FieldSet, owned: Sequence[FieldSet], desired: Any, path: Steps = ()) -> Iterator[Steps]:
    """The paths of a set that neither the owned sets nor the desired object has.

    Of a list's element that is of nobody else its own path, else the paths of the single fields.
    """
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


def without(value: Any, steps: Steps) -> Any:
    """A copy without what the path leads to; shares all that is beside the path."""
    element, rest = steps[0], steps[1:]
    found, inner = step(value, element)
    if not found:
        return value
    if rest:
        return _with_step(value, element, inner, without(inner, rest))
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != element.partition(":")[2]}
    return [item for item in value if item is not inner]


def label(steps: Steps) -> str:
    """The path for a person: `spec.template.spec.containers[web].image`."""
    return "".join(_word(element) for element in steps).removeprefix(".")


@lru_cache(maxsize=4096)
def _decoded(text: str) -> Any:
    """What an element names: a key, a value, a place. Read only: every object of a kind names much the same."""
    return json.loads(text)


def _is_element(element: str) -> bool:
    return not element.startswith("f:")


def _loosely(value: Any, element: str) -> tuple[bool, Any]:
    """As `step`; an element of a keyed list may leave out parts of its key, which the server fills in."""
    found, inner = step(value, element)
    if found or not element.startswith("k:") or not isinstance(value, list):
        return found, inner
    wanted = _decoded(element[2:])
    fits = (
        i for i in value if isinstance(i, Mapping) and all(i.get(name, part) == part for name, part in wanted.items())
    )
    return next(((True, item) for item in fits), (False, None))


def _list_step(items: Sequence[Any], tag: str, wanted: Any) -> tuple[bool, Any]:
    if tag == "i":
        return (True, items[wanted]) if wanted < len(items) else (False, None)
    if tag == "v":
        return next(((True, item) for item in items if item == wanted), (False, None))
    for item in items:
        if isinstance(item, Mapping) and all(item.get(name) == part for name, part in wanted.items()):
            return True, item
    return False, None


def _with_step(value: Any, element: str, before: Any, after: Any) -> Any:
    if isinstance(value, Mapping):
        return {**value, element.partition(":")[2]: after}
    return [after if item is before else item for item in value]


def _word(element: str) -> str:
    tag, _, rest = element.partition(":")
    if tag == "f":
        return f"[{rest}]" if "." in rest else f".{rest}"
    if tag == "k":
        key = json.loads(rest)
        return f"[{key.get('name', ','.join(str(part) for part in key.values()))}]"
    return f"[{rest}]"
