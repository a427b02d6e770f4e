"""Maps and lists that become empty: what a server-side apply makes of them, and how they come out right. Pure.

An apply that takes the last element of a map or list away leaves null in its place, even where `{}` or `[]` is applied
(structured-merge-diff, typed/remove.go: what has become empty is not in the result). A schema that takes no null
refuses the apply (422); under any other the object has null, or nothing. Applied again, when nothing is left to be
taken away, they come out as they should.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def becomes_empty(desired: Any, live: Any) -> bool:
    """Whether desired has a map or list empty that live has not. What is itself an element of a list does not count."""
    fields = isinstance(desired, Mapping)
    return any(
        (fields and _is_emptied(wanted, found)) or becomes_empty(wanted, found)
        for wanted, found in _pairs(desired, live)
    )


def without_emptied(desired: Any, live: Any) -> Any:
    """Desired without the maps and lists that it has empty and live has not, nor what is empty without those.

    Itself where there are none.
    """
    if not becomes_empty(desired, live):
        return desired
    if isinstance(desired, list):
        return [without_emptied(wanted, found) for wanted, found in zip(desired, live, strict=True)]
    smaller = {key: without_emptied(value, live.get(key)) for key, value in desired.items()}
    return {key: value for key, value in smaller.items() if not _is_emptied(value, live.get(key))}


def with_emptied(made: Any, desired: Any, live: Any) -> Any:
    """What the server makes of desired in the end: those that become empty are there, and empty."""
    if not becomes_empty(desired, live):
        return made
    if isinstance(desired, list):
        pairs = zip(made, desired, live, strict=True) if _are_lists(made, desired) else ()
        return [with_emptied(*elements) for elements in pairs] or made
    if not isinstance(made, Mapping):
        return made
    lacking = {key: value for key, value in desired.items() if made.get(key) is None}
    empty = {
        key: value
        for key, value in lacking.items()
        if _is_emptied(without_emptied(value, live.get(key)), live.get(key))
    }
    below = {key: with_emptied(value, desired[key], live.get(key)) for key, value in made.items() if key in desired}
    return {**made, **below, **empty}


def lacks_empty(desired: Any, made: Any) -> bool:
    """Whether an empty map or list of desired is null, or missing, in what the server has made of it."""
    fields = isinstance(desired, Mapping)
    return any(
        (fields and wanted in ({}, []) and found is None) or lacks_empty(wanted, found)
        for wanted, found in _pairs(desired, {} if made is None else made)
    )


def _is_emptied(desired: Any, live: Any) -> bool:
    return isinstance(desired, (dict, list)) and not desired and bool(live) and isinstance(live, type(desired))


def _pairs(desired: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """What is below the one with what is in its place below the other; lists of another length have no such places."""
    if isinstance(desired, Mapping) and isinstance(other, Mapping):
        yield from ((value, other.get(key)) for key, value in desired.items())
    elif _are_lists(desired, other):
        yield from zip(desired, other, strict=True)


def _are_lists(one: Any, other: Any) -> bool:
    return isinstance(one, list) and isinstance(other, list) and len(one) == len(other)
