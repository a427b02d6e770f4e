"""Tables of snapshots and of one index. Pure."""

from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli.snapshot_view import Held, SnapshotOverview, SnapshotRow
from kubestandby.cli.tables import BAD, DIM, GOOD, WARN, cell, facts, stacked, table
from kubestandby.cli.wording import age, counted, moment, size
from kubestandby.snapshots import SnapshotIndex, Stage


def snapshots_table(overview: SnapshotOverview) -> RenderableType:
    """All snapshots, newest first; the newest complete one is marked; below, what is wrong with the others."""
    made = table(
        f"Snapshots of {overview.group}",
        ("id", "taken", "age", "objects", "size", "complete", "raw", "sanitized", "applied"),
        right=("age", "objects", "size"),
    )
    for row in overview.rows:
        made.add_row(*_snapshot_cells(row, overview))
    hidden = overview.total - len(overview.rows)
    more = cell(f"{counted(hidden, 'older snapshot')} not shown; --all shows them", DIM) if hidden else None
    first = f"no snapshot yet; `kubestandby export {overview.group}` makes one"
    empty = cell(first, DIM) if not overview.rows else None
    notes = [note for row in overview.rows for note in _notes(row)]
    return stacked(made if overview.rows else None, empty, more, *notes, *_unreachable(overview))


def _snapshot_cells(row: SnapshotRow, overview: SnapshotOverview) -> list[Text]:
    figures = row.figures
    if figures is None:
        cells = [cell("?", DIM)] * 4 + [cell("damaged", BAD)]
    else:
        newest = ", newest" if row.id == overview.newest_complete else ""
        complete = cell(f"yes{newest}", GOOD) if figures.complete else cell("no", WARN)
        cells = [
            cell(moment(figures.taken_at)),
            cell(age(figures.taken_at, overview.now)),
            cell(figures.objects),
            cell(size(figures.archive_size)),
            complete,
        ]
    places = [_places(row.at(stage)) for stage in Stage]
    applied = cell(", ".join(f"{mark.site} ({mark.mode})" for mark in row.applied) or "-")
    return [cell(row.id, "bold"), *cells, *places, applied]


def _places(held: tuple[Held, ...]) -> Text:
    texts = [cell(f"{place.site}!", BAD) if place.damage else cell(place.site) for place in held]
    return Text(", ").join(texts) if texts else cell("-", DIM)


def _notes(row: SnapshotRow) -> list[Text]:
    failures = row.figures.failures if row.figures else ()
    notes = [cell(f"{row.id} is not complete: {reason}", WARN) for reason in failures]
    damaged = [held for held in row.held if held.damage]
    return notes + [cell(f"{row.id} is damaged at {held.site} ({held.stage}): {held.damage}", BAD) for held in damaged]


def _unreachable(overview: SnapshotOverview) -> list[Text]:
    return [cell(f"{site} cannot be read: {reason}", BAD) for site, reason in overview.unreachable]


def index_view(index: SnapshotIndex, now: datetime, *, entries: bool) -> RenderableType:
    """One index: what it says of itself, then types, failures, images, rules, and the objects."""
    return stacked(
        _index_facts(index, now),
        _failures(index),
        _likely_secrets(index),
        _types(index),
        _images(index),
        _rules("Left out by the export", [(rule.rule, rule.count) for rule in index.dropped]),
        _rules("Changed by sanitize", [(rule.rule, rule.count) for rule in index.rules]),
        _entries(index) if entries else None,
    )


def _index_facts(index: SnapshotIndex, now: datetime) -> RenderableType:
    return facts(
        (
            ("snapshot", f"{index.id} of {index.group}, {index.stage}"),
            ("taken", f"{moment(index.taken_at)}, {age(index.taken_at, now)} ago"),
            ("fresh until", moment(index.fresh_until)),
            ("complete", cell("yes", GOOD) if index.complete else cell("no", WARN)),
            ("source", _source(index)),
            ("imported from", ", ".join(index.imported_from)),
            ("namespaces", ", ".join(index.namespaces)),
            ("objects", len(index.entries)),
            ("archive", f"{size(index.archive_size)}, sha256 {index.archive_sha256}"),
            ("content", f"sha256 {index.content_sha256}"),
            ("written by", f"kubestandby {index.tool_version}, format {index.format_version}"),
        )
    )


def _source(index: SnapshotIndex) -> str:
    if not index.source_cluster:
        return f"{index.source_site}, no cluster asked"
    return f"{index.source_site}, cluster {index.source_cluster}, Kubernetes {index.server_version}"


def _failures(index: SnapshotIndex) -> RenderableType | None:
    if not index.failures:
        return None
    made = table("Could not be read", ("what and why",))
    for failure in index.failures:
        made.add_row(cell(failure, WARN))
    return made


def _likely_secrets(index: SnapshotIndex) -> RenderableType | None:
    if not index.likely_secrets:
        return None
    made = table("Likely secrets in clear: move them to Secrets", ("object", "field", "why"))
    for one in index.likely_secrets:
        made.add_row(cell(one.object), cell(one.field, WARN), cell(one.reason))
    return made


def _types(index: SnapshotIndex) -> RenderableType:
    made = table("Types", ("kind", "version", "objects", "read at", "notes"), right=("objects",))
    for one in sorted(index.types, key=lambda one: (one.gvk.group, one.gvk.kind)):
        if one.count or one.incomplete:
            kind = f"{one.gvk.kind}.{one.gvk.group}" if one.gvk.group else one.gvk.kind
            made.add_row(
                cell(kind),
                cell(one.gvk.version),
                cell(one.count),
                cell(one.resource_version),
                cell(one.incomplete, WARN),
            )
    return made


def _images(index: SnapshotIndex) -> RenderableType | None:
    if not index.images:
        return None
    made = table("Images that a restore needs", ("image", "used by"))
    for image in index.images:
        made.add_row(cell(image.reference), cell(", ".join(image.used_by)))
    return made


def _rules(title: str, counts: list[tuple[str, int]]) -> RenderableType | None:
    if not counts:
        return None
    made = table(title, ("rule", "objects"), right=("objects",))
    for rule, count in counts:
        made.add_row(cell(rule), cell(count) if count else cell(count, WARN))
    return made


def _entries(index: SnapshotIndex) -> RenderableType:
    made = table("Objects", ("object", "size", "sha256"), right=("size",))
    for entry in index.entries:
        made.add_row(cell(entry.ref), cell(size(entry.size)), cell(entry.sha256[:12], DIM))
    return made
