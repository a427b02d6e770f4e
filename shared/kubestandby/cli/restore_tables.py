"""Tables of restores: the report, and the plan with its field diffs. Pure."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli.tables import BAD, DIM, GOOD, HEAD, WARN, cell, facts, stacked, table
from kubestandby.cli.wording import counted, duration, moment
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, FieldDiff, ObjectResult, Readiness, RestoreReport

_STYLES = {
    Change.CREATED: GOOD,
    Change.CONFIGURED: WARN,
    Change.UNCHANGED: DIM,
    Change.SKIPPED: DIM,
    Change.BLOCKED: BAD,
    Change.FAILED: BAD,
    Change.PRUNED: WARN,
}
_SIGNS = {
    Change.CREATED: "+",
    Change.CONFIGURED: "~",
    Change.UNCHANGED: "=",
    Change.SKIPPED: "o",
    Change.BLOCKED: "!",
    Change.FAILED: "!",
    Change.PRUNED: "-",
}
_PHASES = ("verify", "plan", "apply", "wait")
_VERBS = {
    Change.CREATED: "create",
    Change.CONFIGURED: "update",
    Change.UNCHANGED: "unchanged",
    Change.SKIPPED: "skip",
    Change.PRUNED: "delete",
}
_NEWS_FIRST = (
    Change.FAILED,
    Change.BLOCKED,
    Change.CREATED,
    Change.CONFIGURED,
    Change.PRUNED,
    Change.SKIPPED,
    Change.UNCHANGED,
)
_MOST_DRIFT = 50
"""Rows of the table of fields that others have set."""
_MOST_OBJECTS = 200
"""Rows of the table of objects: who has seen so many, the worst first, knows what to mend."""
_MOST_CURRENT = 20
"""Rows of workloads that are as they should be."""
_MOST_WAITING = 200
"""Rows of workloads that are not."""


def report_view(report: RestoreReport) -> RenderableType:
    """A restore: figures, the objects that were not simply unchanged, the workloads, the images.

    Thousands of rows would take with them what was on the screen; what is left out is counted.
    """
    return stacked(
        _report_facts(report),
        _results(report),
        _drift(report.results),
        _workloads(report),
        _images(report.images),
    )


def _report_facts(report: RestoreReport) -> RenderableType:
    verdict = cell("succeeded", GOOD) if report.succeeded else cell("did not succeed in full", BAD)
    return facts(
        (
            ("restore", verdict),
            ("snapshot", f"{report.snapshot} of {report.group}, {report.mode}, at {report.site}"),
            ("requested", moment(report.requested_at)),
            ("objects", changes_line(report.results)),
            ("held", _held_line(report)),
            ("restarted", ", ".join(str(ref) for ref in report.restarted)),
            ("phases", phases_line(report)),
            ("RPO", "" if report.rpo_seconds is None else Text(duration(report.rpo_seconds), style=HEAD)),
            ("RTO", Text(rto_words(report), style=HEAD)),
        )
    )


def _held_line(report: RestoreReport) -> str:
    if not report.held_deletions:
        return ""
    return f"{counted(report.held_deletions, 'deletion')}, too many at once: --prune-all if that is right"


def rto_words(report: RestoreReport) -> str:
    """Request until everything was Current; a restore that is not hot brings nothing up, so it has none."""
    if report.rto_seconds is not None:
        return duration(report.rto_seconds)
    return "not reached" if report.mode == RestoreMode.HOT else "-"


def changes_line(results: Iterable[ObjectResult]) -> str:
    """`3 created, 1 configured, 20 unchanged`: only what there is."""
    changes = [result.change for result in results]
    counts = [(change, changes.count(change)) for change in Change]
    return ", ".join(f"{count} {change}" for change, count in counts if count) or "none"


def phases_line(report: RestoreReport) -> str:
    """`verify 0.1 s, plan 0.4 s, ...`, in the order in which they ran."""
    names = sorted(report.phases, key=lambda name: _PHASES.index(name) if name in _PHASES else len(_PHASES))
    return ", ".join(f"{name} {duration(report.phases[name])}" for name in names)


def _results(report: RestoreReport) -> RenderableType | None:
    told = [result for result in report.results if result.change is not Change.UNCHANGED]
    if not told:
        return None
    told.sort(key=lambda result: (_order(result.change), result.ref))
    made = table("Objects", ("object", "outcome", "reason"))
    for result in told[:_MOST_OBJECTS]:
        made.add_row(cell(result.ref), cell(result.change, _STYLES[result.change]), cell(result.reason))
    rest = told[_MOST_OBJECTS:]
    more = f"and {len(rest)} more ({changes_line(rest)}); `kubestandby status {report.group} --html FILE` has all"
    return stacked(made, cell(more) if rest else None)


def _drift(results: tuple[ObjectResult, ...]) -> RenderableType | None:
    """What others have set beside what the snapshot says: on its way to being forgotten, or to surprise somebody."""
    fields = [(result.ref, drift) for result in results for drift in result.drift]
    if not fields:
        return None
    more = len(fields) - _MOST_DRIFT
    made = table(f"Set by others{f' ({more} more)' if more > 0 else ''}", ("object", "field", "value", "by"))
    for ref, drift in fields[:_MOST_DRIFT]:
        made.add_row(cell(ref), cell(drift.path), cell(drift.live), cell(drift.manager))
    return made


def _order(change: Change) -> int:
    """Bad news first."""
    return _NEWS_FIRST.index(change)


def _workloads(report: RestoreReport) -> RenderableType | None:
    """How far the workloads have come, those that are not Current first; None where there is none."""
    if not report.workloads:
        return None
    current = [status for status in report.workloads if status.readiness is Readiness.CURRENT]
    waiting = [status for status in report.workloads if status.readiness is not Readiness.CURRENT]
    made = table("Workloads", ("workload", "status", "message"))
    for status in (*waiting[:_MOST_WAITING], *current[:_MOST_CURRENT]):
        good = status.readiness is Readiness.CURRENT
        word = f"{status.readiness} (stalled)" if status.stalled else str(status.readiness)
        made.add_row(cell(status.ref), cell(word, GOOD if good else BAD), cell(status.message))
    return stacked(
        made,
        _more_workloads(report, len(waiting) - _MOST_WAITING, "not Current"),
        _more_workloads(report, len(current) - _MOST_CURRENT, "Current"),
    )


def _more_workloads(report: RestoreReport, count: int, state: str) -> RenderableType | None:
    if count <= 0:
        return None
    return cell(f"and {count} more {state}; `kubestandby status {report.group} --output json` has all")


def _images(images: tuple[str, ...]) -> RenderableType | None:
    if not images:
        return None
    made = table("Images needed at this site", ("image",))
    for image in images:
        made.add_row(cell(image))
    return made


def plan_view(report: RestoreReport) -> RenderableType:
    """What a restore would do: creates, updates with each field, blocked ones with the reason, the rest as a number."""
    told = [result for result in report.results if result.change not in (Change.UNCHANGED, Change.SKIPPED)]
    ordered = sorted(told, key=lambda result: (_order(result.change), result.ref))
    head = cell(f"Plan: snapshot {report.snapshot} of {report.group} at {report.site} ({report.mode})", HEAD)
    planned = [_planned(result) for result in ordered]
    return stacked(head, *planned, *_skipped(report), _drift(report.results), _plan_sum(report))


def _planned(result: ObjectResult) -> Text:
    verb = _VERBS.get(result.change, str(result.change))
    line = cell(f"{_SIGNS[result.change]} {verb} {result.ref}", _STYLES[result.change])
    if result.reason:
        line.append_text(cell(f": {result.reason}"))
    for diff in result.diffs:
        line.append("\n").append_text(_field(diff))
    return line


def _field(diff: FieldDiff) -> Text:
    text = cell(f"    {diff.path}: ")
    return (
        text.append_text(cell(diff.live or "(none)", BAD))
        .append(" -> ")
        .append_text(cell(diff.desired or "(none)", GOOD))
    )


def _skipped(report: RestoreReport) -> list[Text]:
    skipped = [result for result in report.results if result.change is Change.SKIPPED]
    return [cell(f"{_SIGNS[Change.SKIPPED]} skip {result.ref}: {result.reason}", DIM) for result in skipped]


def _plan_sum(report: RestoreReport) -> Text:
    parts = [
        f"{report.count(Change.CREATED)} to create",
        f"{report.count(Change.CONFIGURED)} to update",
        *([f"{report.count(Change.PRUNED)} to delete"] if report.count(Change.PRUNED) else []),
        f"{report.count(Change.UNCHANGED)} unchanged",
        f"{report.count(Change.BLOCKED) + report.count(Change.FAILED)} blocked",
    ]
    return cell(", ".join(parts) + f", of {counted(len(report.results), 'object')}", HEAD)
