"""Takes a snapshot: reads the primary's cluster, writes the archive, commits the index."""

from collections import Counter
from dataclasses import replace

from kubestandby.archive import ArchiveBuilder
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import Clock, Cluster, Discovery
from kubestandby.served_versions import ServedVersions
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName

from .assembly import Assembly
from .cluster_scoped import ClusterScopedExport
from .committing import Committer, ExportResult, Taken, new_index, new_sealer
from .common_versions import definitions_brought, in_common_versions
from .listing import PAGE_SIZE, Lister
from .namespaced import export_namespaced
from .scope import NAMESPACE, Scope, read_scope


class Exporter:
    """Exports from one cluster into one data bucket."""

    def __init__(self, cluster: Cluster, snapshots: SnapshotStore, clock: Clock, *, page_size: int = PAGE_SIZE) -> None:
        self._cluster = cluster
        self._snapshots = snapshots
        self._clock = clock
        self._page_size = page_size

    def export(
        self, group: ProtectionGroup, site: SiteName, epoch: int, there: ServedVersions | None = None
    ) -> ExportResult:
        """Takes a snapshot of the group, unless its state is that of the newest one: then a heartbeat says so.

        What cannot be read is named in `index.failures`; the snapshot is committed all the same. `there`: what the
        standby serves, as far as it has told.

        Raises:
            ConfigError: a namespace or an included kind of the configuration does not exist, or a key is missing.
                Nothing is written.
            ClusterError: the cluster does not answer or refuses the credentials. Nothing is written.
            StoreError: the bucket cannot be read or written; no snapshot is committed.
        """
        taken_at = self._clock.now()
        identity = self._cluster.identity()
        found = self._cluster.discover()
        common = in_common_versions(found, there, definitions_brought(self._cluster, group, found))
        scope = read_scope(self._cluster, group, site)
        with ArchiveBuilder() as archive:
            sealer = new_sealer(self._snapshots.keyring, group, site, identity.uid)
            assembly = Assembly(group, scope.namespaces, archive, sealer)
            self._assemble(group, common.discovery, scope, assembly)
            built = archive.finish()
            taken = Taken(site=site, cluster=identity, namespaces=scope.namespaces, at=taken_at)
            index = new_index(group, taken, assembly, built)
            exported = Committer(self._snapshots, sealer).commit(index, built, epoch)
            exported = replace(exported, refused=frozenset(assembly.refused), chosen=common.chosen)
        if exported.created:
            return exported
        return replace(exported, heartbeat=self._snapshots.heartbeat(exported.index, taken_at))

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
        export_namespaced(lister, group, discovery, scope.namespaces, assembly)
        ClusterScopedExport(self._cluster, lister, group, discovery, assembly).run()
