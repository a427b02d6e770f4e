"""The table of `status`. Pure."""

from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli.restore_tables import changes_line
from kubestandby.cli.site_status import SiteStatus, StageStatus
from kubestandby.cli.status_view import GroupStatus
from kubestandby.cli.tables import BAD, DIM, GOOD, HEAD, WARN, cell, stacked, table
from kubestandby.cli.wording import age, counted, duration, moment
from kubestandby.snapshots import Stage


def status_view(status: GroupStatus) -> RenderableType:
    """One group: its roles, a row per site, and what to act on."""
    return stacked(_headline(status), _sites(status), _problems(status))


def _headline(status: GroupStatus) -> Text:
    epoch = status.epoch
    line = cell(f"{epoch.group}", HEAD)
    line.append(f": primary {epoch.primary}, epoch {epoch.number}, mode {status.mode}")
    if epoch.request:
        line.append(f", since {moment(epoch.since)} ({epoch.reason})", style=DIM)
    return line


def _sites(status: GroupStatus) -> RenderableType:
    made = table("", ("site", "role", "raw", "sanitized", "applied", "last restore", "waiting"))
    for site in sorted(status.sites, key=lambda site: site.role):
        made.add_row(
            cell(site.name, HEAD),
            cell(site.role),
            *(_stage(site, stage, status) for stage in Stage),
            cell(f"{site.applied.snapshot} ({site.applied.mode})") if site.applied else cell("-", DIM),
            last_restore(site, status),
            cell(len(site.pending) or "-", WARN if site.pending else DIM),
        )
    return made


def _stage(site: SiteStatus, stage: Stage, status: GroupStatus) -> Text:
    if site.unreachable:
        return cell("unreachable", BAD)
    newest = site.stage(stage)
    if newest is None:
        return cell("-", DIM)
    return cell(f"{newest.id}, {freshness(newest, status)}", GOOD if status.now <= newest.fresh_until else BAD)


def freshness(newest: StageStatus, status: GroupStatus) -> str:
    """Age of the state since it was last proven current, against its deadline."""
    word = "fresh" if status.now <= newest.fresh_until else "stale"
    return f"{age(newest.proven_at, status.now)} old, {word}"


def last_restore(site: SiteStatus, status: GroupStatus) -> Text:
    """The site's last restore in a line."""
    report = site.report
    if report is None:
        return cell("-", DIM)
    rto = "" if report.rto_seconds is None else f", RTO {duration(report.rto_seconds)}"
    text = f"{report.snapshot} {age(report.finished_at, status.now)} ago: {changes_line(report.results)}{rto}"
    return cell(text, GOOD if report.succeeded else BAD)


def _problems(status: GroupStatus) -> Text:
    if not status.problems:
        return cell("nothing to act on", GOOD)
    lines = [cell(f"{counted(len(status.problems), 'thing')} to act on:", BAD)]
    lines += [cell(f"  - {problem}") for problem in status.problems]
    return Text("\n").join(lines)
