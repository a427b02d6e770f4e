"""Sets of fields of `metadata.managedFields`, taken apart for comparing: once for all objects that share one. Pure.

Thousands of objects that one manager has written have the same set. Where the names of a mapping stand in one set of
Python's, an object is told to have them all in a single step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from .field_sets import ITSELF, FieldSet

_MAX_TREES = 2048
_MAX_BYTES = 16 << 10
"""How many are remembered, and how large they may be as JSON."""


@dataclass(frozen=True, slots=True)
class FieldTree:
    """A set of fields below one node.

    Attributes:
        names: of all fields of a mapping (`f:`).
        leaves: those of them with nothing below, in order.
        branches: the others, each with what is below.
        elements: path elements of a list (`k:`, `v:`, `i:`), each with what is below.
        is_leaf: whether the manager has the node as a whole. One of which it has nothing but the node itself is none.
    """

    names: frozenset[str]
    leaves: tuple[str, ...]
    branches: tuple[tuple[str, "FieldTree"], ...]
    elements: tuple[tuple[str, "FieldTree"], ...]
    is_leaf: bool


_TREES: dict[bytes, FieldTree] = {}


def tree_of(entry: Mapping[str, Any]) -> FieldTree:
    """The fields that an entry of `metadata.managedFields` names (ManagedFieldsEntry.fieldsV1)."""
    fields = entry.get("fieldsV1") or {}
    text = orjson.dumps(fields)
    known = _TREES.get(text)
    if known is None:
        known = _tree(fields)
        if len(_TREES) < _MAX_TREES and len(text) <= _MAX_BYTES:
            _TREES[text] = known
    return known


def _tree(fields: FieldSet) -> FieldTree:
    below = {element: _tree(inner or {}) for element, inner in fields.items() if element != ITSELF}
    named = {element[2:]: inner for element, inner in below.items() if element.startswith("f:")}
    return FieldTree(
        names=frozenset(named),
        leaves=tuple(name for name, inner in named.items() if inner.is_leaf),
        branches=tuple((name, inner) for name, inner in named.items() if not inner.is_leaf),
        elements=tuple((element, inner) for element, inner in below.items() if not element.startswith("f:")),
        is_leaf=not fields,
    )
