"""The manifests that a request to import brings along, as one object in the control bucket.

The command line reads files where they are and uploads what is in them; export makes a raw snapshot of it. The object
is one gzip stream of JSON lines `[origin, manifest]`, sealed for the site that is to import it, as this payload of this
group: it holds Secrets as they were written. Nothing of it is in clear outside memory, spools included. It is deleted
once the request has its outcome.
"""

import gzip
import hashlib
import re
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Self

import orjson

from kubestandby import layout
from kubestandby.errors import (
    FormatError,
    IntegrityError,
    ManifestError,
    ObjectMissingError,
    ObjectTooLargeError,
    StoreUnavailableError,
    next_step,
)
from kubestandby.keys.ports import KeyUnwrapper, KeyWrapper
from kubestandby.keys.sealed_stream import OpenedStream, SealingWriter
from kubestandby.ports import Clock, ObjectStore
from kubestandby.requests import ImportOrder
from kubestandby.resources import Manifest
from kubestandby.snapshots import GroupName
from kubestandby.spool import new_spool

_COMPRESSION_LEVEL = 1
_CHUNK_BYTES = 1024 * 1024
_AGAIN = "import the files again"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadLimits:
    """What is taken on at most, whatever a request says. Sizes are in bytes."""

    packed_bytes: int = 512 * 1024 * 1024
    line_bytes: int = 8 * 1024 * 1024
    plain_bytes: int = 4 * 1024**3
    objects: int = 500_000


DEFAULT_LIMITS = PayloadLimits()


@dataclass(frozen=True, slots=True)
class ImportedObject:
    """One manifest, and where it was written: `file:line`."""

    origin: str
    manifest: Manifest


