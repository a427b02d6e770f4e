"""Failover: this site becomes primary and the newest snapshot that it holds is brought up on it.

Works with the other site's cluster and buckets both unreachable. Everything that can be checked is checked before the
epoch is written: after it, there is no way back but another failover.
"""

import logging

from kubestandby.epochs import Epoch, begin_epoch, free_number, share_epoch
from kubestandby.errors import BadInputError, ObjectExistsError, RoleError, StoreError
from kubestandby.failovers import unfinished_failover
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.reports import Purpose
from kubestandby.requests import Request, Verdict
from kubestandby.roles import CurrentEpoch
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.runtime.work import Result
from kubestandby.snapshots import SnapshotIndex

from .restoring import Restoring

_LOG = logging.getLogger(__name__)


class FailingOver:
    """Carries out failover requests."""

    def __init__(self, context: Context, restoring: Restoring) -> None:
        self._context = context
        self._restoring = restoring

    def fail_over(self, group: ProtectionGroup, site: Site, request: Request) -> Result:
        """Makes the site primary and restores hot. A request that comes again after a crash goes on where it was.

        Raises:
            BadInputError: the request is for another site.
            SnapshotNotFoundError: there is nothing to fail over to; roles are as they were.
            RoleError: somebody else has changed roles since it was asked for, or changes them at this moment.
            StandbyError: the snapshot is damaged, or this site's cluster or buckets cannot be used.
        """
        if request.to != site.name:
            raise BadInputError(
                f"request {request.name} was written at {site.name} and is no failover to it; ask where it is to go"
            )
        roles = self._context.roles(group, allow_rivals=True)
        _check_timely(group, roles, request)
        claim = _claim_of(site, roles) if roles.epoch.number >= request.after_epoch else None
        if claim and claim.request != request.outcome_name and (request.snapshot is None or not roles.rivals):
            return self._stay_primary(group, site, roles, request)
        index = self._restoring.choose(group, site, request.snapshot, max(roles.epoch.number, request.after_epoch))
        if not claim:
            _check_epoch(group, index, request)
        if not claim or roles.rivals:
            overrides = self._restoring.check(group, site, index, request)
            self._begin(group, site, request, overrides)
        return self._restoring.restore(
            group, site, index, mode=RestoreMode.HOT, purpose=Purpose.FAILOVER, request=request
        )

    def _stay_primary(self, group: ProtectionGroup, site: Site, roles: CurrentEpoch, request: Request) -> Result:
        """The site is primary already; where another claims that too, a higher epoch ends it, and nothing is restored.

        A failover that did not come through is taken up again.
        """
        if not roles.rivals:
            return self._resume(group, site, roles.epoch, request) or _already(group, site, roles.epoch)
        return _settled(roles.epoch.number, self._begin(group, site, request))

    def _resume(self, group: ProtectionGroup, site: Site, epoch: Epoch, request: Request) -> Result | None:
        """Restores the same snapshot again; None where the failover that began the epoch has come through."""
        unfinished = unfinished_failover(group, epoch, self._context.requests(site), self._context.reports(site))
        if unfinished is None:
            return None
        if request.snapshot and unfinished.snapshot and request.snapshot != unfinished.snapshot:
            raise RoleError(
                f"group {group.name}: the failover of epoch {epoch.number} restores snapshot {unfinished.snapshot};"
                f" leave --snapshot out to go on with it, or go to {request.snapshot} with `kubestandby restore"
                f" {group.name} {request.snapshot} --site {site.name}`"
            )
        index = self._restoring.choose(group, site, unfinished.snapshot or request.snapshot, epoch.number)
        _LOG.warning("failover_resumed", extra={"epoch": epoch.number, "snapshot": str(index.id)})
        known = unfinished.snapshot is not None or request.snapshot is not None
        return self._restoring.restore(
            group, site, index, mode=RestoreMode.HOT, purpose=Purpose.FAILOVER, request=request, named=known
        )

    def _begin(
        self,
        group: ProtectionGroup,
        site: Site,
        request: Request,
        overrides: tuple[str, ...] = (),
    ) -> Epoch:
        asked = self._context.requests(site).signed(group.name, request.outcome_name)
        controls = self._context.controls(group).values()
        epoch = Epoch(
            group=group.name,
            number=free_number(controls, group.name, request.after_epoch),
            primary=site.name,
            since=asked.record.requested_at,
            request=request.outcome_name,
            reason="; ".join((f"failover asked for by {request.origin}", *map(_fact, overrides))),
            previous=request.after_sha256,
            asked=asked.data,
        )
        try:
            record = begin_epoch(self._context.store(site.control), self._context.keyring(site), epoch)
        except ObjectExistsError as error:
            raise RoleError(
                f"group {group.name}: epoch {epoch.number} was begun by somebody else at this moment;"
                " look at `kubestandby status`, then fail over again if it is still needed"
            ) from error
        _LOG.warning("epoch_begun", extra={"epoch": epoch.number, "primary": site.name})
        self._tell(group, site, epoch, record)
        return epoch

    def _tell(self, group: ProtectionGroup, site: Site, epoch: Epoch, record: bytes) -> None:
        """Writes the epoch at the other site too, if that can be reached; if not, a later tick does."""
        other = group.other_site(site.name)
        try:
            share_epoch(self._context.store(other.control), epoch, record)
        except StoreError as error:
            _LOG.warning("epoch_not_shared", extra={"with": other.name, "epoch": epoch.number, **error_facts(error)})


