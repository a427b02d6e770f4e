"""Who is primary: which of the role changes (`epochs`) of a group holds.

The highest number that counts in any reachable control bucket holds; without any, the group's configured primary holds
as epoch 1. What does not count is passed over, and said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kubestandby.epochs import FIRST_EPOCH, BelievedEpoch, Epoch, EpochRecords, vouched_epoch
from kubestandby.errors import RoleError, StoreError, StoreUnavailableError
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.keyring import Keyring
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import SiteName


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentEpoch:
    """The epoch that holds as far as can be seen from here.

    Attributes:
        sha256: of its record: how the next epoch names it; "" where it holds as configured.
        record: as it is stored, empty where it is not.
        unreachable: sites whose control bucket could not be read; there may be a higher epoch in it.
        rivals: epochs of the same number that name another primary; only with `allow_rivals`.
        doubtful: what was passed over, one sentence each.
    """

    epoch: Epoch
    sha256: str = ""
    record: bytes = field(default=b"", repr=False)
    unreachable: tuple[SiteName, ...] = ()
    rivals: tuple[Epoch, ...] = ()
    doubtful: tuple[str, ...] = ()


def current_epoch(
    group: ProtectionGroup,
    controls: Mapping[SiteName, ObjectStore],
    keyring: Keyring,
    *,
    allow_rivals: bool = False,
) -> CurrentEpoch:
    """Finds the highest epoch that counts in all control buckets that can be reached.

    `allow_rivals` is for the failover that ends a dispute: it begins an epoch above all of them.

    Raises:
        RoleError: two sites claim to be primary under the same highest number.
        StoreUnavailableError: no control bucket can be reached.
    """
    vouched = vouched_epoch(group, keyring)
    found = [vouched] if vouched else []
    unreachable: list[SiteName] = []
    doubtful: list[str] = []
    for site, store in controls.items():
        try:
            found += EpochRecords(store, group, keyring).highest(doubtful)
        except StoreError:
            unreachable.append(site)
    if controls and len(unreachable) == len(controls):
        names = ", ".join(unreachable)
        raise StoreUnavailableError(f"group {group.name}: no control bucket can be reached (sites {names}); check them")
    current = _highest_of([one for one in found if not any(map(one.is_overtaken_by, found))], group)
    if current.rivals and not allow_rivals:
        epoch = current.epoch
        raise RoleError(
            f"group {group.name}: epoch {epoch.number} names {epoch.primary} and {current.rivals[0].primary} as"
            " primary; decide with a failover, which begins a higher epoch"
        )
    return replace(current, unreachable=tuple(unreachable), doubtful=tuple(doubtful))


def configured_epoch(group: ProtectionGroup) -> Epoch:
    """The beginning: who is primary before anything is written down."""
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    return Epoch(group=group.name, number=FIRST_EPOCH, primary=group.primary, since=beginning, reason="as configured")


def _highest_of(found: list[BelievedEpoch], group: ProtectionGroup) -> CurrentEpoch:
    """The highest of all that count, with those that rival it."""
    number = max((one.epoch.number for one in found), default=0)
    claims = sorted(
        (one for one in found if one.epoch.number == number), key=lambda one: (one.epoch.primary, not one.record)
    )
    if not claims:
        return CurrentEpoch(epoch=configured_epoch(group))
    first = claims[0]
    rivals = tuple(one.epoch for one in claims if one.epoch.primary != first.epoch.primary)
    return CurrentEpoch(epoch=first.epoch, sha256=first.sha256, record=first.record, rivals=rivals)