class PayloadWriter:
    """Collects manifests, sealed, in a private spool. A context manager: leaving it drops the spool."""

    def __init__(
        self, group: GroupName, recipients: KeyWrapper, clock: Clock, limits: PayloadLimits = DEFAULT_LIMITS
    ) -> None:
        """Begins a payload of a name that nobody else has.

        Args:
            group: what is imported into.
            recipients: the site that imports it.
            clock: its name begins with the time.
            limits: what is taken on at most.
        """
        self._group = group
        self._name = f"{layout.time_in_key(clock.now())}-{secrets.token_hex(4)}"
        self._limits = limits
        self._spool = new_spool()
        self._sealed = SealingWriter(self._spool, recipients, _purpose(group, self._name))
        self._packed = gzip.GzipFile(fileobj=self._sealed, mode="wb", compresslevel=_COMPRESSION_LEVEL, mtime=0)
        self.objects = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, origin: str, manifest: Manifest) -> None:
        """Takes one manifest in.

        Raises:
            ManifestError: it is no JSON, or too large; or these are too many.
            StoreError: the temporary folder is full.
        """
        try:
            line = orjson.dumps([origin, manifest], option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError as error:
            raise ManifestError(
                f"{origin}: nested too deeply, or with half of a surrogate pair in it; no server takes that"
            ) from error
        if len(line) > self._limits.line_bytes:
            raise ManifestError(f"{origin}: {len(line)} bytes for one object; a server takes no more than 3 MiB")
        self.objects += 1
        if self.objects > self._limits.objects:
            raise ManifestError(f"{origin}: more than {self._limits.objects} objects; import them in parts")
        self._packed.write(line)

    def upload(self, control: ObjectStore) -> ImportOrder:
        """Writes everything to the bucket; the request names it so.

        Raises:
            ManifestError: it is too large.
            StoreError: it could not be written.
        """
        self._packed.close()
        self._sealed.close()
        self._spool.seek(0)
        digest, size = hashlib.sha256(), 0
        for chunk in iter(lambda: self._spool.read(_CHUNK_BYTES), b""):
            digest.update(chunk)
            size += len(chunk)
        if size > self._limits.packed_bytes:
            raise ManifestError(f"the manifests have {size} bytes when packed; import them in parts")
        self._spool.seek(0)
        control.put_if_absent(layout.import_key(self._group, self._name), self._spool)
        return ImportOrder(payload=self._name, sha256=digest.hexdigest(), size=size)


class PayloadReader:
    """The manifests of a payload whose digest is that of its request; can be read again and again."""

    def __init__(self, sealed: OpenedStream, what: str, limits: PayloadLimits) -> None:
        self._sealed = sealed
        self._what = what
        self._limits = limits

    def objects(self) -> Iterator[ImportedObject]:
        """All manifests in the order in which they were read.

        Raises:
            FormatError: it is not in our form, or more than is taken on.
            UnsealError: it was changed after it was sealed.
        """
        left = self._limits.plain_bytes
        try:
            with next_step(_AGAIN), gzip.GzipFile(fileobj=self._sealed.reader(), mode="rb") as plain:
                for number in range(1, self._limits.objects + 2):
                    line = plain.readline(self._limits.line_bytes + 1)
                    left -= len(line)
                    if not line:
                        return
                    if left < 0 or len(line) > self._limits.line_bytes or number > self._limits.objects:
                        raise FormatError(f"{self._what} holds more than an import may; import the files in parts")
                    yield _object_in(line, f"{self._what}, line {number}")
        except (OSError, EOFError, zlib.error) as error:
            raise FormatError(f"{self._what} is not gzip, or is damaged; import the files again") from error


@contextmanager
def open_payload(
    control: ObjectStore,
    group: GroupName,
    order: ImportOrder,
    unwrappers: Sequence[KeyUnwrapper],
    limits: PayloadLimits = DEFAULT_LIMITS,
) -> Iterator[PayloadReader]:
    """The payload that a request names, copied into a private spool, checked before anything of it is read, unsealed.

    Raises:
        FormatError: the request's name for it is none, or it is not sealed.
        IntegrityError: it is gone, or is not the one that the request names.
        UnsealError: none of the keys opens it, or it was sealed for another group or under another name.
        StoreError: it cannot be read.
    """
    if not _NAME.fullmatch(order.payload) or not 0 <= order.size <= limits.packed_bytes:
        raise FormatError(f"the request to import into group {group} names no payload that this version takes")
    key = layout.import_key(group, order.payload)
    what = f"payload {key} in {control.url}"
    with new_spool() as spool:
        if _copied(control, key, order.size, spool) != order.sha256:
            raise IntegrityError(f"{what} is not the one that was uploaded; import the files again")
        with next_step(_AGAIN):
            opened = OpenedStream(spool, unwrappers, _purpose(group, order.payload), what)
        yield PayloadReader(opened, what, limits)


def payload_names(control: ObjectStore, group: GroupName) -> tuple[str, ...]:
    """Names of all payloads that lie in the bucket.

    Raises:
        StoreError: it cannot be listed.
    """
    keys = (layout.parse_import_key(key) for key in control.list(layout.import_prefix(group)))
    return tuple(name for name in keys if name and _NAME.fullmatch(name))


def uploaded_at(name: str) -> datetime:
    """When a payload of this name was uploaded, by the clock of whoever did it."""
    return layout.parse_time(name.partition("-")[0])


def _purpose(group: GroupName, name: str) -> tuple[str, ...]:
    """What a payload is sealed as: it opens as no other one, and in no other group."""
    return ("import", group, name)


def _copied(control: ObjectStore, key: str, size: int, spool: BinaryIO) -> str:
    """SHA-256 of what was copied; "" where that cannot be the payload."""
    digest = hashlib.sha256()
    try:
        with control.open(key, max_bytes=size) as stream:
            for chunk in iter(lambda: stream.read(_CHUNK_BYTES), b""):
                digest.update(chunk)
                spool.write(chunk)
    except (ObjectMissingError, ObjectTooLargeError):
        return ""
    except OSError as error:
        raise StoreUnavailableError(f"object {key} in {control.url} cannot be read to its end: {error}") from error
    return digest.hexdigest()


def _object_in(line: bytes, what: str) -> ImportedObject:
    try:
        origin, manifest = orjson.loads(line)
    except (ValueError, TypeError) as error:
        raise FormatError(f"{what} is not in our form; import the files again") from error
    if not isinstance(origin, str) or not isinstance(manifest, dict):
        raise FormatError(f"{what} is not in our form; import the files again")
    return ImportedObject(origin, manifest)
