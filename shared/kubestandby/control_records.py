"""What functions and operators write down about their work, signed: requests, outcomes, epochs and so on.

A record is an envelope (DSSE) whose payload says for which group, site and key it was made, and when. So it counts only
where it was written: copied to another name, bucket or group it is as good as none. Who may sign which record is said
by the modules that read them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from kubestandby import codec
from kubestandby.errors import (
    IntegrityError,
    ObjectMissingError,
    ObjectTooLargeError,
    SnapshotError,
    UntrustedRecordError,
)
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import ANY_SITE, SITE_ROLES, KeyRole, TrustedKey
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SiteName

N = TypeVar("N")
T = TypeVar("T")


_LOG = logging.getLogger(__name__)
Doubt = Callable[[UntrustedRecordError], None]
"""Told of records that are passed over because they do not count."""


def log_doubt(error: UntrustedRecordError) -> None:
    """Says in the log that a record was passed over: somebody else has written to the bucket, or damaged it."""
    _LOG.error("record_not_believed", extra={"cause": str(error)})


class RecordKind(StrEnum):
    """What a record is; part of what is signed."""

    REQUEST = "request"
    OUTCOME = "outcome"
    EPOCH = "epoch"
    MARK = "mark"
    REPORT = "report"
    SERVED = "served"

    @property
    def payload_type(self) -> str:
        """DSSE's name of the payload."""
        return f"application/vnd.kubestandby.{self}.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies. `site` is the bucket's, "" for what is the same in the buckets of all sites."""

    group: GroupName
    key: str
    site: SiteName = ANY_SITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The payload: a record with its place and the moment of its signature."""

    group: GroupName
    site: SiteName
    key: str
    made_at: datetime
    record: codec.Raw


@dataclass(frozen=True, slots=True)
class Signed(Generic[T]):
    """A record that is believed: who signed it, when, and its bytes as they are stored."""

    record: T
    key: TrustedKey
    made_at: datetime
    data: bytes

    @property
    def sha256(self) -> str:
        """Of the stored bytes: how another record names this one."""
        return codec.sha256_hex(self.data)


def stored_record(store: ObjectStore, key: str, max_bytes: int, what: str) -> bytes:
    """The bytes of a record; `what` names it in errors.

    Raises:
        ObjectMissingError: there is none.
        UntrustedRecordError: it is larger than any of ours.
        StoreError: it cannot be read.
    """
    try:
        return store.get(key, max_bytes=max_bytes)
    except ObjectTooLargeError as error:
        raise UntrustedRecordError(f"{what} is larger than any of ours") from error


def believed(names: Iterable[N], read: Callable[[N], T], doubt: Doubt) -> Iterator[tuple[N, T]]:
    """The records of these names that count, one after the other; what is gone is passed over, what does not is told.

    Raises:
        StoreError: one cannot be read.
    """
    for name in names:
        try:
            yield name, read(name)
        except ObjectMissingError:
            continue
        except UntrustedRecordError as error:
            doubt(error)


def sign_record(
    keyring: Keyring, kind: RecordKind, place: Place, record: Any, role: KeyRole, site: SiteName = ANY_SITE
) -> bytes:
    """The record's bytes, signed now in the role; `site` is whose key of the role it is, where sites have their own.

    Raises:
        ConfigError: the key is not on this machine, or is not trusted.
    """
    statement = Statement(
        group=place.group,
        site=place.site,
        key=place.key,
        made_at=keyring.clock.now(),
        record=codec.Raw(codec.encode(record)),
    )
    signer_site = site if role in SITE_ROLES else ANY_SITE
    return keyring.sign_record(codec.encode(statement), kind.payload_type, role, signer_site)


def read_record(  # noqa: PLR0913 - what it has to be, and for where
    keyring: Keyring,
    kind: RecordKind,
    place: Place,
    data: bytes,
    type_: type[T],
    *,
    roles: Iterable[KeyRole],
    what: str,
) -> Signed[T]:
    """The record, once it is known to be signed for this place in one of the roles; `what` names it in errors.

    Raises:
        UntrustedRecordError: it is not.
    """
    try:
        attested = keyring.verify(data, kind.payload_type, roles, what)
        statement = codec.decode(attested.payload, Statement, what)
        attested.check_said_before(keyring.trust.records_until(attested.key), statement.made_at)
        record = codec.decode(bytes(statement.record), type_, what)
    except SnapshotError as error:
        known = f" (version {keyring.trust.version})" if isinstance(error, IntegrityError) else ""
        raise UntrustedRecordError(f"{error}{known}") from error
    if (statement.group, statement.site, statement.key) != (place.group, place.site, place.key):
        raise UntrustedRecordError(
            f"{what} was written as {statement.key} of group {statement.group} at {statement.site or 'all sites'},"
            " and was copied to where it is now"
        )
    return Signed(record, attested.key, statement.made_at, data)
