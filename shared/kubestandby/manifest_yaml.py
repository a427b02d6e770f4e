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
from kubestandby.yaml_forms import FIRST_KEYS, KEY_TEXTS, LONG_KEY, MAX_CACHED_KEYS, MAX_DEPTH, printable

MAX_LINES = 2_000_000
"""About one per value. etcd's default of 1.5 MiB an object has room for less than half as many."""

_MAX_SPREAD_BYTES = 1 << 20
"""Line breaks and indentation can make JSON many times as long; an API server takes 3 MiB a request."""

_INDENTS = tuple("  " * depth for depth in range(MAX_DEPTH + 1))
_FIRST_ORDERS = {key: f"0{place}" for place, key in enumerate(FIRST_KEYS)}
"""Text by which they are in order before the others, which have `1` before them then."""

_TEXT = rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_KEY = rb"[A-Za-z_][A-Za-z0-9_./-]*+|%b|\? %b\n *(?=:)" % (_TEXT, _TEXT)
_LINE = re.compile(rb"^( *+(?:- )*+)(?:(%b):(?: (.++))?+|(.++))\n" % _KEY, re.MULTILINE)
"""Indentation with dashes; key; its scalar; else the scalar of an item. Passes over what is no such line.

Takes linear time where the text ends with a line break: it then matches at every place without going back.
"""

_PLACE = re.compile(rb"((?:  )*+)((?:- ){0,%d}+)" % MAX_DEPTH)

_Line = tuple[bytes, bytes, bytes, bytes]

_CONSTANTS = {None: "null", True: "true", False: "false"}

_Write = Callable[[str], None]


class _KeyNames(dict[bytes, str]):
    """The way back: keys as written, without the colon, to what they mean; one that `emit` writes otherwise is refused.

    But for long ones, which take two lines.
    """

    def __missing__(self, text: bytes) -> str:
        quoted = text.removeprefix(b"? ").rstrip(b"\n ")
        name = str(orjson.loads(quoted)) if quoted[:1] == b'"' else text.decode("ascii")
        if quoted == text and (len(name) > LONG_KEY or printable(KEY_TEXTS[name]) != f"{text.decode()}:"):
            raise ValueError
        if len(self) < MAX_CACHED_KEYS and len(text) <= LONG_KEY:
            self[text] = name
        return name


class _Places(dict[bytes, tuple[int, int]]):
    """What stands before a key or an item: levels of indentation, and lists that the line enters."""

    def __missing__(self, text: bytes) -> tuple[int, int]:
        found = _PLACE.fullmatch(text)
        if found is None:
            raise ValueError
        place = self[text] = len(found[1]) // 2, len(found[2]) // 2
        return place


_KEY_NAMES = _KeyNames()
_FIELD_SETS: dict[tuple[int, bytes], str] = {}
_MAX_FIELD_SETS = 2048
_PLACES = _Places()


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
        first = [key for key in FIRST_KEYS if key in manifest]
        keys = first + sorted(key for key in manifest if key not in FIRST_KEYS)
        _write_mapping(manifest, keys, 0, "", lines.append)
        text = "".join(lines)
        if text.count("\n") > MAX_LINES:
            raise FormatError(f"a manifest has more than {MAX_LINES} values")
        return printable(text).encode()
    except IndexError:
        raise FormatError(f"a manifest is nested deeper than {MAX_DEPTH} levels") from None
    except UnicodeEncodeError:
        raise FormatError("a manifest holds half of a surrogate pair, which is not a Unicode character") from None
    except TypeError as error:
        raise FormatError("a manifest mixes keys that are not all strings") from error


def emit_flow(manifest: Mapping[str, Any]) -> bytes:
    """Writes the manifest as JSON that readers of YAML read alike: faster than `emit`, for the wire.

    JSON leaves characters as they are that YAML does not allow (U+007F) or takes for a line break: in a double-quoted
    text a reader of YAML 1.1 folds U+0085 into a space. Keys of more than 1024 characters need `emit`.

    Over many lines, as long as that does not make it large: on one line each brace may still begin a key, and the
    reader of Kubernetes holds back all that follows; an apply costs an API server up to 7% more processor time then.
    """
    text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    if len(text) > _MAX_SPREAD_BYTES:
        text = orjson.dumps(manifest)
    return printable(text.decode()).encode()


