"""YAML that people wrote, read event by event: plain scalars as kubectl reads them, and everything else strictly.

Refused: duplicate keys, tags, merge keys, keys that are no words, deep nesting. Aliases are expanded as far as a
manifest can need it: neither depth nor an alias bomb gets through, and no reader here is recursive.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from kubestandby.adapters.manifest_files.plain_scalars import json_number, resolve_plain
from kubestandby.adapters.marked_yaml import shown
from kubestandby.errors import ManifestError
from kubestandby.yaml_forms import MAX_DEPTH

Path = tuple[str | int, ...]
"""Where a value is: keys and positions from the document's root."""

_DEEPEST = MAX_DEPTH + 2
"""A manifest within a list is two levels further down."""

MAX_VALUES = 5_000_000
"""Of one file: more than 64 MiB of manifests have, and what a machine has the memory for."""

_MOST_LINES = 500_000
"""So many values have their line remembered; for the others that of the nearest one around them is told."""

_LINES_DEPTH = 6
"""Levels whose lines are remembered: as far as anybody looks for mistakes, `items[3].metadata.labels.app`."""

_MOST_EXPANDED = 8 * 1024 * 1024
"""What aliases may add to a document, in characters."""

_NODE_WEIGHT = 16
_BYTE_ORDER_MARK = "\ufeff"
_NO_KEY = object()


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value as plain JSON types, and the lines (from 1) of the values near its root."""

    value: Any
    first_line: int
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of the value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, self.first_line)


@dataclass(slots=True)
class _Node:
    """A value, and what it comes to where an alias repeats it: characters, and levels of nesting."""

    value: Any
    weight: int = _NODE_WEIGHT
    height: int = 0


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being read."""

    node: _Node
    path: Path | None
    anchor: str | None
    key: Any = _NO_KEY
    key_line: int = 1


