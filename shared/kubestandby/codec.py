"""Canonical bytes and digests of our data, and back again. Strict: what is not in our form is a `FormatError`.

Fields that a newer version of us has added are ignored; a change of meaning raises `format_version` instead. Types,
enums and missing fields are checked exactly, and moments must carry their offset from UTC.
"""

import dataclasses
import hashlib
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
import orjson

from kubestandby.errors import FormatError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder(order="sorted")


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


def _check_moments(value: Any, what: str) -> None:
    for field in dataclasses.fields(value) if dataclasses.is_dataclass(value) else ():
        moment = getattr(value, field.name)
        if isinstance(moment, datetime) and moment.utcoffset() is None:
            raise FormatError(f"{what}: {field.name} is a moment without an offset from UTC")
