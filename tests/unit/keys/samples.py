"""Keys and objects that the tests of keys start from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import KeyBundle, make_keys
from kubestandby.keys.sealing import Origin, SnapshotSealer
from kubestandby.snapshots import GroupName, Sealing, SiteName, SnapshotId, SnapshotIndex, Stage
from tests.fakes.fake_clock import FakeClock

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
EAST, WEST = SiteName("east"), SiteName("west")
SHOP = Origin(GroupName("shop"), "uid-east")
FIRST = SnapshotId(1, 7)
DAY = timedelta(days=1)
PASSWORD = "aHVudGVyMg=="


def bundle() -> KeyBundle:
    return make_keys((EAST, WEST), NOON)


def keyring(keys: KeyBundle, now: datetime = NOON) -> Keyring:
    return Keyring(keys.trust, keys, FakeClock(now))


def sealer(keys: KeyBundle, origin: Origin = SHOP) -> SnapshotSealer:
    return keyring(keys).sealer(origin, EAST, (EAST, WEST))


def secret(name: str = "till", namespace: str = "shop", **fields: Any) -> dict[str, Any]:
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "Opaque",
        "data": {"password": PASSWORD},
    }
    return {**made, **fields}


def config_map() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"a": "b"}}


def index_of(sealing: Sealing | None) -> SnapshotIndex:
    """An index of the snapshot `FIRST` of `SHOP`, as far as unsealing looks at it."""
    return SnapshotIndex(
        group=SHOP.group,
        id=FIRST,
        stage=Stage.SANITIZED,
        source_cluster=SHOP.source_cluster,
        source_site=EAST,
        server_version="",
        tool_version="",
        taken_at=NOON,
        fresh_until=NOON,
        previous="",
        namespaces=(),
        types=(),
        failures=(),
        entries=(),
        content_sha256="",
        archive_sha256="",
        archive_size=0,
        images=(),
        sealing=sealing,
    )
