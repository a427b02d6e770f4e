"""Reading one gzip member (RFC 1952) as far as is asked for, and not a byte further: no input can make it swell."""

import zlib
from typing import BinaryIO

from kubestandby.errors import IntegrityError

_GZIP = 31  # zlib's wbits for a gzip header and trailer
_CHUNK_BYTES = 256 * 1024


class InflatedStream:
    """The plain bytes of a gzip stream, pulled; `what` names the source in errors."""

    def __init__(self, packed: BinaryIO, what: str) -> None:
        self._packed = packed
        self._what = what
        self._inflator = zlib.decompressobj(_GZIP)
        self._buffer = b""
        self._position = 0

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end of the stream.

        Raises:
            IntegrityError: the bytes are not gzip, or their checksum is wrong.
        """
        end = self._position + size
        if end <= len(self._buffer):
            piece = self._buffer[self._position : end]
            self._position = end
            return piece
        pieces = [self._buffer[self._position :]]
        missing = size - len(pieces[0])
        self._buffer, self._position = b"", 0
        while missing > 0 and (more := self._inflate(max(missing, _CHUNK_BYTES))):
            pieces.append(more[:missing])
            self._buffer, self._position = more, min(missing, len(more))
            missing -= self._position
        return b"".join(pieces)

    def expect_end(self, ending: bytes) -> None:
        """Checks that nothing but `ending` is left, here and behind the gzip member.

        Raises:
            IntegrityError: there is less or more; the gzip trailer is missing or wrong.
        """
        if self.read(len(ending)) != ending or self.read(1):
            raise IntegrityError(f"{self._what} does not end where its index says")
        if not self._inflator.eof:
            raise IntegrityError(f"{self._what} is truncated: its checksum is missing")
        if self._inflator.unused_data or self._packed.read(1):
            raise IntegrityError(f"{self._what} has bytes after its end")

    def _inflate(self, most: int) -> bytes:
        """At least one and at most `most` plain bytes; none at the end."""
        while not self._inflator.eof:
            packed = self._inflator.unconsumed_tail or self._packed.read(_CHUNK_BYTES)
            try:
                plain = self._inflator.decompress(packed, most)
            except zlib.error as error:
                raise IntegrityError(f"{self._what} is damaged: {error}") from error
            if plain:
                return plain
            if not packed:
                break
        return b""
