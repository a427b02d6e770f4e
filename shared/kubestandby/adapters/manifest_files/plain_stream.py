"""The plain bytes of a source, unpacked where it is packed with gzip, and never more of them than was allowed."""

from typing import BinaryIO, cast

from kubestandby.errors import ManifestError
from kubestandby.inflating import InflatedStream

_GZIP_MAGIC = b"\x1f\x8b"


class Budget:
    """How many plain bytes may still be read, of all sources together."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._left = total

    def spend(self, count: int, what: str) -> None:
        """Takes bytes off.

        Raises:
            ManifestError: there are no more.
        """
        self._left -= count
        if self._left < 0:
            raise ManifestError(f"{what}: more than {self.total} bytes in all; import the files in parts")


class PlainStream:
    """Reads a source from its first byte to its last, once."""

    def __init__(self, stream: BinaryIO, what: str, budget: Budget) -> None:
        self._what = what
        self._budget = budget
        whole = _Rejoined(stream)
        packed = whole.start == _GZIP_MAGIC
        self._source: _Rejoined | InflatedStream = InflatedStream(cast("BinaryIO", whole), what) if packed else whole

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end.

        Raises:
            IntegrityError: it is packed, and damaged.
            ManifestError: the budget is used up.
            OSError: it cannot be read.
        """
        data = self._source.read(size)
        self._budget.spend(len(data), self._what)
        return data


class _Rejoined:
    """A stream of which the first bytes were looked at, from its start again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.start = stream.read(len(_GZIP_MAGIC))
        self._rest = self.start

    def read(self, size: int) -> bytes:
        """As `BinaryIO.read` of a buffered stream: as many bytes as there are."""
        first, self._rest = self._rest[:size], self._rest[size:]
        return first + self._stream.read(size - len(first)) if size > len(first) else first
