"""From a delivery that may ask for an export to the request for it: not twice for one, and one for many.

Nothing here waits for the work: a few small objects are read and at most two written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Action
from kubestandby.request_log import Joined
from kubestandby.runtime.context import Context
from kubestandby.runtime.exclusion import Exclusion
from kubestandby.runtime.webhooks.delivery_records import DeliveryRecords

ORIGIN = "webhook"
_ROLES_HOLD = timedelta(seconds=5)
"""How long the primary is taken to be the one last seen: looking means listing another region's bucket too."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The request that a delivery asks for. `is_new`: written for it; `came_before`: the delivery was taken already."""

    request: str
    site: Site
    is_new: bool = False
    came_before: bool = False


@dataclass(frozen=True, slots=True)
class _Remembered:
    site: Site
    request: str
    seen_at: datetime


class Intake:
    """Takes deliveries. Remembers only what spares a look: the stores decide."""

    def __init__(self, context: Context, wait_seconds: float = 5.0) -> None:
        """`wait_seconds`: how long a delivery waits for others of its group before it is told to come again."""
        self._context = context
        self._exclusion = Exclusion(wait_seconds)
        self._remembered: dict[str, _Remembered] = {}

    def take(self, group: ProtectionGroup, webhook: str, delivery: str) -> Taken:
        """Finds or writes the request for this delivery; `delivery` is its id, "" where it has none.

        Raises:
            BusyError: too many of the group's are being taken; the same again in a while.
            RoleError: two sites claim to be primary.
            StoreError: a control bucket cannot be used.
        """
        with self._exclusion.hold(group.name):
            site, known = self._primary(group)
            control = self._context.store(site.control)
            records = DeliveryRecords(control, self._context.clock)
            record = records.find(group.name, webhook, delivery) if delivery else None
            if record:
                return Taken(record.request, site, came_before=True)
            joined = self._join(group, site, known)
            if delivery:
                # Last: a delivery whose request could not be written has to count as new when it comes again.
                records.add(group.name, webhook, delivery, joined.name)
            return Taken(joined.name, site, is_new=joined.is_new)

    def _primary(self, group: ProtectionGroup) -> tuple[Site, str]:
        """The site to ask, and a request of before that may still be waiting there."""
        remembered = self._remembered.get(group.name)
        if remembered and timedelta(0) <= self._context.clock.now() - remembered.seen_at < _ROLES_HOLD:
            return remembered.site, remembered.request
        site = group.site(self._context.roles(group).epoch.primary)
        known = remembered.request if remembered and remembered.site == site else ""
        self._remembered[group.name] = _Remembered(site, known, self._context.clock.now())
        return site, known

    def _join(self, group: ProtectionGroup, site: Site, known: str) -> Joined:
        joined = self._context.requests(site).join(group.name, Action.EXPORT, origin=ORIGIN, known=known)
        self._remembered[group.name] = _Remembered(site, joined.name, self._remembered[group.name].seen_at)
        return joined
