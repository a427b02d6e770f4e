r"""Manifests as canonical YAML: one value has exactly one form, and every YAML reader reads that form alike.

The form is block style, two spaces a level, sequences indented below their key. Every string value is double-quoted
with escapes that JSON, YAML 1.1 and YAML 1.2 share; what YAML calls non-printable is written `\uXXXX`, other characters
as they are. Keys are sorted by code point (apiVersion, kind and metadata first at the top) and plain only where no
version of YAML reads them as anything but a string. Integers are exact, floats have a dot and a signed exponent.

So a person can read and `kubectl apply` it, and `y`, `1e3`, `0o17` or `22:22` stay what they are (a plain emitter lets
Kubernetes' own reader, sigs.k8s.io/yaml, change their type).
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

import orjson

from kubestandby.errors import FormatError

MAX_DEPTH = 200
"""Levels of nesting. Real objects, CRD schemas included, stay below 60."""

MAX_LINES = 2_000_000
"""About one per value. etcd's default of 1.5 MiB an object has room for less than half as many."""

_INDENTS = tuple("  " * depth for depth in range(MAX_DEPTH + 1))
_FIRST_KEYS = ("apiVersion", "kind", "metadata")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS_WITH_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_LONG_KEY = 160
"""YAML readers allow 1024 bytes for a key on one line (YAML 1.2, 7.4.2); escaped, a character takes up to 6."""

_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may hold as it is and YAML may not (YAML 1.2, 5.1), and line breaks of YAML 1.1."""

_LINE = re.compile(
    rb"( *)((?:- ){0,%d}+)"
    rb'(?:([A-Za-z_][A-Za-z0-9_./-]*+|(?:\? )?"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"(?:\n *(?=:))?):)?'
    rb" ?(.*)\n" % (MAX_DEPTH + 1)
)
"""Indentation, dashes, key, scalar. Lenient: what it lets through is caught when the value is written again.

