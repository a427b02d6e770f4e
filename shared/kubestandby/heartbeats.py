"""Heartbeats: signed proofs that at some moment the state was still that of a snapshot.

A heartbeat names the digest of the raw snapshot's index, so it cannot be used for another snapshot of the same number.
"""

import heapq
from dataclasses import dataclass
from datetime import UTC, datetime

from kubestandby import codec, layout
from kubestandby.errors import ObjectMissingError, ObjectTooLargeError, SnapshotError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, SnapshotIndex

HEARTBEAT_TYPE = "application/vnd.kubestandby.heartbeat.v1+json"
_MAX_BYTES = 64 * 1024
_LOOKED_AT = 8
"""Of the newest ones: what is not signed must not keep a reader busy for long."""

_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"


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
    """A signed heartbeat: its key and its bytes, the same in every bucket."""

    key: str
    data: bytes


def sign_heartbeat(keyring: Keyring, index: SnapshotIndex, index_sha256: str, now: datetime) -> StoredHeartbeat:
    """A heartbeat of this raw snapshot, signed by the site that took it.

    Raises:
        ConfigError: there is no key here to sign it with.
    """
    beat = Heartbeat(
        group=index.group, snapshot=index.id, site=index.source_site, seen_at=now, index_sha256=index_sha256
    )
    data = keyring.sign(codec.encode(beat), HEARTBEAT_TYPE, KeyRole.EXPORT, index.source_site)
    time = now.astimezone(UTC).strftime(_TIME_FORMAT)
    return StoredHeartbeat(layout.heartbeat_key(index.group, index.id, time), data)


def last_heartbeat(store: ObjectStore, keyring: Keyring, index: SnapshotIndex, raw_sha256: str) -> datetime | None:
    """When the state was last seen to be that of the snapshot, None where nothing in the bucket proves it.

    What is not signed, or speaks of another snapshot, proves nothing. `raw_sha256` is the digest of the raw index.

    Raises:
        StoreError: the bucket cannot be read.
    """
    prefix = f"{layout.heartbeat_prefix(index.group)}{index.id}/"
    newest = heapq.nlargest(_LOOKED_AT, store.list(prefix))
    moments = (_seen_at(store, keyring, key, index, raw_sha256) for key in newest)
    return next((moment for moment in moments if moment), None)


def _seen_at(store: ObjectStore, keyring: Keyring, key: str, index: SnapshotIndex, raw_sha256: str) -> datetime | None:
    try:
        data = store.get(key, max_bytes=_MAX_BYTES)
        attested = keyring.verify(data, HEARTBEAT_TYPE, KeyRole.EXPORT, f"heartbeat {key} in {store.url}")
        beat = codec.decode(attested.payload, Heartbeat, attested.what)
        attested.check_said_by(index.source_site, beat.seen_at)
    except (SnapshotError, ObjectMissingError, ObjectTooLargeError):
        return None
    said = (beat.group, beat.snapshot, beat.site, beat.index_sha256)
    return beat.seen_at if said == (index.group, index.id, index.source_site, raw_sha256) else None
