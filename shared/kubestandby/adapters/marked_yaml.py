"""Configuration YAML, read strictly, with the line of every value. Knows nothing of what the values mean.

Refused: anchors, aliases, merge keys, tags, duplicate keys, deep nesting, the words that YAML 1.1 and 1.2 read
differently (`yes`, `on`, ...). The parser's events are walked one by one, so that neither depth nor an alias bomb
reaches a recursive reader.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from kubestandby.errors import ConfigError

Path = tuple[str | int, ...]
"""Where a value is: keys and positions from the document's root."""

_MAX_DEPTH = 24
_MAX_VALUES = 50_000
"""In one file. What is checked against a schema after this takes far longer than what is read."""

_AMBIGUOUS = re.compile(r"(?i)^(y|n|yes|no|on|off)$")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_INT = re.compile(r"^[-+]?[0-9]{1,18}$")
_NUMBER_LIKE = re.compile(
    r"^[-+]?(\.[0-9]+|[0-9][0-9_.:]*)([eE][-+]?[0-9]+)?$|^0[xob][0-9a-fA-F_]+$|^[-+]?\.(inf|nan)$"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINES = str.maketrans("", "", "\t\n\r")


@dataclass(frozen=True, slots=True)
class MarkedDocument:
    """One YAML document: its value as plain JSON types, and the line (from 1) of every value in it."""

    value: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of the value, or of the nearest one around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is being read."""

    value: dict[str, Any] | list[Any]
    path: Path
    line: int
    key: str | None = None
    keys: dict[str, int] = field(default_factory=dict)


def read_documents(
    text: str, what: str, may_hold_lines: Callable[[Path], bool] = lambda _: False
) -> Iterator[MarkedDocument]:
    """Reads every document of a YAML text; empty ones are left out. `what` is the file, for messages.

    `may_hold_lines` tells by its place whether a value may have several lines, and tabs.

    Raises:
        ConfigError: not YAML, or YAML that this reader refuses; the message is `what:line: ...`.
    """
    try:
        yield from _Reader(what, may_hold_lines).documents(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it holds a character that YAML does not allow"
        raise ConfigError(f"{what}:{line}: not YAML: {problem}; correct this line") from error


class _Reader:
    """Builds documents from parser events."""

    def __init__(self, what: str, may_hold_lines: Callable[[Path], bool]) -> None:
        self._what = what
        self._may_hold_lines = may_hold_lines
        self._stack: list[_Open] = []
        self._lines: dict[Path, int] = {}
        self._root: Any = None
        self._values = 0

    def documents(self, text: str) -> Iterator[MarkedDocument]:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                self._stack, self._lines, self._root = [], {}, None
            elif isinstance(event, yaml.DocumentEndEvent):
                if self._root is not None:
                    yield MarkedDocument(self._root, self._lines)
            else:
                self._take(event)

    def _take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(line, "anchors and aliases (& and *) are not read here; write the value out")
        if getattr(event, "tag", None):
            self._refuse(line, "tags (!) are not read here; leave it out")
        if isinstance(event, yaml.MappingStartEvent):
            self._open({}, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open([], line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()

    def _open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            self._refuse(line, f"nested deeper than {_MAX_DEPTH} levels; nothing here needs that")
        path = self._place(value, line)
        self._stack.append(_Open(value, path, line))

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        top = self._stack[-1] if self._stack else None
        is_key = top is not None and isinstance(top.value, dict) and top.key is None
        has_lines = not is_key and top is not None and self._may_hold_lines(_next_path(top))
        if _CONTROL.search(event.value.translate(_LINES) if has_lines else event.value):
            self._refuse(line, "a line break or control character inside a value; write it on one line")
        if top is not None and is_key:
            self._key(top, event.value, line)
        else:
            plain = event.style in (None, "") and event.implicit[0]
            self._place(self._resolve(event.value, line) if plain else event.value, line)

    def _key(self, top: _Open, key: str, line: int) -> None:
        if key == "<<":
            self._refuse(line, "merge keys (<<) are not read here; write the fields out")
        if key in top.keys:
            self._refuse(line, f"the key {shown(key)} is here twice, first in line {top.keys[key]}; leave one out")
        top.key = key
        top.keys[key] = line
        self._lines[(*top.path, key)] = line

    def _place(self, value: Any, line: int) -> Path:
        """Puts the value where it belongs and says where that is."""
        self._values += 1
        if self._values > _MAX_VALUES:
            self._refuse(line, f"more than {_MAX_VALUES} values; split it into several files")
        if not self._stack:
            self._root = value
            self._lines[()] = line
            return ()
        top = self._stack[-1]
        path = _next_path(top)
        if isinstance(top.value, list):
            top.value.append(value)
            self._lines[path] = line
            return path
        if top.key is None:
            self._refuse(line, "a mapping or a list as a key; a key is a word")
        top.value[top.key] = value
        top.key = None
        return path

    def _resolve(self, text: str, line: int) -> Any:
        """A plain scalar as JSON type, where YAML 1.1 and 1.2 agree on it."""
        if text in _NULL:
            return None
        if text in ("true", "false"):
            return text == "true"
        if _AMBIGUOUS.match(text):
            self._refuse(line, f"{shown(text)} is a word to some YAML readers and true or false to others; quote it")
        if _INT.match(text):
            return int(text)
        if _NUMBER_LIKE.match(text):
            self._refuse(line, f"{shown(text)} is read as a number by some YAML readers; quote it")
        return text

    def _refuse(self, line: int, problem: str) -> NoReturn:
        raise ConfigError(f"{self._what}:{line}: {problem}")


def _next_path(top: _Open) -> Path:
    """Where the next value belongs."""
    return (*top.path, len(top.value) if isinstance(top.value, list) else top.key or "")


def shown(value: object) -> str:
    """A value of the configuration as it may stand in a message: quoted, cut to 60 characters."""
    text = str(value)
    return f'"{text[:60]}..."' if len(text) > 60 else f'"{text}"'