Takes linear time where the text ends with a line break: it then matches at every place without going back.
"""

_MAX_CACHED_KEYS = 8192

_CONSTANTS = {None: "null", True: "true", False: "false"}

_Write = Callable[[str], None]


class _KeyTexts(dict[str, str]):
    """Keys as they are written, colon included; most keys come again and again."""

    def __missing__(self, key: str) -> str:
        if type(key) is not str:
            raise FormatError(f"a manifest has a key of type {type(key).__name__}; only strings are allowed")
        plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS_WITH_MEANING
        text = f"{key}:" if plain else f"{encode_basestring(key)}:"
        if len(self) < _MAX_CACHED_KEYS:
            self[key] = text
        return text


class _KeyNames(dict[bytes, str]):
    """The way back: keys as written, without the colon, to what they mean."""

    def __missing__(self, text: bytes) -> str:
        quoted = text.removeprefix(b"? ").rstrip(b"\n ")
        name = str(orjson.loads(quoted)) if quoted[:1] == b'"' else text.decode("ascii")
        if len(self) < _MAX_CACHED_KEYS and len(text) <= _LONG_KEY:
            self[text] = name
        return name


_KEY_TEXTS = _KeyTexts()
_KEY_NAMES = _KeyNames()


def emit(manifest: Mapping[str, Any]) -> bytes:
    """Writes the manifest in canonical form.

    Raises:
        FormatError: it holds something that JSON does not know (a lone surrogate, an infinite number, a key that is no
            string), an integer beyond 64 bits, or is nested deeper than `MAX_DEPTH`. No message holds data of it.
    """
    lines: list[str] = []
    if not manifest:
        return b"{}\n"
    try:
        first = [key for key in _FIRST_KEYS if key in manifest]
        keys = first + sorted(key for key in manifest if key not in _FIRST_KEYS)
        _write_mapping(manifest, keys, 0, "", lines.append)
        text = "".join(lines)
        if text.count("\n") > MAX_LINES:
            raise FormatError(f"a manifest has more than {MAX_LINES} values")
        if not text.isascii() or "\x7f" in text:
            text = _NOT_PRINTABLE.sub(_escape, text)
        return text.encode()
    except IndexError:
        raise FormatError(f"a manifest is nested deeper than {MAX_DEPTH} levels") from None
    except UnicodeEncodeError:
        raise FormatError("a manifest holds half of a surrogate pair, which is not a Unicode character") from None
    except TypeError as error:
        raise FormatError("a manifest mixes keys that are not all strings") from error


def emit_flow(manifest: Mapping[str, Any]) -> bytes:
    """Writes the manifest as JSON on one line that readers of YAML read alike: faster than `emit`, for the wire.

    JSON leaves characters as they are that YAML does not allow (U+007F) or takes for a line break: in a double-quoted
    text a reader of YAML 1.1 folds U+0085 into a space. Keys of more than 1024 characters need `emit`.
    """
    data = orjson.dumps(manifest)
    if data.isascii() and b"\x7f" not in data:
        return data
    return _NOT_PRINTABLE.sub(_escape, data.decode()).encode()


def parse(data: bytes, what: str) -> dict[str, Any]:
    """Reads exactly what `emit` writes; `what` names the source in errors.

    Strict by writing the value again: bytes in any other form, duplicate keys, anchors, tags, comments and so on
    included, do not come out equal.

    Raises:
        FormatError: the bytes are not canonical YAML; the message names the line.
    """
    if data == b"{}\n":
        return {}
    if not data.endswith(b"\n"):
        raise FormatError(f"{what} is not canonical YAML: it ends in the middle of a line")
    if data.count(b"\n") > MAX_LINES:
        raise FormatError(f"{what} is no manifest: it has more than {MAX_LINES} lines")
    lines = _LINE.findall(data)
    try:
        value = _assemble(lines, _decode_scalars(lines))
        again = emit(value)
    except (ValueError, LookupError, TypeError, AttributeError, FormatError):
        raise FormatError(f"{what} is not canonical YAML: {_first_bad_line(lines)}") from None
    if again != data:
        raise FormatError(f"{what} is not canonical YAML: line {_first_difference(data, again)} is in another form")
    return value


def _write_mapping(mapping: Mapping[str, Any], keys: Iterable[str], depth: int, lead: str, write: _Write) -> None:
    """`lead` starts the first line: the indentation, or the dash of the sequence that the mapping is an item of."""
    indent = _INDENTS[depth]
    for key in keys:
        item = mapping[key]
        head = _KEY_TEXTS[key] if len(key) <= _LONG_KEY else f"? {encode_basestring(key)}\n{indent}:"
        kind = type(item)
        if kind is str:
            write(f"{lead}{head} {encode_basestring(item)}\n")
        elif not item and kind is dict:
            write(f"{lead}{head} {{}}\n")
        elif kind is dict:
            write(f"{lead}{head}\n")
            _write_mapping(item, sorted(item), depth + 1, _INDENTS[depth + 1], write)
        elif kind is list and item:
            write(f"{lead}{head}\n")
            _write_sequence(item, depth + 1, _INDENTS[depth + 1], write)
        else:
            write(f"{lead}{head} {_scalar(item)}\n")
        lead = indent


def _write_sequence(items: Sequence[Any], depth: int, lead: str, write: _Write) -> None:
    indent = _INDENTS[depth]
    for item in items:
        kind = type(item)
        if kind is str:
            write(f"{lead}- {encode_basestring(item)}\n")
        elif kind is dict and item:
            _write_mapping(item, sorted(item), depth + 1, f"{lead}- ", write)
        elif kind is list and item:
            _write_sequence(item, depth + 1, f"{lead}- ", write)
        else:
            write(f"{lead}- {_scalar(item)}\n")
        lead = indent


def _scalar(value: Any) -> str:
    """Whatever fits on the line: numbers, true, false, null and the empty collections."""
    kind = type(value)
    if value is None or kind is bool:
        return _CONSTANTS[value]
    if kind is int and -(2**63) <= value < 2**64:
        return int.__repr__(value)
    if kind is float and math.isfinite(value):
        mantissa, exponent_mark, exponent = repr(value).partition("e")
        return mantissa + ("" if "." in mantissa else ".0") + exponent_mark + exponent
    if kind in (dict, list):
        return "{}" if kind is dict else "[]"
    raise FormatError(f"a manifest holds a {kind.__name__} that JSON cannot express")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _decode_scalars(lines: list[tuple[bytes, bytes, bytes, bytes]]) -> list[Any]:
    """All scalars of the document in one call of the JSON decoder; a line without one counts as null."""
    values: list[Any] = orjson.loads(b"[" + b",".join([line[3] or b"null" for line in lines]) + b"]")
    if len(values) != len(lines):
        raise ValueError
    return values


def _assemble(lines: list[tuple[bytes, bytes, bytes, bytes]], values: list[Any]) -> dict[str, Any]:
    """Puts the values where the indentation says: two spaces, or a dash, are one level."""
    root: dict[str, Any] = {}
    levels: list[Any] = [None] * (MAX_DEPTH + 2)
    levels[0] = root
    opener, opened = None, ""
    for (indent, dashes, key, text), value in zip(lines, values, strict=True):
        depth = len(indent) >> 1
        if opener is not None:
            opener[opened] = levels[depth] = [] if dashes else {}
            opener = None
        to_enter = len(dashes) >> 1
        while to_enter:
            if to_enter == 1 and not key:
                levels[depth].append(value)
                break
            child: Any = {} if to_enter == 1 else []
            levels[depth].append(child)
            depth += 1
            levels[depth] = child
            to_enter -= 1
        else:
            if text:
                levels[depth][_KEY_NAMES[key]] = value
            else:
                opener, opened = levels[depth], _KEY_NAMES[key]
    return root


def _first_bad_line(lines: list[tuple[bytes, bytes, bytes, bytes]]) -> str:
    """Says where, if one line alone is wrong."""
    number = 1
    for _, _, key, text in lines:
        try:
            orjson.loads(text or b"null")
        except orjson.JSONDecodeError:
            return f"line {number} has a value that is not in its form"
        number += 1 + key.count(b"\n")
    return "the structure of its lines is wrong"


def _first_difference(data: bytes, again: bytes) -> int:
    for number, (one, other) in enumerate(zip(data.split(b"\n"), again.split(b"\n"), strict=False), start=1):
        if one != other:
            return number
    return min(data.count(b"\n"), again.count(b"\n")) + 1
