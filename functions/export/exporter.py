"""Takes a snapshot: reads the primary's cluster, writes the archive, commits the index."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubestandby import __version__
from kubestandby.archive import ArchiveBuilder, BuiltArchive
from kubestandby.errors import ObjectExistsError, StoreUnavailableError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import Clock, Cluster, Discovery
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage

from .assembly import Assembly
from .cluster_scoped import ClusterScopedExport
from .listing import PAGE_SIZE, Lister
from .namespaced import export_namespaced
from .scope import NAMESPACE, Scope, read_scope

UNNUMBERED = SnapshotId(0, 0)
RACES = 5
"""How often a number may be taken by another exporter before this one gives up."""


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export came to.

    Attributes:
        index: of the new snapshot, or of the one whose state is still that of the cluster.
        created: whether the snapshot is new; otherwise a heartbeat was written.
    """

    index: SnapshotIndex
    created: bool


class Exporter:
    """Exports from one cluster into one data bucket."""

    def __init__(self, cluster: Cluster, snapshots: SnapshotStore, clock: Clock, *, page_size: int = PAGE_SIZE) -> None:
        self._cluster = cluster
        self._snapshots = snapshots
        self._clock = clock
        self._page_size = page_size

    def export(self, group: ProtectionGroup, site: SiteName, epoch: int) -> ExportResult:
        """Takes a snapshot of the group, unless its state is that of the newest one.

        What cannot be read is named in `index.failures`; the snapshot is committed all the same.

        Raises:
            ConfigError: a namespace or an included kind of the configuration does not exist. Nothing is written.
            ClusterError: the cluster does not answer or refuses the credentials. Nothing is written.
            StoreError: the bucket cannot be read or written; no snapshot is committed.
        """
        taken_at = self._clock.now()
        identity = self._cluster.identity()
        discovery = self._cluster.discover()
        scope = read_scope(self._cluster, group, site)
        with ArchiveBuilder() as archive:
            assembly = Assembly(group, scope.namespaces, archive)
            self._assemble(group, discovery, scope, assembly)
            built = archive.finish()
            index = replace(
                _index(group, assembly, built, taken_at),
                source_cluster=identity.uid,
                source_site=site,
                server_version=identity.version,
                namespaces=scope.namespaces,
                config_sha256=_config_digest(group, site),
            )
            return self._commit(index, built, epoch)

    def _assemble(self, group: ProtectionGroup, discovery: Discovery, scope: Scope, assembly: Assembly) -> None:
        for key, reason in discovery.failures.items():
            api_group = key.partition("/")[0]
            assembly.note_failure(api_group, f"{key}: {reason}")
        for manifest in scope.manifests:
            assembly.take(NAMESPACE, manifest)
        for failure in scope.failures:
            assembly.note_failure("", failure)
        assembly.note_version(NAMESPACE, scope.resource_version)
        assembly.note_dropped(Counter(scope.dropped))
        lister = Lister(self._cluster, page_size=self._page_size)
        export_namespaced(lister, discovery, scope.namespaces, assembly)
        ClusterScopedExport(self._cluster, lister, group, discovery, assembly).run()

    def _commit(self, index: SnapshotIndex, archive: BuiltArchive, epoch: int) -> ExportResult:
        for _ in range(RACES):
            standing = self._standing(index, epoch)
            if standing is not None:
                self._snapshots.heartbeat(index.group, standing.id, index.taken_at)
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
        return replace(index, id=self._snapshots.next_id(index.stage, index.group, epoch), previous=previous)


def _statement(index: SnapshotIndex) -> tuple[object, ...]:
    return index.state_sha256, index.namespaces, index.source_cluster, index.failures, index.config_sha256


def _config_digest(group: ProtectionGroup, site: SiteName) -> str:
    """Of the configuration by which the snapshot will be sanitized for the site that it goes to."""
    return group.sanitize_sha256(group.other_site(site).name) if group.transforms else ""


def _index(group: ProtectionGroup, assembly: Assembly, archive: BuiltArchive, taken_at: datetime) -> SnapshotIndex:
    """The index but for its number, and for where it was taken."""
    return SnapshotIndex(
        group=group.name,
        id=UNNUMBERED,
        stage=Stage.RAW,
        source_cluster="",
        source_site=SiteName(""),
        server_version="",
        tool_version=__version__,
        taken_at=taken_at,
        fresh_until=taken_at + timedelta(seconds=group.fresh_seconds),
        previous="",
        namespaces=(),
        types=assembly.types(),
        failures=assembly.failures,
        entries=archive.entries,
        content_sha256=archive.content_sha256,
        archive_sha256=archive.sha256,
        archive_size=archive.size,
        images=assembly.images.uses(),
        dropped=assembly.dropped,
        state_sha256=assembly.state.hexdigest(),
    )
