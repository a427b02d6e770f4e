"""Canonical bytes and digests of our data, and back again. Strict: what is not in our form is a `FormatError`.

Fields that a newer version of us has added are ignored; a change of meaning raises `format_version` instead. Types,
enums and missing fields are checked exactly, a key may be there once, and moments must carry their offset from UTC and
be of an age in which we can reckon.
"""

import dataclasses
import hashlib
import json
from collections.abc import Hashable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

import msgspec
import orjson

from kubestandby.errors import FormatError

T = TypeVar("T")

Raw = msgspec.Raw
"""Type of a field whose JSON is left as it is, to be decoded later."""

_ENCODER = msgspec.json.Encoder(order="sorted")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)
"""Beyond them adding a day, or another offset, would overflow."""

_LARGE_BYTES = 1 << 20
"""What is larger is an index or a report: looking for double keys would cost more memory than it has bytes."""


def encode(value: Any) -> bytes:
    """Canonical JSON of one of our dataclasses: fields and keys sorted, no spaces.

    Raises:
        FormatError: it holds a moment without an offset, or something that JSON does not know.
    """
    _check_moments(value, type(value).__name__)
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"{type(value).__name__} cannot be written as JSON: {error}") from error


def decode(data: bytes, type_: type[T], what: str) -> T:
    """Reads a dataclass that `encode` has written; `what` names the source in errors.

    Raises:
        FormatError: not JSON, or not of this type; the message names the field and never its value.
    """
    try:
        value: T = _decoder(cast("Hashable", type_)).decode(data)
    except RecursionError as error:
        raise FormatError(f"{what} is nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{what} is not a {type_.__name__} in our form: {_reason(error)}") from error
    _check_moments(value, what)
    if len(data) <= _LARGE_BYTES and _ENCODER.encode(value) != data:
        _check_keys(data, what)
    return value


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same value always gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


@cache
def _decoder(type_: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(type_)


def _reason(error: Exception) -> str:
    """The decoder's sentence, cut before it would cite a value (`Invalid enum value 'x'`)."""
    text = str(error)
    if text.startswith("Invalid enum value"):
        return "Invalid enum value" + text[text.rfind(" - at") :] if " - at" in text else "Invalid enum value"
    return text


def _check_keys(data: bytes, what: str) -> None:
    """What we have written ourselves says no key twice; what is in another form is looked through."""
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=len, parse_float=len)
    except RecursionError as error:
        raise FormatError(f"{what} is nested too deeply") from error
    except _DoubleKeyError as error:
        raise FormatError(f"{what} says a key twice; it was not written by kubestandby") from error
    except ValueError as error:  # in a field that is not ours, which is not decoded above
        raise FormatError(f"{what} is not JSON in UTF-8; it was not written by kubestandby") from error


class _DoubleKeyError(Exception):
    """An object says a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _DoubleKeyError


def _check_moments(value: Any, what: str) -> None:
    for name, moment in _moments(value):
        if moment.utcoffset() is None:
            raise FormatError(f"{what}: {name} is a moment without an offset from UTC")
        if not _EARLIEST <= moment < _LATEST:
            raise FormatError(f"{what}: {name} is a moment before 1970 or after 2500; look at the clock that made it")


def _moments(value: Any, name: str = "") -> Iterator[tuple[str, datetime]]:
    """Every moment in one of our dataclasses, with the name of its field."""
    if isinstance(value, datetime):
        yield name, value
    elif dataclasses.is_dataclass(value):
        for field in _timed_fields(cast("Hashable", type(value))):
            yield from _moments(getattr(value, field), field)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _moments(item, name)


@cache
def _timed_fields(type_: Hashable) -> tuple[str, ...]:
    """Fields that are moments, or have some within them; so that the thousands of others cost nothing."""
    return tuple(name for name, hint in get_type_hints(type_).items() if _is_timed(hint))


def _is_timed(hint: Any) -> bool:
    if hint is datetime:
        return True
    if dataclasses.is_dataclass(hint):
        return bool(_timed_fields(cast("Hashable", hint)))
    return any(_is_timed(inner) for inner in get_args(hint))