def _check_timely(group: ProtectionGroup, roles: CurrentEpoch, request: Request) -> None:
    """Makes sure that the roles are still those after which the failover was asked for, or those that it has begun.

    Who asked may have seen a higher epoch than can be seen from here: a bucket cannot be reached from everywhere.

    Raises:
        RoleError: they have changed since, or the request does not say which they were.
    """
    epoch = roles.epoch
    if epoch.number > request.after_epoch and epoch.request != request.outcome_name:
        since = f"epoch {request.after_epoch}" if request.after_epoch else "no epoch that it names"
        raise RoleError(
            f"group {group.name}: {request.outcome_name} was asked for in {since}, and {epoch.primary} is primary since"
            f" epoch {epoch.number}; look at `kubestandby status`, then ask again if it is still needed"
        )


def _claim_of(site: Site, roles: CurrentEpoch) -> Epoch | None:
    """The highest epoch, as far as it says that this site is primary."""
    return next((epoch for epoch in (roles.epoch, *roles.rivals) if epoch.primary == site.name), None)


def _check_epoch(group: ProtectionGroup, index: SnapshotIndex, request: Request) -> None:
    """What is older than the last change of roles would undo what the current primary, or this site, has done since.

    Raises:
        RoleError: the snapshot is, and the request does not name it.
    """
    if request.snapshot is None and index.id.epoch != request.after_epoch:
        raise RoleError(
            f"group {group.name}: the newest complete snapshot {index.id} is older than epoch {request.after_epoch},"
            " which holds now; export at its primary first, or name the snapshot to go back to it"
        )


def _fact(override: str) -> str:
    """What was passed over, without what to do about it: that has been done."""
    return override.partition("; ")[0]


def _settled(disputed: int, begun: Epoch) -> Result:
    message = (
        f"{begun.primary} is primary of {begun.group} since epoch {begun.number}, which ends the dispute over epoch"
        f" {disputed}; nothing was restored, since it was primary already"
    )
    return Result(verdict=Verdict.DONE, message=message)


def _already(group: ProtectionGroup, site: Site, epoch: Epoch) -> Result:
    message = (
        f"{site.name} is primary of {group.name} already, since epoch {epoch.number} ({epoch.since:%Y-%m-%d %H:%M}Z)"
    )
    return Result(verdict=Verdict.UNCHANGED, message=message)
