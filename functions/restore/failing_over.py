"""Failover: this site becomes primary and the newest snapshot that it holds is brought up on it.

Works with the other site's cluster and buckets both unreachable. Everything that can be checked is checked before the
epoch is written: after it, there is no way back but another failover.
"""

import logging
from datetime import datetime

from kubestandby.errors import BadInputError, ObjectExistsError, RoleError, StoreError
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.reports import Purpose
from kubestandby.requests import Request, Verdict
from kubestandby.roles import CurrentEpoch, Epoch, begin_epoch, current_epoch
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.runtime.work import Result

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
            RoleError: somebody else changed roles at this moment.
            StandbyError: the snapshot is damaged, or this site's cluster or buckets cannot be used.
        """
        if request.to != site.name:
            raise BadInputError(f"request {request.name} is a failover to {request.to}, written at {site.name}")
        roles = current_epoch(group, self._context.controls(group), allow_rivals=True)
        is_primary = roles.epoch.primary == site.name and not roles.rivals
        if is_primary and roles.epoch.request != request.outcome_name:
            return _already(group, site, roles.epoch)
        index = self._restoring.choose(group, site, request.snapshot)
        if not is_primary:
            self._restoring.check(group, site, index, named=request.snapshot is not None)
            self._begin(group, site, roles, request)
        return self._restoring.restore(
            group, site, index, mode=RestoreMode.HOT, purpose=Purpose.FAILOVER, request=request
        )

    def _begin(self, group: ProtectionGroup, site: Site, roles: CurrentEpoch, request: Request) -> None:
        epoch = Epoch(
            group=group.name,
            number=roles.epoch.number + 1,
            primary=site.name,
            since=self._since(request),
            request=request.outcome_name,
            reason=f"failover asked for by {request.origin}",
        )
        try:
            begin_epoch(self._context.store(site.control), epoch)
        except ObjectExistsError as error:
            raise RoleError(
                f"group {group.name}: epoch {epoch.number} was begun by somebody else at this moment;"
                " look at `kubestandby status`, then fail over again if it is still needed"
            ) from error
        _LOG.warning("epoch_begun", extra={"epoch": epoch.number, "primary": site.name})
        self._tell(group, site, epoch)

    def _since(self, request: Request) -> datetime:
        """The request's time: run again, the same request writes the same epoch."""
        return request.requested_at

    def _tell(self, group: ProtectionGroup, site: Site, epoch: Epoch) -> None:
        """Writes the epoch at the other site too, if that can be reached; if not, a later tick does."""
        other = group.other_site(site.name)
        try:
            begin_epoch(self._context.store(other.control), epoch)
        except StoreError as error:
            _LOG.warning("epoch_not_shared", extra={"with": other.name, "epoch": epoch.number, **error_facts(error)})


def _already(group: ProtectionGroup, site: Site, epoch: Epoch) -> Result:
    message = (
        f"{site.name} is primary of {group.name} already, since epoch {epoch.number} ({epoch.since:%Y-%m-%d %H:%M}Z)"
    )
    return Result(verdict=Verdict.UNCHANGED, message=message)
