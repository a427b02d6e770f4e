"""A bucket of S3, or of what speaks like it (`s3://BUCKET[/PREFIX]?endpoint=...`), behind `ports.ObjectStore`.

Create-only is the service's own: a put with `If-None-Match: *` is answered 412 where there is an object of the key, and
of any number of writers exactly one is not (Amazon S3 "conditional writes"; Ceph, MinIO and SeaweedFS have it as well).
Each put carries an id of its own as metadata: where a reply was lost and the client tried again, the refusal of the
second try is told from that of another writer by it.

Credentials come from where S3's clients look for them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a web identity, the
machine's role. Never from the URL.
"""

import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, BinaryIO, TypeVar, cast

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)
from obstore.store import S3Store as Client

from kubestandby.adapters.store_urls import check_key, s3_bucket
from kubestandby.errors import (
    ObjectExistsError,
    ObjectMissingError,
    ObjectTooLargeError,
    StoreError,
    StoreUnavailableError,
)

_Answer = TypeVar("_Answer")
MAX_OBJECT_BYTES = 2 * 1024**3
"""An object is in memory while it is put: S3's uploads in parts cannot be create-only everywhere."""
WRITE_ID = "kubestandby-write"
_PAGE_KEYS = 1000
_READ_BYTES = 4 * 1024 * 1024
_RETRIES: Any = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
_FAILURES = (BaseError, OSError)


@dataclass(frozen=True, slots=True)
class S3Store:
    """One bucket, or the part of one under a prefix. Safe to use from many threads.

    Attributes:
        max_object_bytes: the largest object that is put.
    """

    url: str
    max_object_bytes: int = MAX_OBJECT_BYTES
    _client: Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Takes the URL apart; asks nobody yet.

        Raises:
            ConfigError: it is not a bucket of S3.
        """
        object.__setattr__(self, "_client", _client_of(self.url))

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        """Creates the object whole or not at all; see `ports.ObjectStore`."""
        check_key(key)
        body = data if isinstance(data, bytes) else data.read(self.max_object_bytes + 1)
        if len(body) > self.max_object_bytes:
            raise ObjectTooLargeError(
                f"object {key} for {self.url} is larger than {self.max_object_bytes} bytes, the most that is put at"
                " once; split the group"
            )
        mark = uuid.uuid4().hex
        with self._explained("write", f"object {key}"):
            try:
                obstore.put(self._client, key, body, mode="create", use_multipart=False, attributes={WRITE_ID: mark})
            except AlreadyExistsError as error:
                if not self._is_ours(key, mark):
                    raise ObjectExistsError(f"object {key} in {self.url} exists already") from error

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """The whole object; see `ports.ObjectStore`."""
        with self.open(key, max_bytes=max_bytes) as stream:
            return stream.read()

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        """A stream of the object; see `ports.ObjectStore`."""
        check_key(key)
        with self._explained("read", f"object {key}"):
            found = obstore.get(self._client, key)
            size, pieces = found.meta["size"], found.stream(_READ_BYTES)
        if size > max_bytes:
            raise ObjectTooLargeError(f"object {key} in {self.url} has {size} bytes; the limit is {max_bytes}")

        def more() -> bytes:
            with self._explained("read", f"object {key}"):
                return bytes(next(pieces, b""))

        return cast("BinaryIO", io.BufferedReader(_Pieces(more), _READ_BYTES))

    def list(self, prefix: str) -> Sequence[str]:
        """All keys that start with the prefix, sorted; see `ports.ObjectStore`."""
        if prefix:
            check_key(prefix.removesuffix("/"))
        folder = prefix.rpartition("/")[0]
        with self._explained("list", f"{prefix}*"):
            pages = obstore.list(self._client, folder or None, chunk_size=_PAGE_KEYS)
            keys = [item["path"] for page in pages for item in page]
        return sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Removes the object; no error where there is none."""
        check_key(key)
        with self._explained("delete", f"object {key}"):
            try:
                obstore.delete(self._client, key)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise

    def _is_ours(self, key: str, mark: str) -> bool:
        """Whether the object that is there was written by this put, whose first reply was lost."""
        found = obstore.get(self._client, key, options={"head": True})
        return found.attributes.get(WRITE_ID) == mark

    @contextmanager
    def _explained(self, verb: str, what: str) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise self._error(verb, what, error) from error

    def _error(self, verb: str, what: str, error: Exception) -> StoreError:
        text = str(error)
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
            return ObjectMissingError(f"{what} in {self.url} does not exist")
        reason, step, passing = _reason(error, text)
        kind = StoreUnavailableError if passing else StoreError
        return kind(f"store {self.url} cannot {verb} {what}: {reason}; {step}")


class _Pieces(io.RawIOBase):
    """Bytes that come in pieces of a size that others choose; an empty one is the end."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        super().__init__()
        self._more = more
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(self._more())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _client_of(url: str) -> Client:
    at = s3_bucket(url)
    options: Any = {"timeout": "120s", "connect_timeout": "10s", "allow_http": at.plain_http}
    config: dict[str, Any] = {"region": at.region} if at.region else {}
    if at.endpoint:
        # What is not Amazon's rarely has a host name per bucket.
        config |= {"endpoint": at.endpoint, "virtual_hosted_style_request": False}
    try:
        return Client(at.bucket, prefix=at.prefix or None, client_options=options, retry_config=_RETRIES, **config)
    except (UnknownConfigurationKeyError, *_FAILURES) as error:
        raise StoreError(f"store {url} cannot be opened: {_first_line(str(error))}; check AWS_* variables") from error


def _reason(error: Exception, text: str) -> tuple[str, str, bool]:
    """What the service said, the next step, and whether trying again may help. Never its whole answer."""
    code = _between(text, "<Code>", "</Code>")
    if code == "NoSuchBucket":
        return "there is no such bucket", "make it, or correct the URL", False
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        step = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or the role), its rights, and this machine's clock"
        return code or "not allowed", step, False
    status = _between(text, "status code: ", ":")
    passing = not status.startswith("4") or status.startswith(("408", "429"))
    answer = f"{status} {code}".strip()
    return answer or _first_line(text), "check its address and try again later", passing


def _between(text: str, start: str, end: str) -> str:
    _, found, rest = text.partition(start)
    return rest.partition(end)[0][:100] if found else ""


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:200]
