"""The one form in which a snapshot's archive holds a member: a pure function of its path and size.

POSIX ustar (IEEE Std 1003.1, pax): regular file, mode 0600, owner 0, time 0; a path over 100 bytes comes in a pax
extended header before. Because the form follows from the index alone, a reader compares headers instead of interpreting
them: links, devices, absolute paths, duplicates or sparse files cannot even be expressed.
"""

BLOCK = 512
END = bytes(2 * BLOCK)
"""Two blocks of zeros end the archive."""

MAX_SIZE = 8**11 - 1
"""Bytes; the largest size that the header's octal field holds."""

_NAME_BYTES = 100


def header(path: str, size: int) -> bytes:
    """All blocks that come before the content of the member; `path` is ASCII."""
    if len(path) <= _NAME_BYTES:
        return _block(path, size, b"0")
    record = _pax_record("path", path)
    return b"".join(
        (_block("PaxHeader", len(record), b"x"), record, padding(len(record)), _block(path[:_NAME_BYTES], size, b"0"))
    )


def padding(size: int) -> bytes:
    """Zeros up to the next block."""
    return bytes(-size % BLOCK)


def stored_size(path: str, size: int) -> int:
    """Bytes that a member takes in the archive, header and padding included."""
    return len(header(path, size)) + size + -size % BLOCK


def describe(block: bytes) -> str:
    """Says in words what a foreign header would put here; for error messages only."""
    if len(block) < BLOCK:
        return "the archive ends"
    if not any(block):
        return "the archive ends"
    if not _is_header(block):
        return "something else stands"  # which may be a part of a manifest
    name = block[:_NAME_BYTES].rstrip(b"\0").decode("ascii", "backslashreplace")
    kinds = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"5": "a directory"}
    return f"{kinds.get(block[156:157], 'a member')} {name!r} stands"


def _is_header(block: bytes) -> bool:
    """Whether its checksum says that it is one."""
    digits = block[148:156].strip(b" \0")
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    return digits.isdigit() and not digits.strip(b"01234567") and int(digits, 8) == total


def _block(name: str, size: int, kind: bytes) -> bytes:
    path, digits = name.encode("ascii"), b"%011o\0" % size
    checksum = _CONSTANT_SUM + sum(path) + sum(digits) + kind[0]
    parts = (path.ljust(_NAME_BYTES, b"\0"), _OWNED, digits, _UNTIMED, checksum, kind, _REST)
    return b"%b%b%b%b%06o\0 %b%b" % parts


def _octal(number: int, width: int) -> bytes:
    """Octal digits that fill the field but for a NUL at its end."""
    return b"%0*o" % (width - 1, number) + bytes(1)


_OWNED = _octal(0o600, 8) + _octal(0, 8) + _octal(0, 8)
"""Mode, uid and gid."""

_UNTIMED = _octal(0, 12)
"""mtime."""

_REST = bytes(100) + b"ustar\x00" + b"00" + bytes(64) + bytes(183)
"""linkname; magic and version; uname and gname; devmajor, devminor, prefix and what fills the block."""

_CONSTANT_SUM = sum(_OWNED) + sum(_UNTIMED) + sum(_REST) + 8 * ord(" ")
"""Of all bytes but those of name, size and kind; the checksum's own eight count as spaces."""


def _pax_record(keyword: str, value: str) -> bytes:
    r"""`<length> <keyword>=<value>\n`, where the length counts its own digits."""
    bare = len(f" {keyword}={value}\n")
    length = bare + len(str(bare + len(str(bare))))
    return f"{length} {keyword}={value}\n".encode("ascii")
