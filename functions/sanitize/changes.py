"""Which fields two forms of a manifest differ in."""

from collections.abc import Iterator, Mapping
from typing import Any

from .json_patch import is_same
from .pointers import pointer


def changed_fields(before: Any, after: Any) -> tuple[str, ...]:
    """JSON pointers of all that was added, taken away or given another value, sorted.

    A list that has become longer or shorter is one field; what both forms share is not looked at.
    """
    return tuple(sorted(_changed(before, after, ())))


def _changed(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[str]:
    if before is after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in before.keys() | after.keys():
            if name in before and name in after:
                yield from _changed(before[name], after[name], (*path, name))
            else:
                yield pointer((*path, name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changed(old, new, (*path, number))
    elif type(before) is not type(after) or not is_same(before, after):
        yield pointer(path)
