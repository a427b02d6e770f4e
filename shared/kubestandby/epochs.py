"""Changes of roles (epochs) as they lie in control buckets: written, shared, believed or not.

Each change is one object, the same in the bucket of every site that was told. It counts only if the restore function of
the site that becomes primary has signed it, and if it holds the request that an operator has signed for just this: this
site, after that epoch, and no other has begun since. So no key but an operator's changes roles. The first epoch only
writes down what is configured; the export function of the primary signs it.

A change takes the next number that is free: what somebody else has put at a number stands in nobody's way.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from kubestandby import codec, layout
from kubestandby.control_records import Place, RecordKind, read_record, sign_record, stored_record
from kubestandby.creation import create_object
from kubestandby.errors import ConfigError, ObjectMissingError, StoreError, UntrustedRecordError
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole, VouchedEpoch
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


@dataclass(frozen=True, slots=True)
class BelievedEpoch:
    """An epoch that counts. `after`: the number of the one after which it was asked for; mostly the one before it."""

    epoch: Epoch
    after: int
    sha256: str
    record: bytes = field(default=b"", repr=False)

    def is_overtaken_by(self, other: "BelievedEpoch") -> bool:
        """Whether the other one had begun before it: then this one is not what was asked for."""
        return self.after < other.epoch.number < self.epoch.number


class EpochRecords:
    """The epochs of one group in one control bucket."""

    def __init__(self, store: ObjectStore, group: ProtectionGroup, keyring: Keyring) -> None:
        self._store = store
        self._group = group
        self._keyring = keyring
        self._vouched = keyring.trust.epoch_of(group.name)

    def highest(self, doubtful: list[str]) -> list[BelievedEpoch]:
        """The highest epoch that counts, if there is one; what is passed over is said in `doubtful`.

        Below what the trust file vouches for nothing is looked at.

        Raises:
            StoreError: the bucket cannot be read, or so much in it does not count that looking would take for ever.
        """
        lowest = self._vouched.number if self._vouched else FIRST_EPOCH
        numbers = sorted((one for one in numbers_in(self._store, self._group.name) if one >= lowest), reverse=True)
        for number in numbers[:MAX_DOUBTFUL]:
            try:
                found = self._read(number)
                between = [other for other in numbers if found.after < other < number]
                self._check_few(len(between), doubtful)
                self._check_follows(found, between)
            except ObjectMissingError:
                continue
            except UntrustedRecordError as error:
                doubtful.append(str(error))
            else:
                return [found]
        self._check_few(len(numbers), doubtful)
        return []

    def _check_follows(self, found: BelievedEpoch, between: list[int]) -> None:
        """Makes sure that nothing that counts has begun between an epoch and the one after which it was asked for.

        There is anything at all only where somebody else had taken the numbers.
        """
        for number in between:
            other = self._read_if_it_counts(number)
            if other and found.is_overtaken_by(other):
                raise UntrustedRecordError(
                    f"{self._what(found.epoch.number)} was asked for after epoch {found.after}, and {number} has begun"
                    " since"
                )

    def _check_few(self, number: int, doubtful: list[str]) -> None:
        if number > MAX_DOUBTFUL:
            doubtful.append(
                f"more than {MAX_DOUBTFUL} epochs of group {self._group.name} in {self._store.url} do not count; it is"
                " taken for unreadable until they are moved out"
            )
            raise StoreError(doubtful[-1])

    def _read_if_it_counts(self, number: int) -> BelievedEpoch | None:
        try:
            return self._read(number)
        except (UntrustedRecordError, ObjectMissingError):
            return None

    def _read(self, number: int) -> BelievedEpoch:
        what = self._what(number)
        data = stored_record(self._store, layout.epoch_key(self._group.name, number), MAX_EPOCH_BYTES, what)
        if self._vouched and number == self._vouched.number:
            return _as_vouched(self._vouched, data, self._keyring, what)
        return _believed(data, self._group, number, self._keyring, what)

    def _what(self, number: int) -> str:
        return f"epoch {layout.epoch_key(self._group.name, number)} in {self._store.url}"


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


def free_number(controls: Iterable[ObjectStore], group: GroupName, after: int) -> int:
    """The lowest number above `after` that is free in every bucket that can be reached."""
    taken: set[int] = set()
    for store in controls:
        with suppress(StoreError):
            taken |= numbers_in(store, group)
    number = after + 1
    while number in taken:
        number += 1
    return number


def numbers_in(store: ObjectStore, group: GroupName) -> set[int]:
    """The numbers that have an object in a control bucket, whatever is in it.

    Raises:
        StoreError: the bucket cannot be listed.
    """
    prefix = layout.epoch_prefix(group)
    return {_number(key.removeprefix(prefix)) for key in store.list(prefix)} - {0}


def vouched_epoch(group: ProtectionGroup, keyring: Keyring) -> BelievedEpoch | None:
    """The epoch that the trust file vouches for, if it does for one of this group."""
    known = keyring.trust.epoch_of(group.name)
    return _as_vouched(known, b"", keyring, "") if known else None


def _as_vouched(known: VouchedEpoch, data: bytes, keyring: Keyring, what: str) -> BelievedEpoch:
    """The epoch as the trust file has it, with its record where that is there."""
    if data and codec.sha256_hex(data) != known.sha256:
        raise UntrustedRecordError(f"{what} is not the one that the trust file vouches for")
    epoch = Epoch(
        group=known.group,
        number=known.number,
        primary=known.primary,
        since=known.since,
        reason=f"as version {keyring.trust.version} of the trust file says",
    )
    return BelievedEpoch(epoch, known.number - 1, known.sha256, data)


def _believed(data: bytes, group: ProtectionGroup, number: int, keyring: Keyring, what: str) -> BelievedEpoch:
    """The epoch in these bytes, if it counts by itself."""
    roles = [KeyRole.EXPORT] if number == FIRST_EPOCH else [KeyRole.RESTORE]
    place = _place(group.name, number)
    found = read_record(keyring, RecordKind.EPOCH, place, data, Epoch, roles=roles, what=what)
    epoch = found.record
    if (epoch.group, epoch.number) != (group.name, number):
        raise UntrustedRecordError(f"{what} is that of another role change")
    try:
        group.site(epoch.primary)
    except ConfigError as error:
        raise UntrustedRecordError(f"{what} names {epoch.primary} as primary, which the group does not have") from error
    if found.key.site != epoch.primary:
        raise UntrustedRecordError(f"{what} names {epoch.primary} as primary, and is signed by {found.key.name}")
    after = _asked_for_after(epoch, keyring, what) if number > FIRST_EPOCH else 0
    return BelievedEpoch(epoch, after, found.sha256, data)


def _asked_for_after(epoch: Epoch, keyring: Keyring, what: str) -> int:
    """After which epoch an operator has asked for this very change.

    Raises:
        UntrustedRecordError: nobody has.
    """
    asked = f"the request that {what} was begun for"
    signed = believe_request(keyring, epoch.group, epoch.primary, epoch.request, epoch.asked, asked)
    request = signed.record
    if signed.key.role is not KeyRole.OPERATOR or request.action is not Action.FAILOVER or request.to != epoch.primary:
        raise UntrustedRecordError(f"{what} was not asked for by an operator: {asked} is another one")
    if request.after_epoch >= epoch.number or request.after_sha256 != epoch.previous:
        raise UntrustedRecordError(f"{what} does not follow the epoch after which it was asked for")
    return request.after_epoch


def _place(group: GroupName, number: int) -> Place:
    """Of no site: the same record lies in the buckets of all."""
    return Place(group=group, key=layout.epoch_key(group, number))


def _number(name: str) -> int:
    text = name.removesuffix(".json")
    is_number = text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= 12
    return int(text) if is_number and name.endswith(".json") else 0
