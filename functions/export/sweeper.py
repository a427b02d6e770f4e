"""What a tick makes good: whatever a lost event, or a function that died, has left undone is pushed again.

Every push is a request object at the site in question, so a lost push is itself made good by a later tick.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from kubestandby.epochs import share_epoch
from kubestandby.errors import ObjectExistsError, StandbyError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.roles import CurrentEpoch, current_epoch
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import bound, error_facts
from kubestandby.runtime.webhooks.delivery_records import DeliveryRecords

from .lost_requests import push_requests
from .lost_snapshots import LostSnapshots
from .pushing import push_after_from_environment
from .spent_payloads import delete_spent_payloads
from .telling_versions import VersionsTeller

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Swept:
    """What one tick did: names of the requests that it wrote, and how many steps failed."""

    pushed: list[str] = field(default_factory=list)
    failed: int = 0

    def step(self, step: Callable[[], list[str]]) -> None:
        """Runs one step; what fails does not keep the others from running, and comes again with the next tick."""
        try:
            pushed = step()
        except StandbyError as error:
            self.failed += 1
            _LOG.warning("sweep_failed", extra=error_facts(error))
            return
        self.pushed += pushed
        for name in pushed:
            _LOG.warning("pushed_again", extra={"request": name})


class Sweeper:
    """Carries out ticks for the sites that this process serves."""

    def __init__(self, context: Context, push_after: timedelta | None = None) -> None:
        """`push_after`: how long an event may take before it counts as lost; by default the environment's."""
        self._context = context
        self._push_after = push_after_from_environment() if push_after is None else push_after

    def sweep(self) -> Mapping[str, Any]:
        """Sweeps every group at every site; returns what was pushed and how many steps failed.

        Clusters are asked when all else is done: one that does not answer must not hold up what its loss has asked for.
        """
        swept, teller = _Swept(), VersionsTeller(self._context)
        served = [(group, site) for group in self._context.groups for site in self._context.served_sites(group)]
        for group, site in served:
            with bound(group=group.name, site=site.name):
                self._sweep_site(group, site, swept)
        for group, site in served:
            with bound(group=group.name, site=site.name):
                swept.step(partial(_told, teller, group, site))
        return {"pushed": swept.pushed, "failed": swept.failed}

    def _sweep_site(self, group: ProtectionGroup, site: Site, swept: _Swept) -> None:
        swept.step(lambda: self._requests(group, site))
        swept.step(lambda: self._snapshots(group, site))
        swept.step(lambda: self._epoch(group, site))
        swept.step(lambda: self._payloads(group, site))
        swept.step(lambda: self._deliveries(group, site))

    def _requests(self, group: ProtectionGroup, site: Site) -> list[str]:
        return push_requests(group, self._context.requests(site), self._context.clock.now(), self._push_after)

    def _snapshots(self, group: ProtectionGroup, site: Site) -> list[str]:
        epoch = self._context.roles(group).epoch
        lost = LostSnapshots(self._context, group, site, epoch.number, self._push_after)
        return lost.push_raw() if epoch.primary == site.name else lost.push_sanitized()

    def _epoch(self, group: ProtectionGroup, site: Site) -> list[str]:
        """A role change that the other site could not be told about when it was made is told to it now."""
        other = group.other_site(site.name)
        theirs, ours = self._roles_at(group, other), self._roles_at(group, site)
        if theirs.epoch.number < ours.epoch.number and ours.record:
            with suppress(ObjectExistsError):
                share_epoch(self._context.store(other.control), ours.epoch, ours.record)
            _LOG.info("epoch_shared", extra={"told": other.name, "epoch": ours.epoch.number})
        return []

    def _deliveries(self, group: ProtectionGroup, site: Site) -> list[str]:
        """Records of webhook deliveries that are too old to come again go."""
        DeliveryRecords(self._context.store(site.control), self._context.clock).drop_old(group.name)
        return []

    def _payloads(self, group: ProtectionGroup, site: Site) -> list[str]:
        """What imports brought along goes when it is not needed any more."""
        control = self._context.store(site.control)
        delete_spent_payloads(group, control, self._context.requests(site), self._context.clock.now())
        return []

    def _roles_at(self, group: ProtectionGroup, site: Site) -> CurrentEpoch:
        """The highest epoch that this site's control bucket alone shows."""
        return current_epoch(group, {site.name: self._context.store(site.control)}, self._context.keyring(site))


def _told(teller: VersionsTeller, group: ProtectionGroup, site: Site) -> list[str]:
    """The other site is told what this one's cluster serves: it may be the next to export."""
    teller.tell(group, site)
    return []
