"""Snapshots in a data bucket: which there are, how one is committed, and how one is read.

The archive is written first; creating the index is the commit. So a snapshot is either not listed or whole, and whoever
loses the race for a number learns it from `ObjectExistsError`. A snapshot whose index is damaged, or whose archive is
missing, is passed over by `newest` and `newest_complete`, and `survey` says so.

An index counts only with the signature of a key that may speak for the site that took the snapshot, in the role that
makes snapshots of its stage. It is verified before it is parsed.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from kubestandby import codec, layout
from kubestandby.archive import (
    DEFAULT_LIMITS,
    BuiltArchive,
    Limits,
    check_archive,
    check_index,
    read_archive,
)
from kubestandby.creation import create_object, settle
from kubestandby.errors import (
    FormatError,
    IntegrityError,
    ObjectMissingError,
    ObjectTooLargeError,
    ReplayedSnapshotError,
    SnapshotError,
    SnapshotNotFoundError,
    StoreUnavailableError,
    next_step,
)
from kubestandby.heartbeats import StoredHeartbeat, last_heartbeat, sign_heartbeat
from kubestandby.keys import sealed_form
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.numbering import Reached, held_numbers
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import FORMAT_VERSION, GroupName, SnapshotId, SnapshotIndex, SnapshotObject, Stage
from kubestandby.spool import new_spool

INDEX_TYPE = "application/vnd.kubestandby.snapshot.v1+json"
SIGNED_BY = {Stage.RAW: KeyRole.EXPORT, Stage.SANITIZED: KeyRole.SANITIZE}
"""Who makes the snapshots of a stage."""

MAX_INDEX_BYTES = 512 * 1024 * 1024
_COPY_BYTES = 1024 * 1024
_INSTEAD = "use another snapshot, and look who can write to that bucket"


@dataclass(frozen=True, slots=True)
class DamagedSnapshot:
    """A committed snapshot that cannot be used, and why, in one sentence."""

    id: SnapshotId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The newest usable snapshots of a group in a stage, and what had to be passed over to find them, newest first.

    Attributes:
        held: those of a number that nothing leads up to (`numbering`); only where it was asked for.
    """

    newest: SnapshotIndex | None
    newest_complete: SnapshotIndex | None
    damaged: tuple[DamagedSnapshot, ...]
    held: tuple[DamagedSnapshot, ...] = ()


