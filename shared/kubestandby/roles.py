"""Who is primary: the role changes (epochs) of a group, and which of them holds.

Each change is one object in the control bucket of the site that made it. The highest number that any reachable control
bucket shows holds; without any, the group's configured primary holds as epoch 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectTooLargeError, RoleError, StoreError, StoreUnavailableError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SiteName

FIRST_EPOCH = 1
MAX_EPOCH_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One role change: from `since` on, `primary` is the site that exports.

    Attributes:
        request: name of the request that asked for it, "" for the configured beginning.
        reason: one sentence for the operator.
    """

    group: GroupName
    number: int
    primary: SiteName
    since: datetime
    request: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentEpoch:
    """The epoch that holds as far as can be seen from here.

    Attributes:
        unreachable: sites whose control bucket could not be read; there may be a higher epoch in it.
        rivals: epochs of the same number that name another primary; only with `allow_rivals`.
    """

    epoch: Epoch
    unreachable: tuple[SiteName, ...] = ()
    rivals: tuple[Epoch, ...] = ()


def current_epoch(
    group: ProtectionGroup, controls: Mapping[SiteName, ObjectStore], *, allow_rivals: bool = False
) -> CurrentEpoch:
    """Finds the highest epoch in all control buckets that can be reached.

    `allow_rivals` is for the failover that ends a dispute: it begins an epoch above all of them.

    Raises:
        RoleError: two sites claim to be primary under the same highest number.
        FormatError: the highest epoch of a bucket is damaged; nothing older is trusted in its place.
        StoreUnavailableError: no control bucket can be reached.
    """
    found: list[Epoch] = []
    unreachable: list[SiteName] = []
    for site, store in controls.items():
        try:
            found += _highest(store, group)
        except StoreError:
            unreachable.append(site)
    if controls and len(unreachable) == len(controls):
        names = ", ".join(unreachable)
        raise StoreUnavailableError(f"group {group.name}: no control bucket can be reached (sites {names}); check them")
    number = max((epoch.number for epoch in found), default=0)
    claims = sorted((epoch for epoch in found if epoch.number == number), key=lambda epoch: epoch.primary)
    if not claims:
        return CurrentEpoch(epoch=_configured(group), unreachable=tuple(unreachable))
    rivals = tuple(epoch for epoch in claims if epoch.primary != claims[0].primary)
    if rivals and not allow_rivals:
        raise RoleError(
            f"group {group.name}: epoch {number} names {claims[0].primary} and {rivals[0].primary} as primary;"
            " decide with a failover, which begins a higher epoch"
        )
    return CurrentEpoch(epoch=claims[0], unreachable=tuple(unreachable), rivals=rivals)


def begin_epoch(store: ObjectStore, epoch: Epoch) -> None:
    """Writes a role change into a control bucket. Run again with the same epoch it finds itself done.

    Raises:
        ObjectExistsError: that number is taken: somebody else changed roles at the same time.
        StoreError: it could not be written.
    """
    create_object(store, layout.epoch_key(epoch.group, epoch.number), codec.encode(epoch))


def _highest(store: ObjectStore, group: ProtectionGroup) -> list[Epoch]:
    prefix = layout.epoch_prefix(group.name)
    numbers = [_number(key.removeprefix(prefix)) for key in store.list(prefix)]
    number = max(numbers, default=0)
    if not number:
        return []
    key = layout.epoch_key(group.name, number)
    what = f"epoch {key} in {store.url}"
    try:
        data = store.get(key, max_bytes=MAX_EPOCH_BYTES)
    except ObjectTooLargeError as error:
        raise FormatError(str(error)) from error
    epoch = codec.decode(data, Epoch, what)
    if (epoch.group, epoch.number) != (group.name, number):
        raise FormatError(f"{what} is that of another role change")
    group.site(epoch.primary)
    return [epoch]


def _number(name: str) -> int:
    text = name.removesuffix(".json")
    is_number = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= 12
    return int(text) if is_number and name.endswith(".json") else 0


def _configured(group: ProtectionGroup) -> Epoch:
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    return Epoch(group=group.name, number=FIRST_EPOCH, primary=group.primary, since=beginning, reason="as configured")
