"""Makes the sanitized twin of a raw snapshot: reads and verifies, applies the rules, commits under the same number.

The same raw snapshot always gives the same archive, so it does no harm to do this twice, or at two places at once.
Either the whole twin is committed or nothing.
"""

from collections import Counter
from dataclasses import dataclass, replace

from kubestandby import __version__
from kubestandby.archive import ArchiveBuilder, BuiltArchive
from kubestandby.errors import IntegrityError, ObjectExistsError, SnapshotNotFoundError
from kubestandby.groups import ProtectionGroup
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import ManifestEntry, RuleCount, SnapshotId, SnapshotIndex, Stage

from .gathering import gather
from .rules import sanitize


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
        ManifestError: a manifest cannot be understood; nothing was committed.
        StoreError: a bucket cannot be read or written.
    """
    source = raw.read_index(Stage.RAW, group.name, snapshot)
    twin = _existing_twin(sanitized, source)
    if twin:
        return SanitizeResult(twin, created=False)
    with ArchiveBuilder() as builder:
        fired = _fill(builder, raw, source)
        archive = builder.finish()
        index = _sanitized_index(source, archive, fired, _previous_digest(sanitized, source))
        return _commit(sanitized, source, index, archive)


def _fill(builder: ArchiveBuilder, raw: SnapshotStore, source: SnapshotIndex) -> Counter[str]:
    """Puts every object through the rules into the builder; returns how many objects each rule changed or left out."""
    context = gather(source.entries, raw.objects(source))
    fired: Counter[str] = Counter()
    for item in raw.objects(source):
        done = sanitize(item.manifest, context)
        fired.update(done.rules)
        if done.manifest is not None:
            builder.add(item.entry.ref, _plural(item.entry), done.manifest)
    return fired


def _plural(entry: ManifestEntry) -> str:
    """The resource's name, from the path `<namespace>/<plural>.<group>/<name>.yaml` that the index check has proven."""
    return entry.path.split("/")[1].removesuffix(f".{entry.ref.gvk.group or 'core'}")


def _sanitized_index(source: SnapshotIndex, archive: BuiltArchive, fired: Counter[str], previous: str) -> SnapshotIndex:
    return replace(
        source,
        stage=Stage.SANITIZED,
        tool_version=__version__,
        previous=previous,
        entries=archive.entries,
        content_sha256=archive.content_sha256,
        archive_sha256=archive.sha256,
        archive_size=archive.size,
        rules=tuple(RuleCount(rule=rule, count=count) for rule, count in sorted(fired.items())),
    )


def _previous_digest(sanitized: SnapshotStore, source: SnapshotIndex) -> str:
    """Digest of the newest sanitized snapshot below this one, "" for the first: the chain within the stage."""
    below = [number for number in sanitized.ids(Stage.SANITIZED, source.group) if number < source.id]
    return sanitized.index_digest(Stage.SANITIZED, source.group, below[-1]) if below else ""


def _commit(
    sanitized: SnapshotStore, source: SnapshotIndex, index: SnapshotIndex, archive: BuiltArchive
) -> SanitizeResult:
    try:
        sanitized.commit(index, archive)
    except ObjectExistsError as error:
        winner = _existing_twin(sanitized, source)
        if winner is None or winner.content_sha256 != index.content_sha256:
            raise ObjectExistsError(
                f"sanitized snapshot {index.group} {index.id} cannot be stored in {sanitized.url}: another version of "
                "kubestandby has begun it with another content; take a new snapshot of the group"
            ) from error
        return SanitizeResult(winner, created=False)
    return SanitizeResult(index, created=True)


def _existing_twin(sanitized: SnapshotStore, source: SnapshotIndex) -> SnapshotIndex | None:
    """The sanitized snapshot of this number, if there is one.

    Raises:
        IntegrityError: it was made from another raw snapshot: a primary that lost its bucket has counted from 1 again.
    """
    try:
        twin = sanitized.read_index(Stage.SANITIZED, source.group, source.id)
    except SnapshotNotFoundError:
        return None
    if (twin.source_cluster, twin.taken_at) != (source.source_cluster, source.taken_at):
        raise IntegrityError(
            f"snapshot {source.group} {source.id} taken at {source.taken_at.isoformat()} cannot be sanitized: "
            f"{sanitized.url} has one of this number from {twin.taken_at.isoformat()}; move that one out of the bucket"
        )
    return twin
