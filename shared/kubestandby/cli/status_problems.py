"""What an operator should act on, one sentence each, with what to do. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kubestandby.cli.site_status import FailedWork, SiteStatus
from kubestandby.cli.wording import age
from kubestandby.epochs import Epoch
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import FUNCTION_OF, Function
from kubestandby.reports import Change, Purpose, Readiness, RestoreReport
from kubestandby.requests import Verdict
from kubestandby.snapshots import Stage

PATIENCE = timedelta(minutes=10)
"""A request that waits longer than this is a problem: functions run for five minutes at most (design.md, rule 4)."""

_REFUSED = (Change.FAILED, Change.BLOCKED)


def problems(group: ProtectionGroup, epoch: Epoch, sites: tuple[SiteStatus, ...], now: datetime) -> list[str]:
    """All of them, those first that the others may come from."""
    found = [f"{site.name} cannot be reached: {reason}" for site in sites for reason in site.unreachable]
    found += _ways_out(group, sites)
    found += [sentence for site in sites for sentence in site.damaged]
    found += [f"{site.name}: {site.lacking.message}" for site in sites if site.lacking]
    for site in sites:
        found += _restore_problems(group, site)
        if site.role == "primary":
            found += [*_empty_bucket(site, epoch, sites), *_export_problems(group, site, epoch)]
        else:
            found += _standby_problems(group, epoch, site, now)
        found += failures(site, sites)
        found += _pending_problems(site, now)
    return found


def _ways_out(group: ProtectionGroup, sites: tuple[SiteStatus, ...]) -> Iterator[str]:
    """Where the primary does not answer, and the standby holds something: what brings the application up there."""
    lost = [site for site in sites if site.role == "primary" and site.unreachable]
    for site in sites if lost else ():
        if site.role == "standby" and site.stage(Stage.SANITIZED):
            yield (
                f"{lost[0].name} is primary: if it is lost, and not only out of reach from here,"
                f" `kubestandby failover {group.name} --to {site.name}` brings the application up at {site.name}"
            )


def _empty_bucket(site: SiteStatus, epoch: Epoch, sites: tuple[SiteStatus, ...]) -> Iterator[str]:
    """What the standby has of the primary it has from its bucket: a folder that is not mounted looks like an empty one.

    The first snapshot of an epoch goes to both, raw first.
    """
    if site.unreachable or site.stage(Stage.RAW):
        return
    for other in sites:
        newest = other.stage(Stage.SANITIZED)
        if other is not site and newest and newest.id.epoch == epoch.number:
            yield (
                f"{site.name}: its data bucket has no complete snapshot, and {other.name} has {newest.id}, which came"
                " from there; see that it is the right bucket, and there as a whole"
            )


def _export_problems(group: ProtectionGroup, site: SiteStatus, epoch: Epoch) -> list[str]:
    """What came of the last export since the site is primary."""
    outcome = site.exported
    if outcome is not None and site.lacking is not None and outcome.request == site.lacking.request:
        return []
    if outcome is None or outcome.finished_at < epoch.since:
        return []
    if in_clear := outcome.details.get("likely_secrets"):
        what = f"{site.name}: a likely secret is in clear in snapshot {outcome.snapshot}: {in_clear[0]}"
        others = len(in_clear) - 1
        more = f" and {others} more, which `kubestandby show {group.name}` names" if others else ""
        return [f"{what}{more}; move it to a Secret, or allow it in spec.scan"]
    if outcome.verdict not in (Verdict.FAILED, Verdict.REFUSED, Verdict.NEEDS_PRIVILEGE):
        return []
    return [f"{site.name}: the last export did not succeed: {outcome.message}"]


def _standby_problems(group: ProtectionGroup, epoch: Epoch, site: SiteStatus, now: datetime) -> list[str]:
    if site.unreachable:
        return []
    newest = site.stage(Stage.SANITIZED)
    if newest is None:
        return [f"{site.name} holds no complete snapshot to fail over to; `kubestandby run {group.name}` makes one"]
    found = []
    if newest.id.epoch < epoch.number:
        found.append(
            f"{site.name}: its newest snapshot {newest.id} is from before the last change of roles (epoch"
            f" {epoch.number}), and a failover takes it only with --snapshot; `kubestandby run {group.name}` brings"
            f" over what {epoch.primary} has now"
        )
    elif now > newest.fresh_until:
        found.append(
            f"{site.name}: snapshot {newest.id} is stale: its state was last proven {age(newest.proven_at, now)} ago;"
            f" `kubestandby export {group.name}` shows why nothing newer came, and a failover to what there is needs"
            f" --accept-stale={newest.id}"
        )
    if site.report is not None and site.report.held_deletions:
        found.append(
            f"{site.name}: {site.report.held_deletions} deletions are held; `kubestandby restore {site.report.group} "
            "--prune-all` if what snapshot "
            f"{site.report.snapshot} no longer holds is to go"
        )
    return found


def _restore_problems(group: ProtectionGroup, site: SiteStatus) -> list[str]:
    """A restore that did not come through: at the standby, or the one of the failover that has made it primary."""
    report = site.report
    if report is None or report.succeeded:
        return []
    if site.role == "standby":
        what, again = "restore", f"kubestandby restore {group.name}"
    elif report.purpose is Purpose.FAILOVER:
        what, again = "failover", f"kubestandby failover {group.name} --to {site.name}"
    else:
        return []
    said = f"{site.name}: the last {what}, of snapshot {report.snapshot}, did not succeed: {_first_failure(report)}"
    return [f"{said}; mend that, then `{again}`"]


def _first_failure(report: RestoreReport) -> str:
    """The first object that was refused, or workload that does not come up, and how many more there are."""
    found = [f"{one.ref}: {one.reason or one.change}" for one in report.results if one.change in _REFUSED]
    found += [
        f"{one.ref} is {one.readiness}" + (f": {one.message}" if one.message else "")
        for one in report.workloads
        if one.readiness is not Readiness.CURRENT
    ]
    if not found:
        return "its report says why"
    return found[0] + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")


def failures(site: SiteStatus, sites: tuple[SiteStatus, ...]) -> list[str]:
    """Work on its snapshots that began by itself and failed, of which nothing has come since."""
    return [_failure(site, work) for work in site.failed if _still_stands(work, site, sites)]


def _failure(site: SiteStatus, work: FailedWork) -> str:
    what = "made restorable" if work.function is Function.SANITIZE else "taken in"
    return f"{site.name}: snapshot {work.snapshot} was not {what}: {work.outcome.message}"


def _still_stands(work: FailedWork, site: SiteStatus, sites: tuple[SiteStatus, ...]) -> bool:
    """Whether nothing has come of the snapshot since: a tick, or an operator, may have had it done again."""
    if work.function is Function.SANITIZE:
        made = [newest.id for other in sites if (newest := other.stage(Stage.SANITIZED))]
        return site.role == "primary" and not any(one >= work.snapshot for one in made)
    report = site.report
    done = report is not None and report.succeeded and report.finished_at > work.outcome.finished_at
    return site.role == "standby" and not done


def _pending_problems(site: SiteStatus, now: datetime) -> list[str]:
    return [
        f"{site.name}: request {request.name} has waited {age(request.requested_at, now)} for its outcome; what keeps"
        f" it say `kubestandby doctor --site {site.name}` and the log of the {FUNCTION_OF[request.action]} function"
        for request in site.pending
        if now - request.requested_at > PATIENCE
    ]
