"""Finding a snapshot among the sites, whichever of them can be reached."""

from dataclasses import dataclass
from functools import partial
from itertools import product

from kubestandby.cli.reading import attempt
from kubestandby.cli.session import snapshots_at
from kubestandby.errors import SnapshotNotFoundError, StoreUnavailableError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.snapshots import GroupName, SnapshotId, SnapshotIndex, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a snapshot lies."""

    group: GroupName
    site: Site
    stage: Stage
    id: SnapshotId


@dataclass(frozen=True, slots=True)
class FoundIndex:
    """An index, and the site that it was read at."""

    site: Site
    index: SnapshotIndex


def find_snapshots(
    group: ProtectionGroup, snapshot: SnapshotId | None, stages: tuple[Stage, ...], *, everything: bool
) -> tuple[list[Found], list[str]]:
    """The places of one snapshot; of all; or, with neither asked for, of the newest of each stage and site.

    Returns what was found, and for each site that cannot be reached the reason.

    Raises:
        SnapshotNotFoundError: there is none at any site that can be reached.
        StoreUnavailableError: no site can be reached.
    """
    found: list[Found] = []
    reasons: list[str] = []
    for site, stage in product(group.sites, stages):
        reading = attempt(partial(snapshots_at(site).ids, stage, group.name))
        reasons += [f"{site.name}: {reading.unreachable}"] if reading.unreachable else []
        chosen = _chosen(reading.value or (), snapshot, everything=everything)
        found += [Found(group=group.name, site=site, stage=stage, id=id_) for id_ in chosen]
    if not found:
        _nothing_found(group, snapshot, reasons)
    return found, list(dict.fromkeys(reasons))


def _chosen(ids: tuple[SnapshotId, ...], snapshot: SnapshotId | None, *, everything: bool) -> tuple[SnapshotId, ...]:
    if snapshot is not None:
        return (snapshot,) if snapshot in ids else ()
    return ids if everything else ids[-1:]


def _nothing_found(group: ProtectionGroup, snapshot: SnapshotId | None, reasons: list[str]) -> None:
    unreached = f"; not all of its stores can be read: {reasons[0]}" if reasons else ""
    if snapshot is not None:
        raise SnapshotNotFoundError(
            f"group {group.name} has no snapshot {snapshot}; `kubestandby snapshots {group.name}` lists them{unreached}"
        )
    if reasons:
        raise StoreUnavailableError(f"no snapshot of group {group.name} can be read: {reasons[0]}")
    raise SnapshotNotFoundError(f"group {group.name} has no snapshot yet; `kubestandby export {group.name}` makes one")


def find_stage(group: ProtectionGroup, snapshot: SnapshotId | None, stage: Stage | None) -> FoundIndex:
    """The index of a snapshot, or of the newest complete one; in this stage, or the furthest that it has come to.

    Raises:
        SnapshotNotFoundError: there is none.
        FormatError, IntegrityError: it is there and damaged.
    """
    for wanted in (stage,) if stage else (Stage.SANITIZED, Stage.RAW):
        indexes = ((site, _index_at(group, site, wanted, snapshot)) for site in group.sites)
        found = [FoundIndex(site, index) for site, index in indexes if index is not None]
        if found:
            return max(found, key=lambda one: one.index.id)
    named = f"snapshot {snapshot}" if snapshot else "complete snapshot"
    place = f" in stage {stage}" if stage else ""
    raise SnapshotNotFoundError(
        f"group {group.name} has no {named}{place} at a site that can be reached;"
        f" `kubestandby snapshots {group.name}` shows all"
    )


def _index_at(group: ProtectionGroup, site: Site, stage: Stage, snapshot: SnapshotId | None) -> SnapshotIndex | None:
    store = snapshots_at(site)
    if snapshot is None:
        return attempt(lambda: store.newest_complete(stage, group.name)).value
    held = attempt(lambda: snapshot in store.ids(stage, group.name)).value
    return store.read_index(stage, group.name, snapshot) if held else None
