"""Gathers what is known of a group's snapshots at all its sites. Reads stores; draws nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Self

from kubestandby.cli.reading import attempt
from kubestandby.cli.session import marks_at, snapshots_at
from kubestandby.errors import StandbyError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, SnapshotIndex, Stage


@dataclass(frozen=True, slots=True)
class Held:
    """A snapshot in one stage at one site. `damage` is empty, or says why its index cannot be used."""

    stage: Stage
    site: SiteName
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """A site has restored a snapshot in this mode, by its signed mark."""

    snapshot: SnapshotId
    site: SiteName
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a row shows of an index: the index itself names every object, and there may be hundreds of indexes."""

    taken_at: datetime
    objects: int
    archive_size: int
    failures: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """As the index says."""
        return not self.failures

    @classmethod
    def of(cls, index: SnapshotIndex) -> Self:
        """Those of this index."""
        return cls(
            taken_at=index.taken_at,
            objects=len(index.entries),
            archive_size=index.archive_size,
            failures=index.failures,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRow:
    """One snapshot wherever it is. `figures` are of the furthest stage whose index can be read; None where none can."""

    id: SnapshotId
    figures: Figures | None
    held: tuple[Held, ...]
    applied: tuple[Applied, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the export could read everything (a damaged index counts as not complete)."""
        return self.figures is not None and self.figures.complete

    def at(self, stage: Stage) -> tuple[Held, ...]:
        """Where the snapshot is held in this stage."""
        return tuple(held for held in self.held if held.stage is stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOverview:
    """The snapshots of a group, newest first, and the buckets that could not be read."""

    group: GroupName
    now: datetime
    rows: tuple[SnapshotRow, ...]
    total: int
    unreachable: tuple[tuple[SiteName, str], ...] = ()

    @property
    def newest_complete(self) -> SnapshotId | None:
        """The newest snapshot that is complete."""
        return next((row.id for row in self.rows if row.complete), None)


@dataclass(slots=True)
class _Gathered:
    figures: dict[SnapshotId, Figures] = field(default_factory=dict)
    held: dict[SnapshotId, list[Held]] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    unreachable: list[tuple[SiteName, str]] = field(default_factory=list)


def overview(group: ProtectionGroup, now: datetime, limit: int) -> SnapshotOverview:
    """Reads the newest `limit` snapshots at every site that can be reached (0 means all)."""
    gathered = _Gathered()
    present: dict[tuple[SiteName, Stage], tuple[SnapshotId, ...]] = {}
    for site in group.sites:
        _list_site(site, group.name, present, gathered)
    everything = sorted({id_ for ids in present.values() for id_ in ids}, reverse=True)
    chosen = everything[: limit or None]
    for site in group.sites:
        _read_marks(site, group.name, chosen, gathered)
    for stage, site in product(Stage, group.sites):
        for id_ in sorted(set(chosen) & set(present.get((site.name, stage), ()))):
            _read(site, stage, group.name, id_, gathered)
    rows = tuple(_row(id_, gathered) for id_ in chosen)
    return SnapshotOverview(
        group=group.name, now=now, rows=rows, total=len(everything), unreachable=tuple(gathered.unreachable)
    )


def _list_site(
    site: Site, group: GroupName, present: dict[tuple[SiteName, Stage], tuple[SnapshotId, ...]], gathered: _Gathered
) -> None:
    stages = attempt(lambda: {stage: snapshots_at(site).ids(stage, group) for stage in Stage})
    present.update({(site.name, stage): ids for stage, ids in (stages.value or {}).items()})
    if stages.unreachable:
        gathered.unreachable.append((site.name, stages.unreachable))


def _read_marks(site: Site, group: GroupName, chosen: list[SnapshotId], gathered: _Gathered) -> None:
    marks = attempt(lambda: marks_at(site).of_snapshots(group, frozenset(chosen)))
    gathered.applied.extend(Applied(mark.snapshot, site.name, mark.mode) for mark in marks.value or ())
    if marks.unreachable and (site.name, marks.unreachable) not in gathered.unreachable:
        gathered.unreachable.append((site.name, marks.unreachable))


def _read(site: Site, stage: Stage, group: GroupName, id_: SnapshotId, gathered: _Gathered) -> None:
    try:
        gathered.figures[id_] = Figures.of(snapshots_at(site).read_index(stage, group, id_))
        damage = ""
    except StandbyError as error:
        damage = str(error)
    gathered.held.setdefault(id_, []).append(Held(stage, site.name, damage))


def _row(id_: SnapshotId, gathered: _Gathered) -> SnapshotRow:
    return SnapshotRow(
        id=id_,
        figures=gathered.figures.get(id_),
        held=tuple(gathered.held.get(id_, ())),
        applied=tuple(mark for mark in gathered.applied if mark.snapshot == id_),
    )
