"""Tables of the demo. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli.arrival import Arrival
from kubestandby.cli.demo.app_cluster import Workload
from kubestandby.cli.demo.comparing import Compared
from kubestandby.cli.restore_tables import changes_line, rto_words
from kubestandby.cli.tables import BAD, DIM, GOOD, HEAD, cell, facts, table
from kubestandby.cli.wording import counted, duration
from kubestandby.reports import RestoreReport

_LISTED_AT_MOST = 60


def journey_table(arrival: Arrival, asked_at: datetime) -> RenderableType:
    """How a change came from the primary to the standby, and after how many seconds each part was there."""
    made = table("", ("after", "function", "object", "what"), right=("after",))
    for name, function, key, what in _journey(arrival):
        seen = arrival.seen_at.get(name, asked_at)
        made.add_row(cell(duration((seen - asked_at).total_seconds())), cell(function), cell(key), cell(what))
    return made


def _journey(arrival: Arrival) -> Iterable[tuple[str, str, str, str]]:
    outcome, raw, sanitized, report = arrival.exported, arrival.raw, arrival.sanitized, arrival.report
    if outcome is not None:
        yield "request", "webhook", f"requests/{outcome.group}/…", "the request, answered 202"
    if raw is not None:
        left_out = sum(rule.count for rule in raw.dropped)
        what = (
            f"{counted(len(raw.entries), 'object')}, {counted(len(raw.images), 'image')}; {left_out} left out by rule"
        )
        yield "raw", "export", f"raw/{raw.group}/{raw.id}/index.json", what
    if sanitized is not None:
        what = f"cleaned by {counted(len(sanitized.rules), 'rule')}"
        yield "sanitized", "sanitize", f"sanitized/{sanitized.group}/{sanitized.id}/index.json", what
    if report is not None:
        yield "restore", "restore", f"reports/{report.group}/{report.snapshot}/…", changes_line(report.results)


def ready_table(workloads: Sequence[Workload]) -> RenderableType:
    """The workloads of the application and their pods."""
    made = table("The application on the standby", ("workload", "ready", "status"))
    for workload in workloads:
        made.add_row(
            cell(workload.ref),
            cell(f"{workload.ready}/{workload.wanted}"),
            cell("Ready", GOOD) if workload.all_ready else cell("not ready", BAD),
        )
    return made


def comparison_table(compared: Sequence[Compared]) -> RenderableType:
    """Every object, or where there are many: every one that differs, and how many of each kind are equal."""
    made = table(
        "Standby against primary, as it was before the cut",
        ("object", "equal", "fields that differ"),
    )
    if len(compared) <= _LISTED_AT_MOST:
        for one in compared:
            made.add_row(cell(one.ref), _verdict(equal=one.equal), cell(", ".join(one.differs), BAD))
        return made
    for one in compared:
        if not one.equal:
            made.add_row(cell(one.ref), _verdict(equal=False), cell(", ".join(one.differs), BAD))
    equal = [one.ref.gvk.kind for one in compared if one.equal]
    for kind in sorted(set(equal)):
        made.add_row(cell(f"{counted(equal.count(kind), 'object')} of kind {kind}"), _verdict(equal=True), cell(""))
    return made


def _verdict(*, equal: bool) -> Text:
    return cell("yes", GOOD) if equal else cell("no", BAD)


def summary_table(report: RestoreReport, compared: Sequence[Compared], seconds: float, page: str) -> RenderableType:
    """What the demo has shown, in figures."""
    equal = sum(one.equal for one in compared)
    whole = equal == len(compared) and report.succeeded
    return facts(
        (
            (
                "verdict",
                cell("the application runs on the standby, equal to the primary's", GOOD)
                if whole
                else cell("not everything arrived", BAD),
            ),
            ("objects", f"{equal} of {len(compared)} equal, field by field"),
            ("RPO", cell("-" if report.rpo_seconds is None else duration(report.rpo_seconds), HEAD)),
            ("RTO", cell(rto_words(report), HEAD)),
            ("whole demo", cell(duration(seconds), DIM)),
            ("status page", page),
        )
    )
