"""The archive of a snapshot, `snapshot.tar.gz`: written in canonical form, read only against its index.

The same objects give the same bytes: members sorted by path, no times, no owners, one compression level. Reading never
extracts anything: each header must be the very bytes that the index implies (`tar_form`), each content must have the
digest that the index names, and nothing may follow. So a hostile archive costs no more memory than its largest declared
member, and no more time than the index declares.
"""

import hashlib
import re
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import BinaryIO, Self

from kubestandby import manifest_yaml, tar_form
from kubestandby.codec import sha256_hex
from kubestandby.errors import FormatError, IntegrityError
from kubestandby.inflating import InflatedStream
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotIndex, SnapshotObject
from kubestandby.spool import new_spool

_COMPRESSION_LEVEL = 1
_RAW = -15  # zlib's wbits for a stream without header and trailer
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
"""RFC 1952: deflate, no name, no time, fastest, unknown system."""

_LAST_BLOCK = b"\x03\x00"
"""An empty one (RFC 1951), which ends the stream."""

_PACKERS = 2
_CHUNK_BYTES = 256 * 1024
_MAX_FILE_NAME = 255
_SAFE = re.compile(r"[a-z0-9-][a-z0-9.-]*")
_UNSAFE = re.compile(rb"^\.|[^a-z0-9.-]")
_CLUSTER_FOLDER = "_cluster"
_CORE_GROUP = "core"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a reader takes on at most, whatever an index declares. Sizes are in bytes.

    etcd refuses objects over 1.5 MiB by default; as YAML one grows by indentation and escapes.
    """

    objects: int = 500_000
    object_bytes: int = 32 * 1024 * 1024
    unpacked_bytes: int = 8 * 1024**3
    archive_bytes: int = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltArchive:
    """A finished archive. `stream` stands at its start and lives as long as the builder's context."""

    entries: tuple[ManifestEntry, ...]
    content_sha256: str
    sha256: str
    size: int
    stream: BinaryIO


def member_path(ref: ObjectRef, plural: str) -> str:
    """`<namespace>/<plural>.<group>/<name>.yaml`; `_cluster` for cluster-scoped objects, `core` for the empty group.

    Characters outside a-z0-9.- are percent-encoded, so that names that differ in case only stay apart on every file
    system; a name that would be too long for a file ends in its digest.
    """
    return f"{_folder(ref.namespace, plural, ref.gvk.group)}/{_file_name(ref.name)}"


def content_digest(entries: Iterable[ManifestEntry]) -> str:
    """Digest over the entries alone: equal digests mean an equal state, whatever compressed it."""
    lines = (f"{entry.sha256} {entry.size} {entry.path}\n" for entry in entries)
    return sha256_hex("".join(lines).encode())


