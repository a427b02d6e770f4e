"""Gathers how a group stands: roles, newest snapshots, last restore, what waits. Reads stores; draws nothing.

A site that cannot be reached is part of the answer: `status` is what an operator looks at when one is down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from kubestandby.adapters.key_checking import SOON
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
from kubestandby.cli.snapshot_view import Applied
from kubestandby.cli.wording import age
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
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage

_T = TypeVar("_T")
_LOOK_BACK = 20
"""How many of the newest export requests may be without an outcome before none is looked for."""

PATIENCE = timedelta(minutes=10)
"""A request that waits longer than this is a problem: functions run for five minutes at most (design.md, rule 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStatus:
    """The newest complete snapshot of a stage at a site, and when its state was last proven to be the current one."""

    stage: Stage
    id: SnapshotId
    taken_at: datetime
    proven_at: datetime
    fresh_until: datetime
    objects: int
    complete: bool

    @classmethod
    def of(cls, index: SnapshotIndex, proven_at: datetime) -> "StageStatus":
        """Reads an index; a later proof of its state moves the deadline by as much as it is younger."""
        return cls(
            stage=index.stage,
            id=index.id,
            taken_at=index.taken_at,
            proven_at=proven_at,
            fresh_until=index.fresh_until + (proven_at - index.taken_at),
            objects=len(index.entries),
            complete=index.complete,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site.

    Attributes:
        applied: the highest snapshot that its cluster has taken in.
        report: of its last restore.
        pending: requests without an outcome.
        exported: what came of the last export that was asked of it.
        lacking: the outcome of the newest work there, where rights on its cluster were missing for it.
        damaged: snapshots that cannot be used, or are not complete, and records that do not count, one sentence each.
        unreachable: for each of its buckets that cannot be read the reason.
    """

    name: SiteName
    role: str
    stages: tuple[StageStatus, ...] = ()
    applied: Applied | None = None
    report: RestoreReport | None = None
    pending: tuple[Request, ...] = ()
    exported: Outcome | None = None
    lacking: Outcome | None = None
    damaged: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()

    def stage(self, stage: Stage) -> StageStatus | None:
        """This stage's newest complete snapshot."""
        return next((status for status in self.stages if status.stage is stage), None)


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
        problems=(*_disputes(roles), *roles.doubtful, *_expiring(group, now), *problems(sites, now)),
        now=now,
    )


def _disputes(roles: CurrentEpoch) -> list[str]:
    claims = ", ".join(claim.primary for claim in (roles.epoch, *roles.rivals))
    step = "decide with `kubestandby failover`"
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
    mark = attempt(lambda: marks_at(site, doubts.append).highest_mark(group.name))
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
        damaged=(*_damaged(site, found), *(f"{site.name}: {doubt}; it does not count" for doubt in doubts)),
        unreachable=tuple(dict.fromkeys(reason for reason in reasons if reason)),
    )


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


def problems(sites: tuple[SiteStatus, ...], now: datetime) -> list[str]:
    """What an operator should act on, one sentence each. Pure."""
    found = [f"{site.name} cannot be reached: {reason}" for site in sites for reason in site.unreachable]
    found += [sentence for site in sites for sentence in site.damaged]
    found += [f"{site.name}: {site.lacking.message}" for site in sites if site.lacking]
    for site in sites:
        found += _standby_problems(site, now) if site.role == "standby" else []
        found += _export_problems(site) if site.role == "primary" else []
        found += _pending_problems(site, now)
    return found


def _export_problems(site: SiteStatus) -> list[str]:
    outcome = site.exported
    if outcome is not None and site.lacking is not None and outcome.request == site.lacking.request:
        return []
    if outcome is None:
        return []
    if in_clear := outcome.details.get("likely_secrets"):
        what = f"{site.name}: a likely secret is in clear in snapshot {outcome.snapshot}: {in_clear[0]}"
        more = f" and {len(in_clear) - 1} more, which `kubestandby show` names" if len(in_clear) > 1 else ""
        return [f"{what}{more}; move it to a Secret, or allow it in spec.scan"]
    if outcome.verdict not in (Verdict.FAILED, Verdict.REFUSED, Verdict.NEEDS_PRIVILEGE):
        return []
    return [f"{site.name}: the last export did not succeed: {outcome.message}"]


def _standby_problems(site: SiteStatus, now: datetime) -> list[str]:
    if site.unreachable:
        return []
    newest = site.stage(Stage.SANITIZED)
    if newest is None:
        return [f"{site.name} holds no complete snapshot to fail over to; `kubestandby run` makes one"]
    found = []
    if now > newest.fresh_until:
        found.append(
            f"{site.name}: snapshot {newest.id} is stale: its state was last proven {age(newest.proven_at, now)} ago"
        )
    if site.report is not None and not site.report.succeeded:
        found.append(f"{site.name}: the last restore, of snapshot {site.report.snapshot}, did not succeed")
    if site.report is not None and site.report.held_deletions:
        found.append(
            f"{site.name}: {site.report.held_deletions} deletions are held; `kubestandby restore {site.report.group} "
            "--prune-all` if what snapshot "
            f"{site.report.snapshot} no longer holds is to go"
        )
    return found


def _pending_problems(site: SiteStatus, now: datetime) -> list[str]:
    return [
        f"{site.name}: request {request.name} has waited {age(request.requested_at, now)} for its outcome"
        for request in site.pending
        if now - request.requested_at > PATIENCE
    ]
