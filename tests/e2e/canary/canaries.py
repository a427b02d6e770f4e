"""Values that nobody would write by accident, and whoever finds them again, in whatever encoding."""

from __future__ import annotations

import base64
import gzip
import io
import re
import secrets
import string
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LETTERS = string.ascii_letters + string.digits
_SHORTEST = 10
"""Characters of a piece that is looked for: shorter ones would be found by accident."""


def _word(length: int = 14) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


@dataclass(frozen=True)
class Canaries:
    """Makes the values of one test: each says where it was put, and all have the same two halves."""

    first: str
    second: str

    @classmethod
    def hatch(cls) -> Canaries:
        return cls(_word(), _word())

    def at(self, place: str) -> str:
        """The value for a place. Between the halves is what JSON, URLs and shells write otherwise."""
        return f"{place}.{self.first}/+&%{self.second}"


@dataclass(frozen=True)
class Sighting:
    """A canary that got out: where, in which encoding, and what stands around it."""

    where: str
    encoding: str
    around: str


class Finder:
    """Finds words in bytes, as they are or encoded, also in what is compressed or archived."""

    def __init__(self, words: Mapping[str, str]) -> None:
        """`words`: what is looked for, by what it is called in sightings."""
        encoded = [(f"{name}, {form}", piece) for name, word in words.items() for form, piece in encodings(word)]
        self._pieces = [(name, piece) for name, piece in encoded if len(piece) >= _SHORTEST]

    @classmethod
    def of(cls, canaries: Canaries, others: Mapping[str, str]) -> Finder:
        return cls({"first half": canaries.first, "second half": canaries.second, **others})

    def sightings(self, where: str, data: bytes) -> list[Sighting]:
        found: list[Sighting] = []
        for inner, content in contents(where, data):
            for name, piece in self._pieces:
                position = content.find(piece)
                if position >= 0:
                    around = content[max(0, position - 60) : position + 60]
                    found.append(Sighting(inner, name, repr(around)))
        return found

    def in_folder(self, folder: Path, *, without: Sequence[Path] = ()) -> list[Sighting]:
        """Looks through the names and contents of all files below a folder."""
        found: list[Sighting] = []
        for file in sorted(folder.rglob("*")):
            if any(file == other or other in file.parents for other in without):
                continue
            found += self.sightings(f"the name of {file}", str(file).encode())
            if file.is_file():
                found += self.sightings(str(file), read(file))
        return found


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # gone in the meantime
        return b""


def encodings(word: str) -> Iterator[tuple[str, bytes]]:
    """The word as it may be written: plain, backwards, in hex, and in base64 wherever in a longer text it begins."""
    plain = word.encode()
    yield "plain", plain
    yield "backwards", plain[::-1]
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    for shift, once in _base64(plain):
        yield f"base64 {shift}", once
        for again, twice in _base64(once):
            yield f"base64 of base64 {shift}/{again}", twice


def _base64(data: bytes) -> Iterator[tuple[int, bytes]]:
    """What a base64 text holds of the data, by where it begins in a group of three; ends that others share are cut."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + data)
        yield shift, text[4 if shift else 0 : len(text) - 4]


def contents(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what they unpack to."""
    yield where, data
    if data[:2] != b"\x1f\x8b":
        return
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return
    yield f"{where} unpacked", plain
    try:
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                yield f"{where} {member.name}", stream.read() if stream else b""
    except tarfile.TarError:
        return


_KEY_TEXT = re.compile(r"[A-Za-z0-9+/]{40,}|AGE-SECRET-KEY-1[0-9A-Z]+")


def parts_of_keys(text: str) -> Iterator[str]:
    """Pieces of the secret part of key files: not their beginning, which all keys of a type share."""
    for line in _KEY_TEXT.findall(text):
        middle = line[28:60]
        if len(middle) >= _SHORTEST:
            yield middle
