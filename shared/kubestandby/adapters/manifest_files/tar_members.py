"""Reading a tar archive that somebody else made, member by member, from a stream: nothing is extracted or looked up.

Only what such archives are made of is understood: ustar, and the long names of GNU tar and pax (POSIX.1-2017, pax).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn

from kubestandby.errors import ManifestError

BLOCK = 512
_LONGEST_NAME_BYTES = 64 * 1024
_SKIPPED_AT_ONCE = 1024 * 1024

Read = Callable[[int], bytes]
"""Gives exactly so many bytes, fewer only at the end."""


class Kind(Enum):
    """What a member is, as far as it matters here."""

    FILE = "a file"
    FOLDER = "a folder"
    OTHER = "a link or a device"


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `read` gives its bytes, and is good until the next member is asked for."""

    name: str
    kind: Kind
    size: int
    modified: datetime | None
    read: Callable[[], bytes]


_KINDS = {b"0": Kind.FILE, b"\0": Kind.FILE, b"7": Kind.FILE, b"5": Kind.FOLDER}
_KINDS |= dict.fromkeys((b"1", b"2", b"3", b"4", b"6"), Kind.OTHER)


def is_header(block: bytes) -> bool:
    """Whether a block of 512 bytes is the header of a member: its checksum says so."""
    return len(block) == BLOCK and any(block) and _number(block[148:156]) == sum(block[:148], 256) + sum(block[156:])


def read_members(first: bytes, read: Read, what: str) -> Iterator[Member]:
    """Every member of an archive whose first block was read already; `what` is the archive, for messages.

    Raises:
        ManifestError: it is no tar archive, ends in the middle, or has a member whose name leads out of it.
    """
    yield from _Reader(first, read, what).members()


class _Reader:
    def __init__(self, first: bytes, read: Read, what: str) -> None:
        self._block = first
        self._read = read
        self._what = what
        self._unread = 0
        self._next: dict[str, str] = {}
        """What a pax or GNU header says of the member after it."""

    def members(self) -> Iterator[Member]:
        """Until the block of zeros at the end; an archive without one was cut."""
        while any(self._block):
            if not is_header(self._block):
                self._refuse("it is damaged, or is no tar archive: a header's checksum is wrong; copy it again")
            size = self._size()
            self._unread = size + -size % BLOCK
            yield from self._member(self._block[156:157], size)
            self._skip()
            self._block = self._read(BLOCK)
            if len(self._block) < BLOCK:
                self._refuse("it is cut off: the end of the archive is missing; copy it again")

    def _member(self, flag: bytes, size: int) -> Iterator[Member]:
        if flag in b"xL":
            data = self._take(size, _LONGEST_NAME_BYTES)
            self._next |= _pax_records(data) if flag == b"x" else {"path": _text(data)}
        elif flag not in b"gK":
            kind = _KINDS.get(flag)
            if kind is None:
                self._refuse("it has a member of a kind that is not read here; make it with plain `tar -czf`")
            name = self._checked_name(self._next.get("path") or self._header_name())
            self._next = {}
            yield Member(name, kind, size, self._modified(), lambda: self._take(size, size))

    def _size(self) -> int:
        """Of the data that follows. Links and folders have none, whatever their header says."""
        if self._block[156:157] in (b"1", b"2", b"3", b"4", b"5", b"6"):
            return 0
        told = self._next.get("size", "")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 16 else _number(self._block[124:136])
        if size is None or size < 0:
            self._refuse("it is damaged: a header has no size; copy it again")
        return size

    def _modified(self) -> datetime | None:
        seconds = _number(self._block[136:148])
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < 2**33 else None

    def _header_name(self) -> str:
        name, prefix = _text(self._block[:100]), _text(self._block[345:500])
        is_posix = self._block[257:263] == b"ustar\0"
        return f"{prefix}/{name}" if is_posix and prefix else name

    def _checked_name(self, name: str) -> str:
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or ".." in parts:
            self._refuse("it has a member whose name leads out of it; make it with plain `tar -czf`")
        if not name.isprintable():
            self._refuse("it has a member whose name is no text that can be shown; give its files other names")
        return "/".join(parts)

    def _take(self, size: int, most: int) -> bytes:
        if size > most:
            self._refuse("a member has a name of more than 64 KiB; make it with plain `tar -czf`")
        data = self._read(size)
        if len(data) < size:
            self._refuse("it is cut off in the middle of a member; copy it again")
        self._unread -= size
        return data

    def _skip(self) -> None:
        while self._unread:
            skipped = len(self._read(min(self._unread, _SKIPPED_AT_ONCE)))
            if not skipped:
                self._refuse("it is cut off in the middle of a member; copy it again")
            self._unread -= skipped

    def _refuse(self, problem: str) -> NoReturn:
        raise ManifestError(f"{self._what}: {problem}")


def _number(field: bytes) -> int | None:
    """Octal digits, or GNU's binary form for large ones; None where it is neither."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b" \0")
    if not digits:
        return 0
    return int(digits, 8) if all(byte in b"01234567" for byte in digits) else None


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _pax_records(data: bytes) -> dict[str, str]:
    r"""`path` and `size` of the records `<length> <keyword>=<value>\n`; the others tell nothing that matters here."""
    found: dict[str, str] = {}
    while data:
        digits = data[:20].split(b" ", 1)[0]
        length = int(digits) if digits.isdigit() else 0
        if not len(digits) < length <= len(data):
            break
        keyword, _, value = data[len(digits) + 1 : length].decode("utf-8", "replace").rstrip("\n").partition("=")
        if keyword in ("path", "size"):
            found[keyword] = value
        data = data[length:]
    return found
