"""Keys of the sites east and west, made once per process; sealed snapshots for tests that start from manifests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from kubestandby.adapters.key_folder import create_folder
from kubestandby.archive import ArchiveBuilder
from kubestandby.epochs import Epoch
from kubestandby.keys.age import AgeRecipients
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import KeyBundle, make_keys
from kubestandby.keys.sealed_form import is_sealed
from kubestandby.keys.sealed_stream import recipients_at
from kubestandby.keys.sealing import Origin, SnapshotSealer
from kubestandby.layout import Action
from kubestandby.ports import Clock, ObjectStore
from kubestandby.report_store import ReportStore
from kubestandby.request_log import RequestLog
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.roles import CurrentEpoch
from kubestandby.snapshot_store import INDEX_TYPE, SIGNED_BY, SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_store import MemoryStore

EAST, WEST = SiteName("east"), SiteName("west")
_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_LIFETIME = timedelta(days=20 * 365)


@cache
def key_bundle() -> KeyBundle:
    return make_keys((EAST, WEST), _MADE, _LIFETIME)


def keyring(clock: Clock | None = None) -> Keyring:
    keys = key_bundle()
    return Keyring(keys.trust, keys, clock or FakeClock())


def recipients(site: SiteName = EAST, clock: Clock | None = None) -> AgeRecipients:
    """Whom an import is sealed for."""
    return recipients_at(key_bundle().trust, site, clock or FakeClock())


def request_log(control: ObjectStore, clock: Clock | None = None, site: SiteName = EAST) -> RequestLog:
    return RequestLog(control, clock or FakeClock(), keyring(clock), site)


def report_store(data: ObjectStore, clock: Clock | None = None, site: SiteName = WEST) -> ReportStore:
    return ReportStore(data, keyring(clock), site)


def after(roles: CurrentEpoch) -> dict[str, Any]:
    """What a request to fail over says of the roles that its author has seen."""
    return {"after_epoch": roles.epoch.number, "after_sha256": roles.sha256}


def asked_epoch(  # what an operator's failover leaves, without the failover
    group: GroupName, number: int, primary: SiteName, *, now: datetime, previous: str = "", **fields: Any
) -> Epoch:
    """An epoch that an operator has asked for at the site; sign and write it with `roles.begin_epoch`."""
    scratch, clock = MemoryStore(), FakeClock(now)
    log = request_log(scratch, clock, primary)
    request = log.submit(
        group,
        Action.FAILOVER,
        origin="operator",
        to=primary,
        after_epoch=number - 1,
        after_sha256=previous,
    )
    asked = log.signed(group, request.name).data
    fields = {"since": now, "reason": "failover asked for", "request": request.name, "asked": asked, **fields}
    return Epoch(group=group, number=number, primary=primary, previous=previous, **fields)


def snapshot_store(store: ObjectStore, clock: Clock | None = None) -> SnapshotStore:
    return SnapshotStore(store, keyring(clock))


def sealer(group: str = "shop", source_cluster: str = "", site: SiteName = EAST) -> SnapshotSealer:
    return keyring().sealer(Origin(GroupName(group), source_cluster), site, (EAST, WEST))


def add_sealed(builder: ArchiveBuilder, sealing: SnapshotSealer, manifests: Iterable[Manifest]) -> None:
    """Puts manifests into an archive as an export does: under `<kind>s`, Secrets sealed."""
    for manifest in manifests:
        stored = sealing.seal(manifest)[0]
        plural = f"{manifest['kind'].lower()}s"
        builder.add(ObjectRef.of(manifest), plural, stored, sealed=is_sealed(stored))


def write_keys(folder: Path) -> Path:
    """All keys as files, in `keys/` of this folder."""
    if not (folder / "keys").exists():
        create_folder(folder / "keys", key_bundle())
    return folder / "keys"


def signed(payload: bytes, stage: Stage = Stage.RAW, site: SiteName = EAST) -> bytes:
    """Any bytes in the envelope of an index, signed by who signs indexes of this stage."""
    return keyring().sign(payload, INDEX_TYPE, SIGNED_BY[stage], site)
