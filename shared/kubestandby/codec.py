"""Canonical bytes and digests of our data, and back again. Strict: what is not in our form is a `FormatError`."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from kubestandby.errors import FormatError


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same value always gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def parse_json_object(data: bytes, what: str) -> Mapping[str, Any]:
    """Decodes a JSON object.

    Raises:
        FormatError: the bytes are not JSON, or not an object; the message starts with `what`.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FormatError(f"{what} is not JSON: {error.msg}") from error
    if not isinstance(value, dict):
        raise FormatError(f"{what} is not a JSON object")
    return value
