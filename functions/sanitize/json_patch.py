"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386). The document is never changed in place.

Our own, since the errors of the libraries cite the document's values, and since they take `true` for 1 when they test.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubestandby.transforms import PatchOperation

from .pointers import Tokens, pointer

_END = "-"
"""In the path of an `add`: behind the last element of a list."""


class PatchError(Exception):
    """An operation that cannot be done; the message names it and its path, never a value."""


def patched(document: Any, operations: Sequence[PatchOperation]) -> Any:
    """The document after all operations.

    Raises:
        PatchError: one of them cannot be done, or its test fails.
    """
    for number, operation in enumerate(operations):
        try:
            document = _OPERATIONS[operation.op](document, operation)
        except PatchError as error:
            raise PatchError(f"operation {number} ({operation.op} {pointer(operation.path)}): {error}") from error
    return document


def merged(target: Any, patch: Any) -> Any:
    """The target with a merge patch (RFC 7386, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: numbers by value, and a boolean is no number (RFC 6902, section 4.6)."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def _add(document: Any, operation: PatchOperation) -> Any:
    return _put(document, operation.path, operation.value)


def _remove(document: Any, operation: PatchOperation) -> Any:
    return _taken(document, operation.path)


def _replace(document: Any, operation: PatchOperation) -> Any:
    _get(document, operation.path)
    if not operation.path:
        return operation.value
    return _in_parent(document, operation.path, lambda parent, last: _with(parent, last, operation.value))


def _move(document: Any, operation: PatchOperation) -> Any:
    source, target = operation.source, operation.path
    if len(source) < len(target) and target[: len(source)] == source:
        raise PatchError("a value cannot be moved into itself")
    value = _get(document, source)
    return document if source == target else _put(_taken(document, source), target, value)


def _copy(document: Any, operation: PatchOperation) -> Any:
    return _put(document, operation.path, _get(document, operation.source))


def _test(document: Any, operation: PatchOperation) -> Any:
    if not is_same(_get(document, operation.path), operation.value):
        raise PatchError("the test fails: another value is there")
    return document


_OPERATIONS: Mapping[str, Callable[[Any, PatchOperation], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _get(document: Any, path: Tokens) -> Any:
    for depth, token in enumerate(path, 1):
        document = _child(document, token, path[:depth])
    return document


def _put(document: Any, path: Tokens, value: Any) -> Any:
    """The document with the value added: set in a mapping, put in before an element of a list."""
    if not path:
        return value

    def put(parent: Any, last: str) -> Any:
        if isinstance(parent, list):
            at = len(parent) if last == _END else _index(last, len(parent) + 1, path)
            return [*parent[:at], value, *parent[at:]]
        if isinstance(parent, Mapping):
            return {**parent, last: value}
        raise PatchError(f"{pointer(path[:-1])} is neither a mapping nor a list")

    return _in_parent(document, path, put)


def _taken(document: Any, path: Tokens) -> Any:
    """The document without what is at the path."""
    _get(document, path)
    if not path:
        raise PatchError("the whole object cannot be removed; use drop")

    def take(parent: Any, last: str) -> Any:
        if isinstance(parent, list):
            at = int(last)
            return [*parent[:at], *parent[at + 1 :]]
        return {name: value for name, value in parent.items() if name != last}

    return _in_parent(document, path, take)


def _in_parent(document: Any, path: Tokens, edit: Callable[[Any, str], Any], depth: int = 0) -> Any:
    """The document with the container of the path's last part put through `edit`."""
    if depth == len(path) - 1:
        return edit(document, path[depth])
    child = _child(document, path[depth], path[: depth + 1])
    return _with(document, path[depth], _in_parent(child, path, edit, depth + 1))


def _child(value: Any, token: str, path: Tokens) -> Any:
    if isinstance(value, Mapping):
        if token in value:
            return value[token]
        raise PatchError(f"{pointer(path)} is not there")
    if isinstance(value, list):
        return value[_index(token, len(value), path)]
    raise PatchError(f"{pointer(path[:-1])} is neither a mapping nor a list")


def _with(container: Any, token: str, value: Any) -> Any:
    """The container with another value at a place that is known to be there."""
    if isinstance(container, list):
        return [value if str(number) == token else item for number, item in enumerate(container)]
    return {**container, token: value}


def _index(token: str, length: int, path: Tokens) -> int:
    """A place in a list: digits without leading zeros (RFC 6901, section 4)."""
    is_number = token.isascii() and token.isdigit() and (token == "0" or token[0] != "0")  # noqa: S105 - no password
    if not is_number or len(token) > 9 or int(token) >= length:
        raise PatchError(f"{pointer(path)} is not there: the list has {length if length else 'no'} places")
    return int(token)
