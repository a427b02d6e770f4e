"""Objects without some of their fields. Pure.

Each mapping and list is made anew once, however many of its fields go: one object can have thousands that do.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from .field_sets import MANY, Steps, by_element, indexed, key_of, step
from .list_elements import Found

_GONE = object()


def without(value: Any, paths: Iterable[Steps], kept: Any) -> Any:
    """A copy without what the paths lead to; shares all that is beside them.

    Mappings that are left empty go with it, but for those that `kept` has, too. Lists that are left empty stay.
    """
    return _without(value, paths, kept, 0)


def _without(value: Any, paths: Iterable[Steps], kept: Any, depth: int) -> Any:
    ways = by_element(paths, depth)
    among, among_kept = (indexed(value), indexed(kept)) if len(ways) >= MANY else (value, kept)
    changes: dict[str | int, Any] = {}
    for element, these in ways.items():
        found, inner = step(among, element)
        after = _inner_without(inner, element, these, step(among_kept, element), depth + 1) if found else inner
        if after is not inner:
            changes[id(inner) if isinstance(value, list) else element.removeprefix("f:")] = after
    return _changed(value, changes) if changes else value


def _inner_without(inner: Any, element: str, paths: list[Steps], kept: Found, depth: int) -> Any:
    if any(len(steps) == depth for steps in paths):
        return _GONE
    is_kept, inner_kept = kept
    after = _without(inner, _while_found(element, paths, depth), inner_kept, depth)
    is_emptied = after is not inner and after == {} and element.startswith("f:")
    return _GONE if is_emptied and not is_kept else after


def _while_found(element: str, paths: list[Steps], depth: int) -> Iterator[Steps]:
    """The paths up to one that takes a part of the element's key: after that there is no such element any more."""
    parts = {f"f:{name}" for name, part in key_of(element).items() if part is not None}
    for steps in paths:
        yield steps
        if len(steps) == depth + 1 and steps[depth] in parts:
            return


def _changed(value: Any, changes: dict[str | int, Any]) -> Any:
    """The mapping with other fields, or the list with other items: the very ones, for equal ones may be beside them."""
    if isinstance(value, list):
        items = (changes.get(id(item), item) for item in value)
        return [item for item in items if item is not _GONE]
    return {name: changes.get(name, item) for name, item in value.items() if changes.get(name) is not _GONE}