def read_yaml(text: str, what: str) -> Iterator[Document]:
    """Reads every document of a YAML text; empty ones are left out. `what` is the file, for messages.

    Raises:
        ManifestError: not YAML, or YAML that this reader refuses; the message is `what:line: ...`.
    """
    mark_at = text.find(_BYTE_ORDER_MARK)
    if mark_at >= 0:
        line = 1 + text.count("\n", 0, mark_at)
        raise ManifestError(f"{what}:{line}: a byte order mark, on which YAML readers disagree; take it out")
    try:
        # kubectl takes a stream apart by lines first, and a line ends with either of the two.
        yield from _Reader(what).documents(text.replace("\r\n", "\n"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else _line_of_bad_character(text)
        problem = getattr(error, "problem", None) or "it holds a character that YAML does not allow"
        raise ManifestError(f"{what}:{line}: not YAML: {problem}; {_advice(text, line)}") from error


class _Reader:
    """Builds documents from parser events."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._line = 1
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Node] = {}
        self._lines: dict[Path, int] = {}
        self._root: _Node | None = None
        self._expanded = 0
        self._values = 0
        self._take: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
        }

    def documents(self, text: str) -> Iterator[Document]:
        first_line = 1
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            self._line = event.start_mark.line + 1 if event.start_mark else 1
            take = self._take.get(type(event))
            if take is not None:
                if self._root is None:
                    first_line = self._line
                take(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._stack, self._anchors, self._lines, self._root, self._expanded = [], {}, {}, None, 0
            elif isinstance(event, yaml.DocumentEndEvent) and self._root and self._root.value is not None:
                yield Document(self._root.value, first_line, self._lines)

    def _mapping(self, event: yaml.MappingStartEvent) -> None:
        self._open({}, event)

    def _sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._open([], event)

    def _open(self, value: dict[str, Any] | list[Any], event: Any) -> None:
        self._refuse_tag(event)
        node = _Node(value)
        if len(self._stack) >= _DEEPEST:
            self._refuse(f"nested deeper than {MAX_DEPTH} levels; no server takes that")
        self._stack.append(_Open(node, self._place(node), event.anchor))

    def _close(self, _: yaml.Event) -> None:
        closed = self._stack.pop()
        if self._stack:
            around = self._stack[-1].node
            around.weight += closed.node.weight
            around.height = max(around.height, closed.node.height + 1)
        self._name(closed.anchor, closed.node)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        self._refuse_tag(event)
        is_plain = event.style in (None, "") and event.implicit[0]
        if self._wants_key():
            self._key(self._key_text(event.value) if is_plain else event.value)
            self._name(event.anchor, _Node(event.value, _NODE_WEIGHT + len(event.value)))
            return
        node = _Node(self._value(event.value) if is_plain else event.value, _NODE_WEIGHT + len(event.value))
        self._add(node)
        self._name(event.anchor, node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self._anchors.get(str(event.anchor))
        if node is None:
            # Its name is not repeated: it may be a password that begins with a star.
            self._refuse("an alias (*) names no anchor that is complete before it; quote what is text, or write it out")
        if self._wants_key():
            self._refuse("an alias as a key; write the key out")
        self._expanded += node.weight
        if self._expanded > _MOST_EXPANDED or len(self._stack) + node.height > _DEEPEST:
            self._refuse("aliases that multiply to more than a manifest can be; write the values out")
        self._add(node)

    def _add(self, node: _Node) -> None:
        """Puts a value that is complete where it belongs."""
        self._place(node)
        if self._stack:
            around = self._stack[-1].node
            around.weight += node.weight
            around.height = max(around.height, node.height + 1)

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].key is _NO_KEY and isinstance(self._stack[-1].node.value, dict)

    def _key(self, key: str) -> None:
        top = self._stack[-1]
        if key in top.node.value:
            first = self._lines.get((*top.path, key)) if top.path is not None else None
            where = f", first in line {first}" if first else ""
            self._refuse(f"the key {shown(key)} is here twice{where}; leave one out")
        top.key, top.key_line = key, self._line

    def _key_text(self, plain: str) -> str:
        """A plain key as kubectl reads it: `on` is "true", `0x10` is "16"."""
        if plain == "<<":
            self._refuse("merge keys (<<) are not read here; write the fields out")
        value = resolve_plain(plain)
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None or isinstance(value, float) or (isinstance(value, int) and value >= 2**63):
            self._refuse(f"the key {shown(plain)} is no word to kubectl; quote it")
        return str(value)

    def _value(self, plain: str) -> Any:
        value = resolve_plain(plain)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if not math.isfinite(value):
            self._refuse(f"{shown(plain)} is no number that JSON knows; quote it if it is text")
        return json_number(value)

    def _place(self, node: _Node) -> Path | None:
        """Puts the value where it belongs and says where that is, None where that is too far down to matter."""
        self._values += 1
        if self._values > MAX_VALUES:
            self._refuse(f"more than {MAX_VALUES} values in one file; split the file")
        if not self._stack:
            self._root = node
            return ()
        top = self._stack[-1]
        step: str | int = top.key
        line = top.key_line
        if isinstance(top.node.value, list):
            step, line = len(top.node.value), self._line
            top.node.value.append(node.value)
        elif top.key is _NO_KEY:
            self._refuse("a mapping or a list as a key; a key is a word, and a template has to be rendered first")
        else:
            top.node.value[step] = node.value
            top.key = _NO_KEY
        if top.path is None or len(top.path) >= _LINES_DEPTH or len(self._lines) >= _MOST_LINES:
            return None
        path = (*top.path, step)
        self._lines[path] = line
        return path

    def _name(self, anchor: str | None, node: _Node) -> None:
        if anchor is not None:
            self._anchors[anchor] = node

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._refuse("tags (!) are not read here; leave it out, and quote what is text")

    def _refuse(self, problem: str) -> NoReturn:
        raise ManifestError(f"{self._what}:{self._line}: {problem}")


def _advice(text: str, line: int) -> str:
    """The parser may see only in the line after it what is wrong with one."""
    if any("{{" in near for near in text.splitlines()[max(0, line - 2) : line]):
        return "this looks like a template: render it first, such as with `helm template`"
    return "correct this line"


def _line_of_bad_character(text: str) -> int:
    """The line of the first character that the parser does not even read (YAML 1.1, 5.1)."""
    for number, line in enumerate(text.split("\n"), start=1):
        if any(char < " " and char not in "\t\r" for char in line) or "\x7f" in line:
            return number
    return 1
