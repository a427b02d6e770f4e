"""Reads and changes fields of a manifest that is never changed in place: what an edit does not touch is shared.

An edit that does nothing returns the very object it was given, so that a caller can tell by identity. What an edit
leaves empty goes with its key (`annotations: {}` after the last one was dropped); what an author left empty stays.
A field that holds another JSON type than the API says raises `FieldTypeError`; absent and null are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

EACH = "[]"
"""In a path: every element of the list."""

Fields = Mapping[str, Any]
Path = tuple[str, ...]

_OBJECT = (dict, Mapping)  # dict first: an exact type is told faster than an abstract one


class FieldTypeError(Exception):
    """A field holds another JSON type than its API says; the message names the field, never its value."""

    def __init__(self, path: Path, expected: str, found: object) -> None:
        super().__init__(f"{dotted(path)} is {_json_type(found)} where the API has {expected}")


def dotted(path: Path) -> str:
    """`spec.ports[].nodePort`."""
    return ".".join(path).replace(f".{EACH}", EACH)


def without(fields: Fields, *names: str) -> Fields:
    """The fields but those of these names."""
    if fields.keys().isdisjoint(names):
        return fields
    return {name: value for name, value in fields.items() if name not in names}


def fields_at(fields: Fields, *path: str) -> Fields:
    """The object at the path; empty where there is none.

    Raises:
        FieldTypeError: something on the way, or at its end, is not an object.
    """
    for depth, name in enumerate(path, 1):
        value = fields.get(name)
        if value is None:
            return {}
        fields = _object(value, path[:depth])
    return fields


def items_at(fields: Fields, *path: str) -> Sequence[Fields]:
    """The list of objects at the path; empty where there is none.

    Raises:
        FieldTypeError: something on the way is not an object, or the end is not a list of objects.
    """
    value = fields_at(fields, *path[:-1]).get(path[-1])
    if value is None:
        return ()
    return [_object(item, (*path, EACH)) for item in _list(value, path)]


def text_at(fields: Fields, *path: str) -> str:
    """The string at the path; "" where there is none.

    Raises:
        FieldTypeError: something on the way is not an object, or the end is not a string.
    """
    value = fields_at(fields, *path[:-1]).get(path[-1])
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldTypeError(path, "a string", value)
    return value


def edited(fields: Fields, path: Path, edit: Callable[[Fields], Fields]) -> Fields:
    """The fields with every object at the path put through `edit`; nothing happens where there is none.

    Raises:
        FieldTypeError: something on the way, or at its end, is not what the path says.
    """
    result: Fields = _edited(fields, path, 0, lambda value: edit(_object(value, path)))
    return result


def sifted(fields: Fields, path: Path, keep: Callable[[Fields], bool]) -> Fields:
    """The fields with the lists of objects at the path reduced to what `keep` says.

    Raises:
        FieldTypeError: something on the way is not an object, or the end is not a list of objects.
    """
    return sifted_values(fields, path, lambda item: keep(_object(item, (*path, EACH))))


def sifted_values(fields: Fields, path: Path, keep: Callable[[Any], bool]) -> Fields:
    """The fields with the lists at the path, of whatever they are, reduced to what `keep` says.

    Raises:
        FieldTypeError: something on the way is not an object, or the end is not a list.
    """

    def sift(value: Any) -> Any:
        items = _list(value, path)
        kept = [item for item in items if keep(item)]
        return items if len(kept) == len(items) else kept

    result: Fields = _edited(fields, path, 0, sift)
    return result


def edited_values(fields: Fields, path: Path, edit: Callable[[Any], Any]) -> Fields:
    """The fields with whatever is at the path put through `edit`; nothing happens where there is none.

    Raises:
        FieldTypeError: something on the way is not what the path says.
    """
    result: Fields = _edited(fields, path, 0, edit)
    return result


def _edited(value: Any, path: Path, depth: int, edit: Callable[[Any], Any]) -> Any:
    if depth == len(path):
        return edit(value)
    if path[depth] == EACH:
        items = _list(value, path[:depth])
        changed = [_edited(item, path, depth + 1, edit) for item in items]
        return changed if any(new is not old for new, old in zip(changed, items, strict=True)) else items
    fields = _object(value, path[:depth])
    child = fields.get(path[depth])
    if child is None:
        return fields
    new = _edited(child, path, depth + 1, edit)
    if new is child:
        return fields
    return {**fields, path[depth]: new} if new else without(fields, path[depth])


def _object(value: Any, path: Path) -> Fields:
    if isinstance(value, _OBJECT):
        return value
    raise FieldTypeError(path, "an object", value)


def _list(value: Any, path: Path) -> list[Any]:
    if isinstance(value, list):
        return value
    raise FieldTypeError(path, "a list", value)


def _json_type(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "null" if value is None else "something else")
