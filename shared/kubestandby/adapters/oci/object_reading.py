"""An object as a stream: one answer as long as it lasts, and from where it broke off the next one."""

from collections.abc import Callable
from io import RawIOBase
from typing import Any

from kubestandby.adapters.oci.bucket import Bucket
from kubestandby.adapters.oci.calling import Refused, not_the_services, refusal

MOST_BREAKS = 8
"""In a row, without a byte in between."""


Explained = Callable[[Callable[[], Any]], Any]
"""Runs something and turns `Refused` into the store's own errors."""


class ObjectReader(RawIOBase):
    """Reads an object from its start to its end. What is read is one object, even where it is replaced meanwhile."""

    def __init__(self, bucket: Bucket, name: str, explained: Explained) -> None:
        super().__init__()
        self._bucket = bucket
        self._name = name
        self._explained = explained
        self._at = 0
        self._breaks = 0
        self._answer: Any = None
        self._answer = explained(lambda: _checked(bucket.call("get_object", name)))
        self._etag = str(self._answer.headers["etag"])
        self.size = int(self._answer.headers["content-length"])

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer as far as the next piece goes; 0 at the end.

        Raises:
            StoreError: what is left cannot be had.
        """
        wanted = min(len(buffer), self.size - self._at)
        if not wanted:
            return 0
        data: bytes = self._explained(lambda: self._piece(wanted))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Gives the connection back."""
        if not self.closed:
            self._drop()
        super().close()

    def _piece(self, wanted: int) -> bytes:
        while True:
            try:
                data = bytes(self._answer.data.raw.read(wanted, decode_content=False))
                if data:
                    self._at += len(data)
                    self._breaks = 0
                    return data
                broken = Refused(0, "", "the connection broke off", passing=True, ambiguous=False)
            except Exception as error:  # noqa: BLE001 - what is not the connection's is raised again
                broken = refusal(error)
            self._breaks += 1
            if self._breaks > MOST_BREAKS:
                raise broken
            self._drop()
            self._answer = self._bucket.call(
                "get_object", self._name, range=f"bytes={self._at}-{self.size - 1}", if_match=self._etag
            )

    def _drop(self) -> None:
        """An answer that was not read to its end takes its connection with it."""
        if self._answer is not None:
            self._answer.data.close()


def _checked(answer: Any) -> Any:
    headers = answer.headers
    if not headers.get("etag") or not str(headers.get("content-length", "")).isdigit():
        answer.data.close()
        raise not_the_services(answer.status)
    return answer
