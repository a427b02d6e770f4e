"""Heartbeats: signed proofs that at some moment the state was still that of a snapshot.

A heartbeat names the digest of the raw snapshot's index, so it cannot be used for another snapshot of the same number.
Moment and signature are the object's name, and the rest is known to whoever asks: what a list shows is judged without
reading an object, so that no number of foreign ones hides a good one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.errors import SnapshotError
from kubestandby.keys import dsse
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, SnapshotIndex

HEARTBEAT_TYPE = "application/vnd.kubestandby.heartbeat.v1+json"
_NAME = re.compile(r"(?P<time>[0-9]{8}T[0-9]{6}\.[0-9]{6}Z)-(?P<signature>(?:[0-9a-f]{2}){1,72})\.json")
"""The longest signature is one of P-256, in DER: 72 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """At `seen_at` the state was still that of the raw snapshot whose index has this digest."""

    group: GroupName
    snapshot: SnapshotId
    site: SiteName
    seen_at: datetime
    index_sha256: str


@dataclass(frozen=True, slots=True)
class StoredHeartbeat:
    """A signed heartbeat: its key, and its envelope for who wants to look at it. The same in every bucket."""

    key: str
    data: bytes


def sign_heartbeat(keyring: Keyring, index: SnapshotIndex, index_sha256: str, now: datetime) -> StoredHeartbeat:
    """A heartbeat of this raw snapshot, signed by the site that took it.

    Raises:
        ConfigError: there is no key here to sign it with.
    """
    moment = now.astimezone(UTC)
    data = keyring.sign(_said(index, index_sha256, moment), HEARTBEAT_TYPE, KeyRole.EXPORT, index.source_site)
    name = f"{layout.time_in_key(moment)}-{dsse.first_signature(data).hex()}"
    return StoredHeartbeat(layout.heartbeat_key(index.group, index.id, name), data)


def last_heartbeat(store: ObjectStore, keyring: Keyring, index: SnapshotIndex, raw_sha256: str) -> datetime | None:
    """When the state was last seen to be that of the snapshot, None where nothing in the bucket proves it.

    What is not signed, or speaks of another snapshot, proves nothing. `raw_sha256` is the digest of the raw index.

    Raises:
        StoreError: the bucket cannot be read.
    """
    prefix = f"{layout.heartbeat_prefix(index.group)}{index.id}/"
    names = (key.removeprefix(prefix) for key in reversed(store.list(prefix)))
    moments = (_proven_by(name, keyring, index, raw_sha256) for name in names)
    return next((moment for moment in moments if moment), None)


def _proven_by(name: str, keyring: Keyring, index: SnapshotIndex, raw_sha256: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        moment = layout.parse_time(found["time"])
        said = dsse.with_signature(_said(index, raw_sha256, moment), HEARTBEAT_TYPE, bytes.fromhex(found["signature"]))
        attested = keyring.verify(said, HEARTBEAT_TYPE, KeyRole.EXPORT, f"heartbeat {name}")
        attested.check_said_by(index.source_site, moment)
    except (ValueError, SnapshotError):  # a moment that there is none of; a signature that is not the site's
        return None
    return moment


def _said(index: SnapshotIndex, index_sha256: str, moment: datetime) -> bytes:
    return codec.encode(
        Heartbeat(
            group=index.group, snapshot=index.id, site=index.source_site, seen_at=moment, index_sha256=index_sha256
        )
    )
