"""The last part of taking a snapshot, wherever its objects come from: the index is made, numbered and committed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubestandby import __version__
from kubestandby.archive import BuiltArchive
from kubestandby.errors import ObjectExistsError, StoreUnavailableError
from kubestandby.groups import ProtectionGroup
from kubestandby.heartbeats import StoredHeartbeat
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.sealing import Origin, SnapshotSealer
from kubestandby.ports import ClusterIdentity
from kubestandby.privileges import Right
from kubestandby.resources import ResourceType
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage

from .assembly import Assembly

UNNUMBERED = SnapshotId(0, 0)
RACES = 5
"""How often a number may be taken by another exporter before this one gives up."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What taking a snapshot came to.

    Attributes:
        index: of the new snapshot, or of the one that says all that it would have said.
        created: whether the snapshot is new.
        heartbeat: of the one that is not.
        refused: rights that were missing to read it all.
        chosen: types that were not to be listed in the version that the primary prefers, since the standby lacks that.
    """

    index: SnapshotIndex
    created: bool
    heartbeat: StoredHeartbeat | None = None
    refused: frozenset[Right] = frozenset()
    chosen: frozenset[ResourceType] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Where and when the state of a snapshot was read; `namespaces` in dependency order."""

    site: SiteName
    cluster: ClusterIdentity
    namespaces: tuple[str, ...]
    at: datetime


def new_index(group: ProtectionGroup, taken: Taken, assembly: Assembly, archive: BuiltArchive) -> SnapshotIndex:
    """The index but for its number.

    Raises:
        LikelySecretsError: the group refuses snapshots in which likely secrets are in clear.
    """
    return SnapshotIndex(
        group=group.name,
        id=UNNUMBERED,
        stage=Stage.RAW,
        source_cluster=taken.cluster.uid,
        source_site=taken.site,
        server_version=taken.cluster.version,
        tool_version=__version__,
        taken_at=taken.at,
        fresh_until=taken.at + timedelta(seconds=group.fresh_seconds),
        previous="",
        namespaces=taken.namespaces,
        types=assembly.types(),
        failures=assembly.failures,
        entries=archive.entries,
        content_sha256=archive.content_sha256,
        archive_sha256=archive.sha256,
        archive_size=archive.size,
        images=assembly.images.uses(),
        dropped=assembly.dropped,
        likely_secrets=assembly.scan.found(),
        state_sha256=assembly.state.hexdigest(),
        config_sha256=_config_digest(group, taken.site),
    )


def new_sealer(keyring: Keyring, group: ProtectionGroup, site: SiteName, source_cluster: str) -> SnapshotSealer:
    """Seals one snapshot for every site of the group: after a failover each must read what the other has made.

    Raises:
        ConfigError: a key is missing, or the trust file has expired.
    """
    return keyring.sealer(Origin(group.name, source_cluster), site, tuple(one.name for one in group.sites))


class Committer:
    """Commits raw snapshots to one data bucket; `sealer` is the one that has sealed their objects."""

    def __init__(self, snapshots: SnapshotStore, sealer: SnapshotSealer) -> None:
        self._snapshots = snapshots
        self._sealer = sealer

    def commit(self, index: SnapshotIndex, archive: BuiltArchive, epoch: int) -> ExportResult:
        """Commits the snapshot under the next number of the epoch, unless the newest one says all that it would.

        Raises:
            ConfigError: there is no key here to sign the snapshot with.
            StoreUnavailableError: the bucket does not answer, or others take one number after the other; try again.
            StoreError: the bucket cannot be read or written; no snapshot is committed.
        """
        for _ in range(RACES):
            standing = self._standing(index, epoch)
            if standing is not None:
                return ExportResult(standing, created=False)
            numbered = self._numbered(index, epoch)
            try:
                self._snapshots.commit(numbered, archive)
            except ObjectExistsError:
                continue
            return ExportResult(numbered, created=True)
        raise StoreUnavailableError(
            f"group {index.group}: other exporters took {RACES} numbers in a row in {self._snapshots.url}; try again"
        )

    def _standing(self, index: SnapshotIndex, epoch: int) -> SnapshotIndex | None:
        """The newest snapshot, if it says all that this one would.

        That is the same epoch, cluster, scope, state and failures, to be sanitized by the same transforms.
        """
        survey = self._snapshots.survey(index.stage, index.group)
        newest = survey.newest_complete if index.complete else survey.newest
        if newest is None or newest.id.epoch != epoch or _statement(newest) != _statement(index):
            return None
        return newest

    def _numbered(self, index: SnapshotIndex, epoch: int) -> SnapshotIndex:
        """The index with the next free number, tied to the snapshot before it."""
        before = self._snapshots.ids(index.stage, index.group)
        previous = self._snapshots.index_digest(index.stage, index.group, before[-1]) if before else ""
        number = self._snapshots.next_id(index.stage, index.group, epoch)
        return replace(
            index,
            id=number,
            previous=previous,
            previous_id=before[-1] if before else None,
            sealing=self._sealer.close(number),
        )


def _statement(index: SnapshotIndex) -> tuple[object, ...]:
    return index.state_sha256, index.namespaces, index.source_cluster, index.failures, index.config_sha256


def _config_digest(group: ProtectionGroup, site: SiteName) -> str:
    """Of the configuration by which the snapshot will be sanitized for the site that it goes to."""
    return group.sanitize_sha256(group.other_site(site).name) if group.transforms else ""
