"""A bucket in memory, with faults on demand."""

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from kubestandby.errors import ObjectExistsError, ObjectMissingError, ObjectTooLargeError, StoreUnavailableError


@dataclass
class Fault:
    """Fails calls of `operation` ("put", "get", "open", "list", "delete", "*") whose key contains `key`.

    `after`: the call takes effect and only its reply is lost. `times`: how often; -1 for always.
    """

    operation: str
    key: str
    error: Exception
    after: bool
    times: int

    def applies(self, operation: str, key: str, *, after: bool) -> bool:
        fits = self.operation in (operation, "*") and self.key in key and self.after is after
        if not fits or self.times == 0:
            return False
        self.times -= 1
        return True


class MemoryStore:
    """Implements `ports.ObjectStore`. `objects` is open to tests: change bytes in it to damage the bucket."""

    def __init__(self, url: str = "memory://bucket") -> None:
        self._url = url
        self._lock = threading.Lock()
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, str]] = []
        self.faults: list[Fault] = []

    @property
    def url(self) -> str:
        return self._url

    def fail(
        self, operation: str, key: str = "", *, error: Exception | None = None, after: bool = False, times: int = 1
    ) -> None:
        error = error or StoreUnavailableError(f"store {self._url} does not answer: injected; try again")
        self.faults.append(Fault(operation, key, error, after, times))

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        self._enter("put", key)
        content = data if isinstance(data, bytes) else data.read()
        with self._lock:
            if key in self.objects:
                raise ObjectExistsError(f"object {key} in {self._url} exists already")
            self.objects[key] = content
        self._leave("put", key)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        self._enter("get", key)
        return self._content(key, max_bytes)

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        self._enter("open", key)
        return io.BytesIO(self._content(key, max_bytes))

    def list(self, prefix: str) -> Sequence[str]:
        self._enter("list", prefix)
        with self._lock:
            return sorted(key for key in self.objects if key.startswith(prefix))

    def delete(self, key: str) -> None:
        self._enter("delete", key)
        with self._lock:
            self.objects.pop(key, None)
        self._leave("delete", key)

    def _content(self, key: str, max_bytes: int) -> bytes:
        with self._lock:
            if key not in self.objects:
                raise ObjectMissingError(f"object {key} in {self._url} does not exist")
            data = self.objects[key]
        if len(data) > max_bytes:
            raise ObjectTooLargeError(f"object {key} in {self._url} has {len(data)} bytes; the limit is {max_bytes}")
        return data

    def _enter(self, operation: str, key: str) -> None:
        self.calls.append((operation, key))
        self._strike(operation, key, after=False)

    def _leave(self, operation: str, key: str) -> None:
        self._strike(operation, key, after=True)

    def _strike(self, operation: str, key: str, *, after: bool) -> None:
        for fault in self.faults:
            if fault.applies(operation, key, after=after):
                raise fault.error
