"""Makes the sanitized twin of a raw snapshot: reads, verifies, applies rules and transforms, commits under its number.

The same raw snapshot always gives the same archive, so it does no harm to do this twice, or at two places at once: it
says itself under which transforms it was taken, and is refused under others. Either the whole twin is committed or
nothing.
"""

from collections import Counter
from dataclasses import dataclass, replace

from kubestandby import __version__
from kubestandby.archive import ArchiveBuilder, BuiltArchive
from kubestandby.errors import IntegrityError, ObjectExistsError, SnapshotError, SnapshotNotFoundError
from kubestandby.groups import ProtectionGroup
from kubestandby.resources import ObjectRef
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import ManifestEntry, RuleCount, SnapshotId, SnapshotIndex, Stage

from .gathering import gather
from .rules import sanitize
from .transforming import Transforming


@dataclass(frozen=True, slots=True)
class SanitizeResult:
    """The sanitized snapshot's index, and whether this call committed it or found it there."""

    index: SnapshotIndex
    created: bool


def sanitize_snapshot(
    raw: SnapshotStore, sanitized: SnapshotStore, group: ProtectionGroup, snapshot: SnapshotId
) -> SanitizeResult:
    """Reads a snapshot from `raw` and commits its sanitized twin to `sanitized`, the standby site's bucket.

    What the export could not read (`failures`) is carried over: an incomplete snapshot stays incomplete.

    Raises:
        SnapshotNotFoundError: there is no such raw snapshot.
        IntegrityError: the raw snapshot is damaged, or there is a twin of this number that was made from another one.
        FormatError: the raw snapshot is not in our stored form.
        SnapshotError: the raw snapshot was taken under other transforms than the group has.
        ManifestError: a manifest cannot be understood, or a transform not be applied to it; nothing was committed.
        StoreError: a bucket cannot be read or written.
    """
    source = raw.read_index(Stage.RAW, group.name, snapshot)
    source_sha256 = raw.index_digest(Stage.RAW, group.name, snapshot)
    twin = _existing_twin(sanitized, source, source_sha256)
    if twin:
        return SanitizeResult(twin, created=False)
    transforming = _transforming(group, source)
    with ArchiveBuilder() as builder:
        fired = _fill(builder, raw, source, transforming)
        archive = builder.finish()
        index = _sanitized_index(source, archive, fired, transforming)
        return _commit(sanitized, _chained(index, sanitized, source_sha256), archive)


def _transforming(group: ProtectionGroup, source: SnapshotIndex) -> Transforming:
    """The transforms for the other site, which must be those under which the snapshot was taken."""
    if not group.transforms and not source.config_sha256:
        return Transforming(())
    target = group.other_site(source.source_site).name
    if group.sanitize_sha256(target) != source.config_sha256:
        raise SnapshotError(
            f"snapshot {source.group} {source.id} cannot be sanitized: it was exported under other transforms than the "
            "configuration has now; take a new snapshot of the group"
        )
    return Transforming(group.transforms_to(target))


def _fill(
    builder: ArchiveBuilder, raw: SnapshotStore, source: SnapshotIndex, transforming: Transforming
) -> Counter[str]:
    """Puts every object through rules and transforms into the builder; returns how many objects each rule concerned."""
    context = gather(source.entries, raw.objects(source), transforming.claims)
    transforming.note_bound(context)
    fired: Counter[str] = Counter()
    for item in raw.objects(source):
        done = sanitize(item.manifest, context)
        fired.update(done.rules)
        manifest = None if done.manifest is None else transforming.apply(done.manifest)
        if manifest is not None:
            builder.add(ObjectRef.of(manifest), _plural(item.entry), manifest, sealed=item.entry.sealed)
    return fired


def _plural(entry: ManifestEntry) -> str:
    """The resource's name, from the path `<namespace>/<plural>.<group>/<name>.yaml` that the index check has proven."""
    return entry.path.split("/")[1].removesuffix(f".{entry.ref.gvk.group or 'core'}")


def _sanitized_index(
    source: SnapshotIndex, archive: BuiltArchive, fired: Counter[str], transforming: Transforming
) -> SnapshotIndex:
    """The index but for what ties it to others."""
    rules = tuple(RuleCount(rule=rule, count=count) for rule, count in sorted(fired.items()))
    return replace(
        source,
        stage=Stage.SANITIZED,
        tool_version=__version__,
        namespaces=transforming.namespaces(source.namespaces),
        entries=archive.entries,
        content_sha256=archive.content_sha256,
        archive_sha256=archive.sha256,
        archive_size=archive.size,
        images=transforming.images.uses(source.images),
        rules=(*rules, *transforming.counts()),
        transforms=transforming.uses(),
        renamed_namespaces=transforming.renamed_namespaces,
    )


def _chained(index: SnapshotIndex, sanitized: SnapshotStore, source_sha256: str) -> SnapshotIndex:
    """The index tied to the raw one, and to the newest sanitized one below it: the chain within the stage."""
    below = [number for number in sanitized.ids(Stage.SANITIZED, index.group) if number < index.id]
    previous = sanitized.index_digest(Stage.SANITIZED, index.group, below[-1]) if below else ""
    return replace(index, previous=previous, previous_id=below[-1] if below else None, source_sha256=source_sha256)


def _commit(sanitized: SnapshotStore, index: SnapshotIndex, archive: BuiltArchive) -> SanitizeResult:
    try:
        sanitized.commit(index, archive)
    except ObjectExistsError as error:
        winner = _existing_twin(sanitized, index, index.source_sha256)
        if winner is None or winner.content_sha256 != index.content_sha256:
            raise ObjectExistsError(
                f"sanitized snapshot {index.group} {index.id} cannot be stored in {sanitized.url}: another version of "
                "kubestandby has begun it with another content; take a new snapshot of the group"
            ) from error
        return SanitizeResult(winner, created=False)
    return SanitizeResult(index, created=True)


def _existing_twin(sanitized: SnapshotStore, source: SnapshotIndex, source_sha256: str) -> SnapshotIndex | None:
    """The sanitized snapshot of this number, if there is one.

    Raises:
        IntegrityError: it was made from another raw snapshot: a primary that lost its bucket has counted from 1 again.
    """
    try:
        twin = sanitized.read_index(Stage.SANITIZED, source.group, source.id)
    except SnapshotNotFoundError:
        return None
    if twin.source_sha256 != source_sha256:
        raise IntegrityError(
            f"snapshot {source.group} {source.id} taken at {source.taken_at.isoformat()} cannot be sanitized: "
            f"{sanitized.url} has one of this number from {twin.taken_at.isoformat()}; move that one out of the bucket"
        )
    return twin
