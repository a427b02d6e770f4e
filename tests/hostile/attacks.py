"""What somebody can do to the objects between the functions: with a bucket only, or with a stolen key too."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kubestandby import codec, layout
from kubestandby.archive import ArchiveBuilder
from kubestandby.keys import dsse
from kubestandby.keys.making import make_keys
from kubestandby.keys.sealed_form import is_sealed
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.requests import Outcome
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshot_store import INDEX_TYPE
from kubestandby.snapshots import SnapshotIndex, Stage
from tests.fakes.keys import EAST, WEST, key_bundle
from tests.unit.runtime.world import SHOP, World, snapshot

PASSWORD = "aHVudGVyMi1jYW5hcnk="


def secret(name: str, value: str = PASSWORD) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop"},
        "type": "Opaque",
        "data": {"password": value},
    }


def world_with_secrets() -> World:
    """A shop with two Secrets, of which one snapshot has crossed and was restored."""
    world = World()
    world.clusters[EAST].put(secret("till"))
    world.clusters[EAST].put(secret("vault", "b3RoZXItY2FuYXJ5"))
    world.do("east", Action.EXPORT)
    return world


def next_snapshot(world: World) -> Outcome:
    """One more snapshot, whose events nobody has delivered yet."""
    world.set_price("east", f"{world.price('east')}0")
    request = world.ask("east", Action.EXPORT)
    world.deliver(next(event for event in world.events() if request.name in event.key))
    return world.outcome("east", request)


def fail_over(world: World, **fields: Any) -> Outcome:
    return world.do("west", Action.FAILOVER, to=WEST, **fields)


def index_key(stage: Stage, id_: str) -> str:
    return layout.index_key(stage, SHOP, snapshot(id_))


def archive_key(stage: Stage, id_: str) -> str:
    return layout.archive_key(stage, SHOP, snapshot(id_))


def edit(world: World, site: str, key: str, change: Callable[[bytes], bytes]) -> None:
    """What anybody can do who may write to the bucket."""
    objects = world.data(site).objects
    objects[key] = change(objects[key])


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def without_signature(data: bytes) -> bytes:
    return json.dumps({**json.loads(data), "signatures": []}).encode()


def signed_by_a_stranger(data: bytes) -> bytes:
    """The same payload, under the key id of the real one, by keys that the trust file does not have."""
    envelope = codec.decode(data, dsse.SignedEnvelope, "the index")
    strangers = make_keys((EAST, WEST), datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=9999))
    forged = dsse.sign(envelope.payload, INDEX_TYPE, [strangers.signer(KeyRole.SANITIZE, EAST)])
    made = codec.decode(forged, dsse.SignedEnvelope, "the index")
    named = tuple(replace(one, keyid=envelope.signatures[0].keyid) for one in made.signatures)
    return codec.encode(replace(made, signatures=named))


def signed_by(role: KeyRole, site: str) -> Callable[[bytes], bytes]:
    """The same payload, signed by a trusted key of another role or site."""

    def change(data: bytes) -> bytes:
        envelope = codec.decode(data, dsse.SignedEnvelope, "the index")
        signer = key_bundle().signer(role, EAST if site == "east" else WEST)
        return dsse.sign(envelope.payload, INDEX_TYPE, [signer])

    return change


def forge(world: World, id_: str, change: Callable[[Manifest], Manifest], **fields: Any) -> SnapshotIndex:
    """The sanitized snapshot made anew by somebody who has the key of sanitize; nothing but the bytes is old."""
    store = world.snapshots("west")
    index = store.read_index(Stage.SANITIZED, SHOP, snapshot(id_))
    items = list(store.objects(index))
    for key in (index_key(Stage.SANITIZED, id_), archive_key(Stage.SANITIZED, id_)):
        del world.data("west").objects[key]
    with ArchiveBuilder() as builder:
        for item in items:
            manifest = change(item.manifest)
            plural = item.entry.path.split("/")[1].rpartition(".")[0]
            builder.add(ObjectRef.of(manifest), plural, manifest, sealed=is_sealed(manifest))
        archive = builder.finish()
        forged = replace(
            index,
            entries=archive.entries,
            content_sha256=archive.content_sha256,
            archive_sha256=archive.sha256,
            archive_size=archive.size,
            **fields,
        )
        store.commit(forged, archive)
    return forged