class SnapshotStore:
    """The snapshots in one data bucket. Holds no state: every answer is read from the bucket."""

    def __init__(self, store: ObjectStore, keyring: Keyring, limits: Limits = DEFAULT_LIMITS) -> None:
        self._store = store
        self._keyring = keyring
        self._limits = limits

    @property
    def url(self) -> str:
        """The bucket's URL, as in the configuration."""
        return self._store.url

    @property
    def keyring(self) -> Keyring:
        """What snapshots are signed and checked, sealed and unsealed with."""
        return self._keyring

    def ids(self, stage: Stage, group: GroupName) -> tuple[SnapshotId, ...]:
        """All committed snapshots, ascending.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return tuple(sorted(self._committed(self._keys(stage, group))))

    def next_id(self, stage: Stage, group: GroupName, epoch: int) -> SnapshotId:
        """A number above every one seen in this epoch, those of archives without an index included.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        used = (_id_in(key) for key in self._keys(stage, group))
        return SnapshotId(epoch, 1 + max((seen.generation for seen in used if seen and seen.epoch == epoch), default=0))

    def read_index(self, stage: Stage, group: GroupName, snapshot: SnapshotId) -> SnapshotIndex:
        """The index, checked: it is signed, speaks of this very snapshot, and of an archive that is within the limits.

        Raises:
            SnapshotNotFoundError: there is no such snapshot.
            FormatError: it is not an index in our form, or in that of a newer version.
            IntegrityError: nobody who may has signed it, it is another snapshot's, or contradicts itself.
            StoreError: it cannot be read.
        """
        return self._read(self._index_bytes(stage, group, snapshot), stage, group, snapshot)

    def _read(self, data: bytes, stage: Stage, group: GroupName, snapshot: SnapshotId) -> SnapshotIndex:
        with next_step(_INSTEAD):
            return self._checked(data, stage, group, snapshot)

    def _checked(self, data: bytes, stage: Stage, group: GroupName, snapshot: SnapshotId) -> SnapshotIndex:
        what = f"index {layout.index_key(stage, group, snapshot)} in {self.url}"
        attested = self._keyring.verify(data, INDEX_TYPE, SIGNED_BY[stage], what)
        index = codec.decode(attested.payload, SnapshotIndex, what)
        if index.format_version != FORMAT_VERSION:
            raise FormatError(f"{what} has format version {index.format_version}; upgrade kubestandby to read it")
        if (index.group, index.id, index.stage) != (group, snapshot, stage):
            raise IntegrityError(f"{what} is that of another snapshot: {index.group} {index.id} ({index.stage})")
        attested.check_said_by(index.source_site, index.taken_at)
        check_index(index, self._limits)
        _check_sealed(index)
        return index

    def index_digest(self, stage: Stage, group: GroupName, snapshot: SnapshotId) -> str:
        """SHA-256 (hex) of the index's bytes as stored: what the next snapshot's `previous` names.

        Raises:
            SnapshotNotFoundError: there is no such snapshot.
            StoreError: it cannot be read.
        """
        return codec.sha256_hex(self._index_bytes(stage, group, snapshot))

    def check_chain(self, index: SnapshotIndex) -> None:
        """Makes sure that the snapshot follows the one that is stored before it.

        Where that one is gone or damaged there is nothing to compare with: retention removes old ones, and damage to an
        old snapshot must not stand in the way of a good new one.

        Raises:
            ReplayedSnapshotError: what is stored, signed, in its place is another one than this was made after.
            StoreError: the bucket cannot be read.
        """
        if index.previous_id is None:
            return
        try:
            data = self._index_bytes(index.stage, index.group, index.previous_id)
            if codec.sha256_hex(data) == index.previous:
                return
            self._read(data, index.stage, index.group, index.previous_id)
        except SnapshotError:
            return
        raise ReplayedSnapshotError(
            f"snapshot {index.group} {index.id} ({index.stage}) in {self.url} was not made after the"
            f" {index.previous_id} that is stored there: one of the two is from another history; name the snapshot to"
            " restore it all the same"
        )

    def survey(self, stage: Stage, group: GroupName, reached: Reached | None = None) -> Survey:
        """Looks from the newest number downwards, as far as the newest complete snapshot.

        With `reached`, numbers that nothing leads up to are passed over.

        Raises:
            StoreError: the bucket cannot be read; a damaged snapshot is no error here.
        """
        newest: SnapshotIndex | None = None
        damaged: list[DamagedSnapshot] = []
        held: list[DamagedSnapshot] = []
        keys = self._keys(stage, group)
        stored = sorted(self._committed(keys), reverse=True)
        reasons = held_numbers(stored, reached) if reached else {}
        for snapshot in stored:
            try:
                index = self._usable_index(stage, group, snapshot, keys)
            except SnapshotNotFoundError:
                continue
            except SnapshotError as error:
                damaged.append(DamagedSnapshot(snapshot, str(error)))
                continue
            if snapshot in reasons:
                held.append(DamagedSnapshot(snapshot, reasons[snapshot]))
                continue
            newest = newest or index
            if index.complete:
                return Survey(newest=newest, newest_complete=index, damaged=tuple(damaged), held=tuple(held))
        return Survey(newest=newest, newest_complete=None, damaged=tuple(damaged), held=tuple(held))

    def newest(self, stage: Stage, group: GroupName) -> SnapshotIndex | None:
        """The usable snapshot of the highest number, complete or not; raises like `survey`."""
        return self.survey(stage, group).newest

    def newest_complete(self, stage: Stage, group: GroupName) -> SnapshotIndex | None:
        """The usable snapshot of the highest number that holds everything; raises like `survey`."""
        return self.survey(stage, group).newest_complete

    def damaged(self, stage: Stage, group: GroupName) -> tuple[DamagedSnapshot, ...]:
        """The snapshots above the newest complete one that cannot be used; raises like `survey`."""
        return self.survey(stage, group).damaged

    def commit(self, index: SnapshotIndex, archive: BuiltArchive) -> None:
        """Writes the archive, then the index. Run again with the same snapshot it finds itself done.

        Raises:
            ObjectExistsError: another writer has taken this number.
            ConfigError: there is no key here to sign it with; nothing was written.
            IntegrityError: index and archive do not belong together, or a Secret is in clear; nothing was written.
            StoreError: it could not be written; the snapshot is not committed.
        """
        _check_pair(index, archive)
        check_index(index, self._limits)
        _check_sealed(index)
        data = self._keyring.sign(codec.encode(index), INDEX_TYPE, SIGNED_BY[index.stage], index.source_site)
        key = layout.archive_key(index.stage, index.group, index.id)

        def put() -> None:
            archive.stream.seek(0)
            self._store.put_if_absent(key, archive.stream)

        settle(put, lambda: self._digest(key, archive.size) == archive.sha256)
        create_object(self._store, layout.index_key(index.stage, index.group, index.id), data)

    def objects(self, index: SnapshotIndex) -> Iterator[SnapshotObject]:
        """All objects in the index's order. The whole archive is checked before the first one is yielded.

        Raises:
            IntegrityError: the archive is missing or not exactly what the index declares.
            FormatError: a manifest is not in canonical form.
            StoreError: it cannot be read.
        """
        with self._spooled_archive(index) as spool:
            check_archive(spool, index)
            spool.seek(0)
            yield from self._objects_in(spool, index)

    def all_objects(self, index: SnapshotIndex) -> list[SnapshotObject]:
        """All objects at once: one reading is enough, since none is given out before all are checked.

        Raises like `objects`.
        """
        with self._spooled_archive(index) as spool:
            return list(self._objects_in(spool, index))

    def _objects_in(self, spool: BinaryIO, index: SnapshotIndex) -> Iterator[SnapshotObject]:
        for item in read_archive(spool, index):
            if item.entry.sealed != sealed_form.is_sealed(item.manifest):
                raise IntegrityError(f"{self._archive_of(index)}: {item.entry.path} is not sealed as its index says")
            yield item

    def verify(self, index: SnapshotIndex) -> None:
        """Reads everything, manifests included; raises like `objects`."""
        for _ in self.objects(index):
            pass

    def heartbeat(self, index: SnapshotIndex, now: datetime) -> StoredHeartbeat:
        """Writes down, signed, that at `now` the state was still that of this raw snapshot.

        Raises:
            ConfigError: there is no key here to sign it with.
            StoreError: it could not be written.
        """
        digest = self.index_digest(index.stage, index.group, index.id)
        stored = sign_heartbeat(self._keyring, index, digest, now)
        self.take_in(stored)
        return stored

    def take_in(self, heartbeat: StoredHeartbeat) -> None:
        """Writes a signed heartbeat into this bucket, where it outlives the one that it was made in.

        Raises:
            StoreError: it could not be written.
        """
        create_object(self._store, heartbeat.key, heartbeat.data)

    def freshest(self, index: SnapshotIndex) -> datetime | None:
        """When the state was last seen to be still that of the snapshot; None where no heartbeat here says so.

        Raises:
            StoreError: the bucket cannot be read.
        """
        digest = index.source_sha256 or self.index_digest(index.stage, index.group, index.id)
        return last_heartbeat(self._store, self._keyring, index, digest)

    def _keys(self, stage: Stage, group: GroupName) -> frozenset[str]:
        return frozenset(self._store.list(layout.snapshot_prefix(stage, group)))

    def _committed(self, keys: frozenset[str]) -> Iterator[SnapshotId]:
        return (parsed.id for parsed in map(layout.parse_index_key, keys) if parsed)

    def _usable_index(
        self, stage: Stage, group: GroupName, snapshot: SnapshotId, keys: frozenset[str]
    ) -> SnapshotIndex:
        index = self.read_index(stage, group, snapshot)
        if layout.archive_key(stage, group, snapshot) not in keys:
            raise IntegrityError(
                f"snapshot {group} {snapshot} ({stage}) in {self.url} has an index and no archive; {_INSTEAD}"
            )
        return index

    def _index_bytes(self, stage: Stage, group: GroupName, snapshot: SnapshotId) -> bytes:
        try:
            return self._store.get(layout.index_key(stage, group, snapshot), max_bytes=MAX_INDEX_BYTES)
        except ObjectMissingError as error:
            raise SnapshotNotFoundError(
                f"there is no {stage} snapshot {group} {snapshot} in {self.url};"
                f" `kubestandby snapshots {group}` lists them"
            ) from error
        except ObjectTooLargeError as error:
            raise IntegrityError(str(error)) from error

    def _digest(self, key: str, size: int) -> str:
        """SHA-256 of a stored object, "" where it has another size."""
        digest, seen = hashlib.sha256(), 0
        try:
            for chunk in self._chunks(key, size):
                digest.update(chunk)
                seen += len(chunk)
        except ObjectTooLargeError:
            return ""
        return digest.hexdigest() if seen == size else ""

    def _chunks(self, key: str, max_bytes: int) -> Iterator[bytes]:
        with self._store.open(key, max_bytes=max_bytes) as stream:
            try:
                yield from iter(lambda: stream.read(_COPY_BYTES), b"")
            except OSError as error:
                raise StoreUnavailableError(f"object {key} in {self.url} cannot be read to its end: {error}") from error

    @contextmanager
    def _spooled_archive(self, index: SnapshotIndex) -> Iterator[BinaryIO]:
        """The archive in a private spool, at its start, with the digest that the index says."""
        with next_step(_INSTEAD), new_spool() as spool:
            check_index(index, self._limits)
            if self._copy(index, spool) != index.archive_sha256:
                raise IntegrityError(f"{self._archive_of(index)} has another digest than its index says; it is damaged")
            spool.seek(0)
            yield spool

    def _copy(self, index: SnapshotIndex, spool: BinaryIO) -> str:
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in self._chunks(layout.archive_key(index.stage, index.group, index.id), index.archive_size):
                digest.update(chunk)
                size += spool.write(chunk)
        except ObjectMissingError as error:
            raise IntegrityError(f"{self._archive_of(index)} is missing") from error
        except ObjectTooLargeError as error:
            raise IntegrityError(f"{self._archive_of(index)} is larger than its index says") from error
        if size != index.archive_size:
            raise IntegrityError(f"{self._archive_of(index)} has {size} bytes, its index says {index.archive_size}")
        return digest.hexdigest()

    def _archive_of(self, index: SnapshotIndex) -> str:
        return f"the archive of snapshot {index.group} {index.id} ({index.stage}) in {self.url}"


def _check_pair(index: SnapshotIndex, archive: BuiltArchive) -> None:
    said = (index.entries, index.content_sha256, index.archive_sha256, index.archive_size)
    if said != (archive.entries, archive.content_sha256, archive.sha256, archive.size):
        raise IntegrityError(f"the index of snapshot {index.group} {index.id} is not that of the archive to be stored")


def _id_in(key: str) -> SnapshotId | None:
    """The number in any key below `<stage>/<group>/`."""
    try:
        return SnapshotId.parse(key.split("/")[2])
    except FormatError:
        return None


def _check_sealed(index: SnapshotIndex) -> None:
    """Makes sure that no Secret is in clear, neither on its way in nor on its way out."""
    for entry in index.entries:
        if entry.sealed != sealed_form.is_to_be_sealed(entry.ref.gvk):
            state = "in clear" if not entry.sealed else "said to be sealed, which its kind never is"
            raise IntegrityError(f"snapshot {index.group} {index.id} ({index.stage}): {entry.ref} is {state}")
