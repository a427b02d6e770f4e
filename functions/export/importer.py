"""Makes a raw snapshot of manifests that somebody had: what an export would have made of a cluster that holds them.

The same rules leave the same objects out; what belongs to a server's own time, and what cannot be known without one,
is left to sanitize and restore.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from kubestandby.archive import ArchiveBuilder
from kubestandby.errors import ConfigError
from kubestandby.groups import ProtectionGroup
from kubestandby.import_payload import PayloadReader
from kubestandby.ports import Clock, ClusterIdentity, Discovery
from kubestandby.requests import ImportOrder
from kubestandby.resources import Manifest
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName

from .assembly import Assembly
from .committing import Committer, ExportResult, Taken, new_index, new_sealer
from .drop_rules import NO_FACTS, being_deleted, dropped_by
from .import_filling import ImportFilling, ImportScope
from .import_survey import ImportSurvey
from .imported_types import ImportedTypes


@dataclass(frozen=True, slots=True)
class Primary:
    """What the primary tells of itself; `UNASKED` where it cannot be reached, which an import does not need."""

    identity: ClusterIdentity
    discovery: Discovery | None


UNASKED = Primary(ClusterIdentity(uid="", version=""), discovery=None)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to.

    Attributes:
        added_namespaces: those that no file describes: the snapshot has a plain one.
        absent: objects that the snapshot names and no file holds.
    """

    exported: ExportResult
    added_namespaces: tuple[str, ...]
    absent: tuple[str, ...]


class Importer:
    """Imports into one data bucket."""

    def __init__(self, snapshots: SnapshotStore, clock: Clock, primary: Primary = UNASKED) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._primary = primary

    def take(
        self, group: ProtectionGroup, site: SiteName, epoch: int, *, order: ImportOrder, payload: PayloadReader
    ) -> ImportResult:
        """Takes a snapshot of the group from a payload, unless the newest one says the same.

        Raises:
            UnusableFilesError: manifests that cannot be understood; names each with its file and line.
            ConfigError: there is nothing of a namespace that the group names. Nothing is written.
            FormatError: the payload is not in our form.
            StoreError: the bucket cannot be read or written; no snapshot is committed.
        """
        survey = ImportSurvey(payload, ImportedTypes(self._primary.discovery), order.namespace)
        survey.look()
        scope = _scope(survey, group, site)
        now = self._clock.now()
        with ArchiveBuilder() as archive:
            sealer = new_sealer(self._snapshots.keyring, group, site, self._primary.identity.uid)
            assembly = Assembly(group, scope.namespaces, archive, sealer)
            filling = ImportFilling(group, survey, scope, assembly, keep_all=order.keep_all)
            filling.run()
            built = archive.finish()
            taken = Taken(
                site=site,
                cluster=self._primary.identity,
                namespaces=scope.namespaces,
                at=min(order.as_of or now, now),
            )
            # However old the files are: it is now that somebody vouches for them.
            index = replace(
                new_index(group, taken, assembly, built),
                imported_from=order.files or ("files",),
                fresh_until=now + timedelta(seconds=group.fresh_seconds),
            )
            exported = Committer(self._snapshots, sealer).commit(index, built, epoch)
            absent = filling.absent(group.transforms_to(group.other_site(site).name))
            return ImportResult(exported, scope.added, absent)


def _scope(survey: ImportSurvey, group: ProtectionGroup, site: SiteName) -> ImportScope:
    """As `scope.read_scope` does of a cluster.

    Raises:
        ConfigError: there is nothing of a namespace that the group names, or nothing at all.
    """
    named = group.namespaces_at(site)
    missing = [name for name in named if name not in survey.namespaces]
    if missing:
        raise ConfigError(
            f"the files hold nothing of namespace{'s' if len(missing) > 1 else ''} {', '.join(missing)}, which group "
            f"{group.name} names; add its manifests, or correct spec.namespaces"
        )
    chosen = named or sorted(survey.namespaces.keys() - set(group.exclude_namespaces))
    manifests = {name: survey.namespaces[name] or _plain_namespace(name) for name in chosen}
    rules = {name: dropped_by(manifest) for name, manifest in manifests.items()}
    kept = tuple(manifest for name, manifest in manifests.items() if not rules[name])
    if not kept:
        raise ConfigError(f"the files hold no namespace of group {group.name}; give others, or correct spec.namespaces")
    return ImportScope(
        manifests=kept,
        added=tuple(name for name in chosen if survey.namespaces[name] is None),
        dropped=tuple(rule for rule in rules.values() if rule),
        failures=tuple(
            f"core/namespaces: {name} is being deleted" for name in named if being_deleted(manifests[name], NO_FACTS)
        ),
    )


def _plain_namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
