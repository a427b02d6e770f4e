"""Who is primary: the role changes (epochs) of a group, and which of them holds.

Each change is one object, the same in the control bucket of every site that was told. The highest number that any
reachable control bucket shows holds; without any, the group's configured primary holds as epoch 1.

A change counts only if the restore function of the site that becomes primary has signed it, and if it holds the request
that an operator has signed for just this: this site, after just that epoch. So no key but an operator's begins an
epoch. The first epoch only writes down what is configured; the export function of the primary signs it. What does not
count is passed over, and said. Below an epoch that the trust file vouches for nothing is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.control_records import Place, RecordKind, Signed, read_record, sign_record
from kubestandby.creation import create_object
from kubestandby.errors import (
    ConfigError,
    ObjectMissingError,
    ObjectTooLargeError,
    RoleError,
    StoreError,
    StoreUnavailableError,
    UntrustedRecordError,
)
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SiteName
from kubestandby.stored_requests import believe_request

FIRST_EPOCH = 1
MAX_EPOCH_BYTES = 512 * 1024
MAX_DOUBTFUL = 64
"""Records that do not count, above one that does, before a bucket is taken for one that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One role change: from `since` on, `primary` is the site that exports.

    Attributes:
        request: name of the request that asked for it, "" for the configured beginning.
        reason: one sentence for the operator.
        previous: digest of the record of the epoch before it, "" where that is the configured beginning.
        asked: the request as the operator has signed it.
    """

    group: GroupName
    number: int
    primary: SiteName
    since: datetime
    request: str = ""
    reason: str = ""
    previous: str = ""
    asked: bytes = field(default=b"", repr=False)


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


@dataclass(frozen=True, slots=True)
class _Found:
    """An epoch that counts."""

    epoch: Epoch
    sha256: str
    record: bytes = b""


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
    vouched = _vouched(group, keyring)
    found = [vouched] if vouched else []
    unreachable: list[SiteName] = []
    doubtful: list[str] = []
    for site, store in controls.items():
        try:
            found += _highest(store, group, keyring, vouched, doubtful)
        except StoreError:
            unreachable.append(site)
    if controls and len(unreachable) == len(controls):
        names = ", ".join(unreachable)
        raise StoreUnavailableError(f"group {group.name}: no control bucket can be reached (sites {names}); check them")
    current = _highest_of(found, group)
    if current.rivals and not allow_rivals:
        epoch = current.epoch
        raise RoleError(
            f"group {group.name}: epoch {epoch.number} names {epoch.primary} and {current.rivals[0].primary} as"
            " primary; decide with a failover, which begins a higher epoch"
        )
    return replace(current, unreachable=tuple(unreachable), doubtful=tuple(doubtful))


def _highest_of(found: list[_Found], group: ProtectionGroup) -> CurrentEpoch:
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


def _vouched(group: ProtectionGroup, keyring: Keyring) -> _Found | None:
    """The epoch that the trust file vouches for, if it does for one of this group."""
    known = keyring.trust.epoch_of(group.name)
    if known is None:
        return None
    epoch = Epoch(
        group=group.name,
        number=known.number,
        primary=known.primary,
        since=known.since,
        reason=f"as version {keyring.trust.version} of the trust file says",
    )
    return _Found(epoch, known.sha256)


def configured_epoch(group: ProtectionGroup) -> Epoch:
    """The beginning: who is primary before anything is written down."""
    beginning = datetime(1970, 1, 1, tzinfo=UTC)
    return Epoch(group=group.name, number=FIRST_EPOCH, primary=group.primary, since=beginning, reason="as configured")


def begin_epoch(store: ObjectStore, keyring: Keyring, epoch: Epoch) -> bytes:
    """Signs a role change and writes it into a control bucket; returns the record, for the other sites' buckets.

    Raises:
        ObjectExistsError: that number is taken: somebody else changed roles at the same time.
        ConfigError: the key that has to sign it is not on this machine.
        StoreError: it could not be written.
    """
    role = KeyRole.EXPORT if epoch.number == FIRST_EPOCH else KeyRole.RESTORE
    record = sign_record(keyring, RecordKind.EPOCH, _place(epoch.group, epoch.number), epoch, role, epoch.primary)
    share_epoch(store, epoch, record)
    return record


def share_epoch(store: ObjectStore, epoch: Epoch, record: bytes) -> None:
    """Writes the record of a role change into another control bucket. Run again it finds itself done.

    Raises:
        ObjectExistsError: there is another record of that number.
        StoreError: it could not be written.
    """
    create_object(store, layout.epoch_key(epoch.group, epoch.number), record)


def _highest(
    store: ObjectStore, group: ProtectionGroup, keyring: Keyring, vouched: _Found | None, doubtful: list[str]
) -> list[_Found]:
    """The highest epoch in a bucket that counts, if there is one; what is passed over is said in `doubtful`.

    Raises:
        StoreError: the bucket cannot be read, or so much in it does not count that looking would take for ever.
    """
    prefix, lowest = layout.epoch_prefix(group.name), vouched.epoch.number if vouched else FIRST_EPOCH
    numbers = sorted({_number(key.removeprefix(prefix)) for key in store.list(prefix)}, reverse=True)
    looked_at = [number for number in numbers if number >= lowest]
    for number in looked_at[:MAX_DOUBTFUL]:
        try:
            return [_read(store, group, number, keyring, vouched)]
        except ObjectMissingError:
            continue
        except UntrustedRecordError as error:
            doubtful.append(str(error))
    if len(looked_at) > MAX_DOUBTFUL:
        doubtful.append(f"more than {MAX_DOUBTFUL} epochs in {store.url} do not count; it is taken for unreadable")
        raise StoreError(doubtful[-1])
    return []


def _read(store: ObjectStore, group: ProtectionGroup, number: int, keyring: Keyring, vouched: _Found | None) -> _Found:
    key = layout.epoch_key(group.name, number)
    what = f"epoch {key} in {store.url}"
    try:
        data = store.get(key, max_bytes=MAX_EPOCH_BYTES)
    except ObjectTooLargeError as error:
        raise UntrustedRecordError(f"{what} is larger than any of ours") from error
    if vouched and number == vouched.epoch.number:
        if codec.sha256_hex(data) != vouched.sha256:
            raise UntrustedRecordError(f"{what} is not the one that the trust file vouches for")
        return replace(vouched, record=data)
    found = _believed(data, group, number, keyring, what)
    return _Found(found.record, found.sha256, data)


def _believed(data: bytes, group: ProtectionGroup, number: int, keyring: Keyring, what: str) -> Signed[Epoch]:
    """The record in these bytes, if it counts."""
    roles = [KeyRole.EXPORT] if number == FIRST_EPOCH else [KeyRole.RESTORE]
    found = read_record(keyring, RecordKind.EPOCH, _place(group.name, number), data, Epoch, roles=roles, what=what)
    epoch = found.record
    if (epoch.group, epoch.number) != (group.name, number):
        raise UntrustedRecordError(f"{what} is that of another role change")
    try:
        group.site(epoch.primary)
    except ConfigError as error:
        raise UntrustedRecordError(f"{what} names {epoch.primary} as primary, which the group does not have") from error
    if found.key.site != epoch.primary:
        raise UntrustedRecordError(f"{what} names {epoch.primary} as primary, and is signed by {found.key.name}")
    if number > FIRST_EPOCH:
        _check_asked_for(epoch, keyring, what)
    return found


def _check_asked_for(epoch: Epoch, keyring: Keyring, what: str) -> None:
    """Makes sure that an operator has asked for this very change: of this site, after that very epoch.

    Raises:
        UntrustedRecordError: nobody has.
    """
    asked = f"the request that {what} was begun for"
    signed = believe_request(keyring, epoch.group, epoch.primary, epoch.request, epoch.asked, asked)
    request = signed.record
    if signed.key.role is not KeyRole.OPERATOR or request.action is not Action.FAILOVER or request.to != epoch.primary:
        raise UntrustedRecordError(f"{what} was not asked for by an operator: {asked} is another one")
    if (request.after_epoch + 1, request.after_sha256) != (epoch.number, epoch.previous):
        raise UntrustedRecordError(f"{what} does not follow the epoch after which it was asked for")


def _place(group: GroupName, number: int) -> Place:
    """Of no site: the same record lies in the buckets of all."""
    return Place(group=group, key=layout.epoch_key(group, number))


def _number(name: str) -> int:
    text = name.removesuffix(".json")
    is_number = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= 12
    return int(text) if is_number and name.endswith(".json") else 0
