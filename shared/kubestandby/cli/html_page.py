"""`status --html`: one page that stands alone. Pure. Every value is escaped; no script, nothing from elsewhere."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files

from kubestandby import __version__
from kubestandby.cli.restore_tables import changes_line, phases_line, rto_words
from kubestandby.cli.site_status import SiteStatus, StageStatus
from kubestandby.cli.status_tables import freshness
from kubestandby.cli.status_view import GroupStatus
from kubestandby.cli.wording import age, counted, duration, moment, printable
from kubestandby.reports import Change, Readiness, RestoreReport
from kubestandby.requests import Verdict
from kubestandby.snapshots import Stage

_STYLE = "status_page.css"


def page(statuses: list[GroupStatus]) -> str:
    """The whole page."""
    problems = sum(len(status.problems) for status in statuses)
    made = moment(statuses[0].now) if statuses else ""
    verdict = _pill(counted(problems, "thing") + " to act on", "bad") if problems else _pill("all is well", "good")
    body = "\n".join(_group(status) for status in statuses)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>kubestandby status</title>
<style>
{_style()}</style>
</head>
<body>
<header><div class="title"><h1>kubestandby status</h1>{verdict}</div>
<p>As of {_text(made)}, written by kubestandby {_text(__version__)}. This page does not update itself.</p></header>
<main>
{body}
</main>
</body>
</html>
"""


def _style() -> str:
    return files("kubestandby.cli").joinpath(_STYLE).read_text(encoding="utf-8")


def _text(value: object) -> str:
    """A value as HTML text: escaped, quotes included, without control characters."""
    return escape(printable(str(value)), quote=True)


def _pill(text: str, tone: str = "") -> str:
    return f'<span class="pill {tone}">{_text(text)}</span>'


def _group(status: GroupStatus) -> str:
    epoch = status.epoch
    since = f"since {moment(epoch.since)}: {epoch.reason}" if epoch.request else "as configured"
    scope = ", ".join(status.namespaces) or "all namespaces but those excluded"
    sites = "\n".join(_site(site, status) for site in sorted(status.sites, key=lambda site: site.role))
    reports = "\n".join(_report(site.report) for site in status.sites if site.report is not None)
    pills = "".join(
        _pill(text) for text in (f"primary: {epoch.primary}", f"epoch {epoch.number}", f"mode {status.mode}")
    )
    return f"""<section>
<div class="title"><h2>{_text(epoch.group)}</h2>{pills}</div>
<p class="soft">{_text(scope)}; roles {_text(since)}</p>
{_problems(status.problems)}
{_needed(status.sites)}
<div class="sites">
{sites}
</div>
{reports}
</section>"""


def _problems(problems: Iterable[str]) -> str:
    items = "".join(f"<li>{_text(problem)}</li>" for problem in problems)
    return f'<div class="card bad"><h3>To act on</h3><ul>{items}</ul></div>' if items else ""


def _needed(sites: Iterable[SiteStatus]) -> str:
    """What an administrator applies, where rights are missing."""
    return "".join(
        f'<div class="card bad"><h3>Rights missing at {_text(site.name)}</h3>'
        f"<p>For an administrator of its cluster: kubectl apply -f -</p><details><summary>manifest</summary>"
        f'<div class="scroll"><pre>{_lines(str(site.lacking.needs_privilege.get("manifest", "")))}</pre></div>'
        "</details></div>"
        for site in sites
        if site.lacking is not None
    )


def _lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.splitlines())


def _site(site: SiteStatus, status: GroupStatus) -> str:
    reached = _pill("unreachable", "bad") if site.unreachable else _pill("reachable", "good")
    rows = [(f"{stage} snapshot", _stage(site.stage(stage), status)) for stage in Stage]
    rows.append(("applied", _text(f"{site.applied.snapshot} ({site.applied.mode})") if site.applied else "-"))
    rows.append(("last restore", _last_restore(site, status)))
    rows.append(("last export", _last_export(site)))
    rows.append(("waiting", _waiting(site, status)))
    listed = "".join(f"<dt>{_text(name)}</dt><dd>{value}</dd>" for name, value in rows)
    head = f'<div class="title"><h3>{_text(site.name)}</h3>{_pill(site.role)}{reached}</div>'
    return f'<div class="card">{head}<dl>{listed}</dl></div>'


def _stage(newest: StageStatus | None, status: GroupStatus) -> str:
    if newest is None:
        return "-"
    tone = "good" if status.now <= newest.fresh_until else "bad"
    text = f"{newest.id}, {counted(newest.objects, 'object')}, taken {moment(newest.taken_at)}"
    return f"{_text(text)} {_pill(freshness(newest, status), tone)}"


def _last_restore(site: SiteStatus, status: GroupStatus) -> str:
    report = site.report
    if report is None:
        return "-"
    tone, word = ("good", "succeeded") if report.succeeded else ("bad", "did not succeed")
    return f"{_text(f'snapshot {report.snapshot}, {age(report.finished_at, status.now)} ago')} {_pill(word, tone)}"


def _last_export(site: SiteStatus) -> str:
    outcome = site.exported
    if outcome is None:
        return "-"
    tone = "bad" if outcome.verdict in (Verdict.FAILED, Verdict.REFUSED, Verdict.NEEDS_PRIVILEGE) else "good"
    return f"{_text(moment(outcome.finished_at))} {_pill(outcome.verdict, tone)}"


def _waiting(site: SiteStatus, status: GroupStatus) -> str:
    texts = (f"{request.action}, for {age(request.requested_at, status.now)}" for request in site.pending)
    return "<br>".join(_text(text) for text in texts) or "-"


def _report(report: RestoreReport) -> str:
    rpo = "-" if report.rpo_seconds is None else duration(report.rpo_seconds)
    figures = (
        ("purpose", report.purpose),
        ("finished", moment(report.finished_at)),
        ("objects", changes_line(report.results)),
        ("phases", phases_line(report) or "-"),
        ("RPO", rpo),
        ("RTO", rto_words(report)),
    )
    listed = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in figures)
    title = f"Last restore at {report.site}: snapshot {report.snapshot}, {report.mode}"
    return f'<div class="card"><h3>{_text(title)}</h3><dl>{listed}</dl>{_workloads(report)}{_objects(report)}</div>'


def _workloads(report: RestoreReport) -> str:
    rows = "".join(
        f"<tr><td>{_text(status.ref)}</td><td>{_readiness(status.readiness)}</td><td>{_text(status.message)}</td></tr>"
        for status in report.workloads
    )
    head = "<tr><th>workload</th><th>status</th><th>message</th></tr>"
    return f'<div class="scroll"><table><caption>Workloads</caption>{head}{rows}</table></div>' if rows else ""


def _readiness(readiness: Readiness) -> str:
    return _pill(readiness, "good" if readiness is Readiness.CURRENT else "bad")


def _objects(report: RestoreReport) -> str:
    rows = "".join(
        f"<tr><td>{_text(result.ref)}</td><td>{_change(result.change)}</td><td>{_text(result.reason)}</td></tr>"
        for result in report.results
    )
    head = "<tr><th>object</th><th>outcome</th><th>reason</th></tr>"
    count = counted(len(report.results), "object")
    return (
        f'<details><summary>{count}</summary><div class="scroll"><table>{head}{rows}</table></div></details>'
        if rows
        else ""
    )


def _change(change: Change) -> str:
    tones = {
        Change.CREATED: "good",
        Change.CONFIGURED: "warn",
        Change.PRUNED: "warn",
        Change.FAILED: "bad",
        Change.BLOCKED: "bad",
    }
    return _pill(change, tones.get(change, ""))
