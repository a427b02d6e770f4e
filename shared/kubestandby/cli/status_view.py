"""Gathers how a group stands: roles, newest snapshots, last restore, what waits. Reads stores; draws nothing.

A site that cannot be reached is part of the answer: `status` is what an operator looks at when one is down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from kubestandby.adapters.key_checking import SOON
from kubestandby.applied_marks import AppliedMark, AppliedMarks
from kubestandby.cli.reading import Reading, attempt
from kubestandby.cli.session import (
    Session,
    keyring_at,
    last_proof,
    marks_at,
    reports_at,
    requests_at,
    roles_of,
    snapshots_at,
)
from kubestandby.cli.site_status import FailedWork, SiteStatus, StageStatus
from kubestandby.cli.snapshot_view import Applied
from kubestandby.cli.status_problems import problems
from kubestandby.control_records import Doubt
from kubestandby.epochs import Epoch
from kubestandby.errors import UntrustedRecordError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Action, Function
from kubestandby.numbering import Reached
from kubestandby.reports import RestoreReport
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.roles import CurrentEpoch, configured_epoch
from kubestandby.snapshot_store import Survey
from kubestandby.snapshots import GroupName, Stage

_T = TypeVar("_T")
_LOOK_BACK = 20
"""How many of the newest export requests may be without an outcome before none is looked for."""

_WORK_ON = {Stage.RAW: Function.SANITIZE, Stage.SANITIZED: Function.RESTORE}
_FAILED = (Verdict.FAILED, Verdict.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStatus:
    """One group, and in `problems` every sentence that an operator should act on."""

    epoch: Epoch
    namespaces: tuple[str, ...]
    mode: str
    sites: tuple[SiteStatus, ...]
    problems: tuple[str, ...]
    now: datetime

    def site(self, role: str) -> SiteStatus:
        """The site in this role."""
        return next(site for site in self.sites if site.role == role)


def group_status(session: Session, group: ProtectionGroup) -> GroupStatus:
    """Reads everything that can be reached."""
    now = session.clock.now()
    roles = attempt(lambda: roles_of(group, allow_rivals=True)).value or CurrentEpoch(epoch=configured_epoch(group))
    epoch = roles.epoch
    sites = tuple(_site_status(session, group, site, epoch) for site in group.sites)
    return GroupStatus(
        epoch=epoch,
        namespaces=group.namespaces,
        mode=group.restore.mode,
        sites=sites,
        problems=(*_disputes(roles), *roles.doubtful, *_expiring(group, now), *problems(group, epoch, sites, now)),
        now=now,
    )


def _disputes(roles: CurrentEpoch) -> list[str]:
    claims = ", ".join(claim.primary for claim in (roles.epoch, *roles.rivals))
    step = f"decide with `kubestandby failover {roles.epoch.group} --to SITE`"
    return [f"epoch {roles.epoch.number} is claimed by {claims}; {step}"] if roles.rivals else []


def _expiring(group: ProtectionGroup, now: datetime) -> list[str]:
    """Keys that run out soon, or have, as the trust file says."""
    trust = attempt(lambda: keyring_at(group.sites[0]).trust).value if group.sites else None
    runs_out = ((name, until) for name, until in trust.expiries() if now + SOON >= until) if trust else ()
    return [
        f"{name} {'has expired' if now >= until else 'expires'} on {until:%Y-%m-%d};"
        " `kubestandby keys check` says what renews it"
        for name, until in runs_out
    ]


def _site_status(session: Session, group: ProtectionGroup, site: Site, epoch: Epoch) -> SiteStatus:
    doubts: list[UntrustedRecordError] = []
    mark = attempt(lambda: _last_mark(marks_at(site, doubts.append), group.name))
    reached = Reached(epoch.number, mark.value.snapshot if mark.value else None)
    surveys = attempt(lambda: {stage: snapshots_at(site).survey(stage, group.name, reached) for stage in Stage})
    found = surveys.value or {}
    stages = attempt(lambda: _stages(group, found))
    report = attempt(lambda: next(reports_at(site, doubts.append).restores(group.name), None))
    pending = attempt(lambda: _pending(session, group, site, doubts.append))
    exported = attempt(lambda: _last_export(session, group, site, doubts.append))
    # One reason for each of the two buckets: they repeat themselves with every folder.
    reasons = (_first_reason(surveys, stages, report), _first_reason(mark, pending, exported))
    return SiteStatus(
        name=site.name,
        role="primary" if site.name == epoch.primary else "standby",
        stages=stages.value or (),
        applied=Applied(mark.value.snapshot, site.name, mark.value.mode) if mark.value else None,
        report=report.value,
        pending=pending.value or (),
        exported=exported.value,
        lacking=attempt(lambda: _lacking(session, group, site, stages.value or (), report.value)).value,
        failed=attempt(lambda: tuple(_failed(session, group, site, stages.value or ()))).value or (),
        damaged=tuple(dict.fromkeys((*_damaged(site, found), *(_disbelief(site, doubt) for doubt in doubts)))),
        unreachable=tuple(dict.fromkeys(reason for reason in reasons if reason)),
    )


def _disbelief(site: Site, doubt: UntrustedRecordError) -> str:
    said = f"{site.name}: {doubt}"
    return said if "does not count" in said else f"{said}; it does not count"


def _last_mark(marks: AppliedMarks, group: GroupName) -> AppliedMark | None:
    """Of the highest snapshot that was restored the last mark: a warm standby that was failed over to is hot."""
    highest = marks.highest_mark(group)
    same = marks.of_snapshots(group, [highest.snapshot]) if highest else ()
    return max(same, key=lambda mark: mark.applied_at, default=None)


def _first_reason(*readings: Reading[Any]) -> str:
    return next((reading.unreachable for reading in readings if reading.unreachable), "")


def _stages(group: ProtectionGroup, surveys: Mapping[Stage, Survey]) -> tuple[StageStatus, ...]:
    newest = (survey.newest_complete for survey in surveys.values())
    return tuple(StageStatus.of(index, last_proof(group, index)) for index in newest if index)


def _damaged(site: Site, surveys: Mapping[Stage, Survey]) -> tuple[str, ...]:
    """What stands in the way of the newest complete snapshot, and what is wrong with it."""
    sentences = []
    for stage, survey in surveys.items():
        sentences += [f"{site.name}: {stage} snapshot {one.id} is damaged: {one.reason}" for one in survey.damaged]
        sentences += [f"{site.name}: {stage} {one.reason}" for one in survey.held]
        newest, complete = survey.newest, survey.newest_complete
        if newest and newest is not complete:
            sentences.append(f"{site.name}: {stage} snapshot {newest.id} is not complete: {'; '.join(newest.failures)}")
    return tuple(sentences)


def _pending(session: Session, group: ProtectionGroup, site: Site, doubt: Doubt) -> tuple[Request, ...]:
    log = requests_at(session, site)
    return tuple(_believed((partial(log.read, group.name, name) for name in log.pending(group.name)), doubt))


def _last_export(session: Session, group: ProtectionGroup, site: Site, doubt: Doubt) -> Outcome | None:
    """What came of the newest export request that has an outcome."""
    log = requests_at(session, site)
    names = [name for name in log.requests(group.name) if f"-{Action.EXPORT}-" in name]
    looks = (partial(log.outcome, group.name, name) for name in reversed(names[-_LOOK_BACK:]))
    return next((outcome for outcome in _believed(looks, doubt) if outcome is not None), None)


def _believed(looks: Iterable[Callable[[], _T]], doubt: Doubt) -> Iterator[_T]:
    """What counts of what is looked for."""
    for look in looks:
        try:
            yield look()
        except UntrustedRecordError as error:
            doubt(error)


def _lacking(
    session: Session,
    group: ProtectionGroup,
    site: Site,
    stages: tuple[StageStatus, ...],
    report: RestoreReport | None,
) -> Outcome | None:
    """The newest outcome at the site, where it is that rights were missing, and no restore has come through since."""
    log = requests_at(session, site)
    names = [*log.requests(group.name)[-_LOOK_BACK:], *(f"{Function.RESTORE}-{status.id}" for status in stages)]
    looks = (partial(log.outcome, group.name, name) for name in names)
    outcomes = (outcome for outcome in _believed(looks, lambda _: None) if outcome is not None)
    newest = max(outcomes, key=lambda outcome: outcome.finished_at, default=None)
    if newest is None or not newest.needs_privilege:
        return None
    overtaken = report is not None and report.succeeded and report.finished_at > newest.finished_at
    return None if overtaken else newest


def _failed(
    session: Session, group: ProtectionGroup, site: Site, stages: Iterable[StageStatus]
) -> Iterator[FailedWork]:
    log = requests_at(session, site)
    for status in stages:
        function = _WORK_ON[status.stage]
        looks = [partial(log.outcome, group.name, f"{function}-{status.id}")]
        for outcome in _believed(looks, lambda _: None):
            if outcome is not None and outcome.verdict in _FAILED:
                yield FailedWork(function, status.id, outcome)
