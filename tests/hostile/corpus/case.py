"""What one hostile input is: the bytes, who reads them, and what the reader has to say."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CANARY = "canary-hunter2"
"""Stands for what must not be told: it is in as many inputs as can hold it, and in no message."""


class RefusedError(Exception):
    """A call was answered with an error: the status, what the caller is told, and what the log says."""


Row = tuple[bytes, type[Exception], str]
"""The bytes, the error, and the words of its sentence that matter, parted by `|`."""


@dataclass(frozen=True)
class Hostile:
    """One input. `says` are words of the error's sentence: what it is about, what is wrong, what to do."""

    reader: str
    name: str
    data: bytes
    error: type[Exception]
    says: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.reader}: {self.name}"


def cases(reader: str, rows: Mapping[str, Row]) -> list[Hostile]:
    return [Hostile(reader, name, data, error, tuple(says.split("|"))) for name, (data, error, says) in rows.items()]


def js(value: Any) -> bytes:
    return json.dumps(value).encode()


def nested(opening: bytes, depth: int, closing: bytes, inside: bytes = b"") -> bytes:
    return opening * depth + inside + closing * depth


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


def said_twice(document: bytes, key: str) -> bytes:
    """The JSON object with one of its keys once more, at the end."""
    value = json.loads(document)[key]
    return document.rstrip()[:-1] + b"," + js(key) + b":" + js(value) + b"}"
