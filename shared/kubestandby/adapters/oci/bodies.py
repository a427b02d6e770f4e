"""Bytes on their way into a bucket: measured and digested once, then sent as often as it takes."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from kubestandby.spool import new_spool

_COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """What is written: `size` bytes of the stream from `start` on. `sha256` is hex."""

    stream: BinaryIO
    start: int
    size: int
    sha256: str

    def whole(self) -> "Window":
        """All of it, to be read once."""
        return self.part(0, self.size)

    def part(self, offset: int, size: int) -> "Window":
        """A part of it, to be read once."""
        return Window(self.stream, self.start + offset, min(size, self.size - offset))


class Window:
    """A part of a stream as the SDK sends one: it has a length, and ends there."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._left = size
        self._size = size
        stream.seek(start)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, none at the window's end."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._stream.read(wanted) if wanted else b""
        self._left -= len(data)
        return data


@contextmanager
def measured(data: bytes | BinaryIO) -> Iterator[Body]:
    """The bytes, or a stream from where it stands, as a body; a stream that cannot go back is spooled aside."""
    if isinstance(data, bytes):
        yield Body(BytesIO(data), 0, len(data), hashlib.sha256(data).hexdigest())
    elif data.seekable():
        start = data.tell()
        size, digest = _copy(data, None)
        yield Body(data, start, size, digest)
    else:
        with new_spool() as spool:
            size, digest = _copy(data, spool)
            yield Body(spool, 0, size, digest)


def _copy(source: BinaryIO, target: BinaryIO | None) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_COPY_BYTES):
        digest.update(piece)
        size += len(piece)
        if target:
            target.write(piece)
    return size, digest.hexdigest()