def parse(data: bytes, what: str) -> dict[str, Any]:
    """Reads exactly what `emit` writes; `what` names the source in errors.

    Strict: what is not seen at once to be in canonical form is written again, and bytes in any other form (duplicate
    keys, anchors, tags, comments and so on) do not come out equal.

    Raises:
        FormatError: the bytes are not canonical YAML; the message names the line.
    """
    if data == b"{}\n":
        return {}
    if not data.endswith(b"\n"):
        raise FormatError(f"{what} is not canonical YAML: it ends in the middle of a line")
    line_breaks = data.count(b"\n")
    if line_breaks > MAX_LINES:
        raise FormatError(f"{what} is no manifest: it has more than {MAX_LINES} lines")
    lines = _LINE.findall(data)
    try:
        values, are_plain = _values(data, lines)
        value, in_order = _assemble(lines, values)
        if are_plain and in_order and len(lines) == line_breaks:
            return value
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
        head = KEY_TEXTS[key] if len(key) <= LONG_KEY else f"? {encode_basestring(key)}\n{indent}:"
        kind = type(item)
        if kind is str:
            write(f"{lead}{head} {encode_basestring(item)}\n")
        elif not item and kind is dict:
            write(f"{lead}{head} {{}}\n")
        elif kind is dict:
            write(f"{lead}{head}\n")
            if key == "fieldsV1":
                write(_field_set(item, depth + 1))
            else:
                _write_mapping(item, sorted(item), depth + 1, _INDENTS[depth + 1], write)
        elif kind is list and item:
            write(f"{lead}{head}\n")
            _write_sequence(item, depth + 1, _INDENTS[depth + 1], write)
        else:
            write(f"{lead}{head} {_scalar(item)}\n")
        lead = indent


def _field_set(fields: Mapping[str, Any], depth: int) -> str:
    """The lines of a set of fields (FieldsV1), which thousands of objects of one manager share.

    Remembered are those of nothing but mappings, as sets are: JSON tells such from everything else.
    """
    try:
        known = depth, orjson.dumps(fields)
    except TypeError:  # what JSON does not know is refused in the words for it
        known = depth, b""
    lines = _FIELD_SETS.get(known)
    if lines is None:
        written: list[str] = []
        _write_mapping(fields, sorted(fields), depth, _INDENTS[depth], written.append)
        lines = "".join(written)
        if len(_FIELD_SETS) < _MAX_FIELD_SETS and all(line.endswith((":\n", ": {}\n")) for line in written):
            _FIELD_SETS[known] = lines
    return lines


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


def _values(data: bytes, lines: list[_Line]) -> tuple[list[Any], bool]:
    """All scalars in one call of the JSON decoder, which takes no line break inside of one; none counts as null.

    Also tells whether all are certainly written as `emit` does it, which is not JSON's way with floats and with some of
    what is not ASCII.
    """
    texts = b"[" + b",\n".join([scalar or item or b"null" for _, _, scalar, item in lines]) + b"]"
    values: list[Any] = orjson.loads(texts)
    if len(values) != len(lines):
        raise ValueError
    types = set(map(type, values))
    if float in types or not data.isascii() or b"\x7f" in data:
        return values, False
    if not types.isdisjoint((dict, list)) and any(value for value in values if type(value) in (dict, list)):
        return values, False  # JSON, be it over several lines, where YAML should be
    return values, orjson.dumps(values) == texts.replace(b",\n", b",")


def _assemble(lines: list[_Line], values: list[Any]) -> tuple[dict[str, Any], bool]:
    """Puts the values where the indentation says: two spaces, or a dash, are one level.

    Also tells whether each line stands where `emit` puts it: directly below what it belongs to, keys in order and once.
    """
    root: dict[str, Any] = {}
    levels: list[Any] = [root, *[None] * MAX_DEPTH]
    lasts = [""] * (MAX_DEPTH + 1)
    opener: Any = None
    opened, deepest, in_order = "", 0, True
    for (before, key, scalar, _), value in zip(lines, values, strict=True):
        depth, dashes = _PLACES[before]
        if opener is None:
            in_order &= depth <= deepest
        else:
            in_order &= depth == deepest + 1
            opener[opened] = levels[depth] = [] if dashes else {}
            opener, lasts[depth] = None, ""
        if dashes:
            depth = _enter(levels, depth, dashes, value, is_mapping=bool(key))
            lasts[depth] = ""
        if key or not dashes:
            name = _KEY_NAMES[key]
            order = name if depth else _FIRST_ORDERS.get(name) or f"1{name}"
            in_order &= order > lasts[depth]
            lasts[depth] = order
            if scalar:
                levels[depth][name] = value
            else:
                opener, opened = levels[depth], name
        deepest = depth
    return root, in_order and opener is None


def _enter(levels: list[Any], depth: int, dashes: int, value: Any, *, is_mapping: bool) -> int:
    """Puts a new mapping, or the value, into the last of the lists that a line enters; gives the depth that is open."""
    opened: list[Any] = [[] for _ in range(dashes - 1)]
    opened += [{}] if is_mapping else []
    for container in opened:
        levels[depth].append(container)
        depth += 1
        levels[depth] = container
    if not is_mapping:
        levels[depth].append(value)
    return depth


def _first_bad_line(lines: list[_Line]) -> str:
    """Says where, if one line alone is wrong."""
    number = 1
    for _, key, scalar, item in lines:
        try:
            orjson.loads(scalar or item or b"null")
        except orjson.JSONDecodeError:
            return f"line {number} has a value that is not in its form"
        number += 1 + key.count(b"\n")
    return "the structure of its lines is wrong"


def _first_difference(data: bytes, again: bytes) -> int:
    for number, (one, other) in enumerate(zip(data.split(b"\n"), again.split(b"\n"), strict=False), start=1):
        if one != other:
            return number
    return min(data.count(b"\n"), again.count(b"\n")) + 1