class ArchiveBuilder:
    """Collects manifests in any order, then writes the archive. Holds in memory only what becomes the index.

    A context manager: leaving it drops the spools, the finished archive's stream included.
    """

    def __init__(self) -> None:
        self._entries: dict[str, ManifestEntry] = {}
        self._offsets: dict[str, int] = {}
        self._spool = new_spool()
        self._archive = new_spool()
        self._spooled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()
        self._archive.close()

    def add(self, ref: ObjectRef, plural: str, manifest: Manifest, *, sealed: bool = False) -> ManifestEntry:
        """Takes one manifest in; `ref` must be the manifest's own, `sealed` says that it is a sealed one.

        Raises:
            FormatError: there is this object already, the manifest is another object's, or is not JSON.
            StoreError: the temporary folder is full.
        """
        path = member_path(ref, plural)
        if not _is_of(manifest, ref):
            raise FormatError(f"{ref} cannot be added to the snapshot: its manifest is that of another object")
        if path in self._entries:
            raise FormatError(f"{ref} cannot be added to the snapshot: it is in it already, as {path}")
        try:
            data = manifest_yaml.emit(manifest)
        except FormatError as error:
            raise FormatError(f"{ref} cannot be stored: {error}") from error
        entry = ManifestEntry(ref=ref, path=path, sha256=sha256_hex(data), size=len(data), sealed=sealed)
        self._spool.write(data)
        self._entries[path] = entry
        self._offsets[path] = self._spooled
        self._spooled += len(data)
        return entry

    def finish(self) -> BuiltArchive:
        """Writes the archive, members sorted by path.

        Raises:
            StoreError: the temporary folder is full.
        """
        entries = tuple(self._entries[path] for path in sorted(self._entries))
        digest, size = hashlib.sha256(), 0
        for packed in _packed(self._chunks(entries)):
            digest.update(packed)
            size += self._archive.write(packed)
        self._archive.seek(0)
        return BuiltArchive(
            entries=entries,
            content_sha256=content_digest(entries),
            sha256=digest.hexdigest(),
            size=size,
            stream=self._archive,
        )

    def _chunks(self, entries: tuple[ManifestEntry, ...]) -> Iterator[bytes]:
        """The tar stream in pieces that are worth a call of the compressor."""
        pending: list[bytes] = []
        pending_bytes = 0
        for entry in entries:
            self._spool.seek(self._offsets[entry.path])
            pending += (
                tar_form.header(entry.path, entry.size),
                self._spool.read(entry.size),
                tar_form.padding(entry.size),
            )
            pending_bytes += entry.size
            if pending_bytes >= _CHUNK_BYTES:
                yield b"".join(pending)
                pending, pending_bytes = [], 0
        yield b"".join([*pending, tar_form.END])


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip member of all chunks. Each is compressed by itself, so that several are at the same time."""
    digest, size = 0, 0
    yield _GZIP_HEADER
    with ThreadPoolExecutor(_PACKERS, thread_name_prefix="pack") as packers:
        under_way: deque[Future[bytes]] = deque()
        for chunk in chunks:
            digest, size = zlib.crc32(chunk, digest), size + len(chunk)
            under_way.append(packers.submit(_deflated, chunk))
            if len(under_way) > _PACKERS:
                yield under_way.popleft().result()
        yield from (packed.result() for packed in under_way)
    yield _LAST_BLOCK + struct.pack("<LL", digest, size & 0xFFFFFFFF)


def _deflated(chunk: bytes) -> bytes:
    """The chunk as whole bytes of a stream that goes on."""
    compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, _RAW)
    return compressor.compress(chunk) + compressor.flush(zlib.Z_FULL_FLUSH)


DEFAULT_LIMITS = Limits()


def check_index(index: SnapshotIndex, limits: Limits = DEFAULT_LIMITS) -> None:
    """Checks what an index says of its archive before anything is read.

    Raises:
        IntegrityError: paths are not the objects' own, not sorted or not unique, the digest over the entries is
            another, or a limit is exceeded.
    """
    what = f"snapshot {index.group} {index.id} ({index.stage})"
    if len(index.entries) > limits.objects:
        raise IntegrityError(f"{what} declares {len(index.entries)} objects; the limit is {limits.objects}")
    if not 0 <= index.archive_size <= limits.archive_bytes:
        raise IntegrityError(
            f"{what} declares an archive of {index.archive_size} bytes; the limit is {limits.archive_bytes}"
        )
    previous, total = "", 0
    for entry in index.entries:
        _check_entry(entry, previous, what, limits)
        previous = entry.path
        total += entry.size
    if total > limits.unpacked_bytes:
        raise IntegrityError(f"{what} declares {total} bytes of manifests; the limit is {limits.unpacked_bytes}")
    if index.content_sha256 != content_digest(index.entries):
        raise IntegrityError(f"{what}: the digest over its entries is not that of its entries")


def check_archive(stream: BinaryIO, index: SnapshotIndex) -> None:
    """Reads the archive through and checks each byte against the index, without interpreting the manifests.

    The index is one that `check_index` has found good.

    Raises:
        IntegrityError: the archive is not exactly what the index declares.
    """
    for _ in _members(stream, index):
        pass


def read_archive(stream: BinaryIO, index: SnapshotIndex) -> Iterator[SnapshotObject]:
    """Yields the objects in the index's order, each checked before it is yielded.

    The index is one that `check_index` has found good. What was yielded is only known to be the whole snapshot when
    the iterator ends; `SnapshotStore.objects` checks the whole archive before.

    Raises:
        IntegrityError: the archive is not exactly what the index declares, or a member holds another object.
        FormatError: a member is not canonical YAML.
    """
    for entry, data in _members(stream, index):
        manifest = manifest_yaml.parse(data, entry.path)
        if not _is_of(manifest, entry.ref):
            raise IntegrityError(
                f"{entry.path} in snapshot {index.group} {index.id} holds another object than {entry.ref}"
            )
        yield SnapshotObject(entry, manifest)


def _members(stream: BinaryIO, index: SnapshotIndex) -> Iterator[tuple[ManifestEntry, bytes]]:
    what = f"the archive of snapshot {index.group} {index.id} ({index.stage})"
    tar = InflatedStream(stream, what)
    for entry in index.entries:
        expected = tar_form.header(entry.path, entry.size)
        start, end = len(expected), len(expected) + entry.size
        found = tar.read(end + -entry.size % tar_form.BLOCK)
        if not found.startswith(expected):
            raise IntegrityError(
                f"{what} is not what its index says: {tar_form.describe(found[:512])} where {entry.path} should"
            )
        data = found[start:end]
        if len(data) < entry.size:
            raise IntegrityError(f"{what} is truncated: it ends inside {entry.path}")
        if sha256_hex(data) != entry.sha256:
            raise IntegrityError(f"{what} is damaged: {entry.path} has another digest than its index says")
        if found[end:].strip(b"\0"):
            raise IntegrityError(f"{what} is not what its index says: there is data after {entry.path}")
        yield entry, data
    tar.expect_end(tar_form.END)


def _check_entry(entry: ManifestEntry, previous: str, what: str, limits: Limits) -> None:
    if not 0 <= entry.size <= limits.object_bytes:
        raise IntegrityError(f"{what} declares {entry.size} bytes for {entry.ref}; the limit is {limits.object_bytes}")
    folder, _, rest = entry.path.partition("/")
    qualified = rest.partition("/")[0]
    plural = qualified.removesuffix(f".{entry.ref.gvk.group or _CORE_GROUP}")
    if not entry.ref.name or not plural or not folder or entry.path != member_path(entry.ref, plural):
        raise IntegrityError(f"{what} has a path that is not that of its object {entry.ref}")
    if entry.path <= previous:
        raise IntegrityError(f"{what} lists {entry.path} twice or not in order")


def _is_of(manifest: Manifest, ref: ObjectRef) -> bool:
    try:
        metadata = manifest["metadata"]
        is_named = metadata["name"] == ref.name and metadata.get("namespace", "") == ref.namespace
        return bool(is_named) and GVK.of(manifest) == ref.gvk
    except (KeyError, AttributeError, TypeError):
        return False


@lru_cache(maxsize=4096)
def _folder(namespace: str, plural: str, group: str) -> str:
    """Of all objects of a type in a namespace."""
    return f"{_encode(namespace) if namespace else _CLUSTER_FOLDER}/{_encode(f'{plural}.{group or _CORE_GROUP}')}"


def _encode(component: str) -> str:
    if _SAFE.fullmatch(component):
        return component
    return _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], component.encode()).decode("ascii")


def _file_name(name: str) -> str:
    encoded = _encode(name)
    if len(encoded) + len(".yaml") > _MAX_FILE_NAME:
        encoded = f"{encoded[:180]}~{sha256_hex(name.encode())[:32]}"
    return f"{encoded}.yaml"
