"""Private temporary storage: in memory while small, then a file that never has a name and goes with the process."""

import tempfile
from typing import Any, BinaryIO, cast

from kubestandby.errors import StoreError

MEMORY_BYTES = 32 * 1024 * 1024
"""Up to here a spool stays in memory."""


def new_spool(memory_bytes: int = MEMORY_BYTES) -> BinaryIO:
    """An empty spool. Its writes and seeks raise `StoreError` where the disk is full."""
    return cast("BinaryIO", _Spool(max_size=memory_bytes))


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise _explained(error) from error

    def seek(self, *args: int) -> int:
        try:
            return super().seek(*args)
        except OSError as error:
            raise _explained(error) from error


def _explained(error: OSError) -> StoreError:
    folder = tempfile.gettempdir()
    cause = (error.strerror or str(error)).lower()
    return StoreError(
        f"temporary folder {folder} cannot be written: {cause}; free space there, or set TMPDIR to a larger folder"
    )
