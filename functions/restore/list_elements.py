"""Elements of a list by what a path element names: a value, a key, a part of a key. Pure.

A look through the list is the shortest way to one element of it. Whoever wants many makes an index: thousands of
environment variables, each looked for through all of them, take seconds.
"""

from collections.abc import Mapping
from typing import Any

Found = tuple[bool, Any]
"""Whether there is one, and the first."""

NOWHERE: Found = (False, None)

_MAX_TABLES = 8
"""Keys of how many forms are indexed. A list has one; nobody's field set is to take memory by having thousands."""

_OBJECT = (dict, Mapping)  # dict first: an exact type is told faster than an abstract one

_Parts = tuple[Any, ...]
_Names = tuple[str, ...]


def by_value(items: list[Any], wanted: Any) -> Found:
    """The first item that equals a value."""
    return next(((True, item) for item in items if item == wanted), NOWHERE)


def by_key(items: list[Any], wanted: Mapping[str, Any]) -> Found:
    """The first mapping that has every part of a key; null and absent are one."""
    for item in items:
        if isinstance(item, Mapping) and all(item.get(name) == part for name, part in wanted.items()):
            return True, item
    return NOWHERE


def by_part_of_key(items: list[Any], wanted: Mapping[str, Any]) -> Found:
    """The first mapping that has no other than the parts of a key, of which it may leave out some."""
    fits = (
        i for i in items if isinstance(i, Mapping) and all(i.get(name, part) == part for name, part in wanted.items())
    )
    return next(((True, item) for item in fits), NOWHERE)


class ListIndex:
    """Answers as these functions do, from tables that are made of the list when they are first needed."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self._values: dict[Any, Any] | None = None
        self._keys: dict[_Names, dict[_Parts, Any]] = {}
        self._parts: dict[_Names, dict[_Names, dict[_Parts, tuple[int, Any]]]] = {}

    def by_value(self, wanted: Any) -> Found:
        """As the function."""
        if self._values is None:
            self._values = {}
            for item in self.items:
                self._values.setdefault(_hashable(item), item)
        value = _hashable(wanted)
        return (True, self._values[value]) if value in self._values else NOWHERE

    def by_key(self, wanted: Mapping[str, Any]) -> Found:
        """As the function."""
        names = tuple(wanted)
        table = self._keys.get(names)
        if table is None:
            if len(self._keys) == _MAX_TABLES:
                return by_key(self.items, wanted)
            table = self._keys[names] = _by_whole_keys(self.items, names)
        key = _parts(wanted, names)
        return (True, table[key]) if key in table else NOWHERE

    def by_part_of_key(self, wanted: Mapping[str, Any]) -> Found:
        """As the function."""
        names = tuple(wanted)
        tables = self._parts.get(names)
        if tables is None:
            if len(self._parts) == _MAX_TABLES:
                return by_part_of_key(self.items, wanted)
            tables = self._parts[names] = _by_given_parts(self.items, names)
        keys = ((table, _parts(wanted, given)) for given, table in tables.items())
        fits = [table[key] for table, key in keys if key in table]
        return (True, min(fits, key=_place)[1]) if fits else NOWHERE


def _by_whole_keys(items: list[Any], names: _Names) -> dict[_Parts, Any]:
    table: dict[_Parts, Any] = {}
    for item in items:
        if isinstance(item, _OBJECT):
            table.setdefault(_parts(item, names), item)
    return table


def _by_given_parts(items: list[Any], names: _Names) -> dict[_Names, dict[_Parts, tuple[int, Any]]]:
    """A table for each choice of names that items give, with the place of each item: the first of all is wanted."""
    tables: dict[_Names, dict[_Parts, tuple[int, Any]]] = {}
    for place, item in enumerate(items):
        if isinstance(item, _OBJECT):
            given = tuple(name for name in names if name in item)
            tables.setdefault(given, {}).setdefault(_parts(item, given), (place, item))
    return tables


def _parts(fields: Mapping[str, Any], names: _Names) -> _Parts:
    return tuple([_hashable(fields.get(name)) for name in names])


def _place(fit: tuple[int, Any]) -> int:
    return fit[0]


def _hashable(value: Any) -> Any:
    """What equals another one's exactly when the two values, of JSON, are equal."""
    if isinstance(value, list):
        return tuple([_hashable(item) for item in value])
    if isinstance(value, _OBJECT):
        return frozenset((name, _hashable(item)) for name, item in value.items())
    return value
