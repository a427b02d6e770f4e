"""Stored objects are flipped, stripped, swapped, replayed, moved and forged between the functions of a pipeline.

Each is caught by the first reader, and the last good snapshot still restores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kubestandby import codec, layout
from kubestandby.errors import IntegrityError, UnsealError
from kubestandby.heartbeats import StoredHeartbeat, sign_heartbeat
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import make_keys
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.reports import RestoreReport
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, Stage
from tests.fakes.keys import EAST, WEST, keyring
from tests.hostile.attacks import (
    PASSWORD,
    archive_key,
    edit,
    fail_over,
    flipped,
    forge,
    index_key,
    next_snapshot,
    secret,
    signed_by,
    signed_by_a_stranger,
    without_signature,
    world_with_secrets,
)
from tests.unit.runtime.world import SHOP, World, snapshot

DAY = 86_400
_MOMENT = "%Y%m%dT%H%M%S.%fZ"


@pytest.fixture
def world() -> World:
    return world_with_secrets()


def report_of(world: World, outcome: Outcome) -> RestoreReport:
    return world.context.reports(world.group.site("west")).read(outcome.report)


# what somebody can do who may write to a bucket

DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (flipped, "index"),
    (lambda data: data[: len(data) // 2], "index"),
    (lambda _: b"", "index"),
    (without_signature, "is not signed; only signed ones are used"),
    (signed_by_a_stranger, "the signature does not fit"),
    (signed_by(KeyRole.EXPORT, "west"), "is signed by"),
    (signed_by(KeyRole.RESTORE, "east"), "is not signed by a key that the trust file has for it"),
    (signed_by(KeyRole.SANITIZE, "east"), "is not signed by a key that the trust file has for it"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_raw_index_that_was_tampered_with_stops_at_sanitize(
    world: World, damage: Callable[[bytes], bytes], said: str
) -> None:
    next_snapshot(world)
    edit(world, "east", index_key(Stage.RAW, "1-2"), damage)

    world.settle()

    assert world.snapshots("west").ids(Stage.SANITIZED, SHOP) == (snapshot("1-1"),)
    assert said in world.snapshots("east").damaged(Stage.RAW, SHOP)[0].reason
    assert world.price("west") == "1"


@pytest.mark.parametrize(
    ("damage", "said"),
    [*DAMAGES[:5], (signed_by(KeyRole.SANITIZE, "west"), "is signed by"), (signed_by(KeyRole.EXPORT, "east"), "key")],
)
def test_sanitized_index_that_was_tampered_with_is_passed_over_in_a_failover(
    damage: Callable[[bytes], bytes], said: str
) -> None:
    world = world_with_secrets()
    next_snapshot(world)
    raw = next(event for event in world_events(world) if "raw/" in event.key)
    world.deliver(raw)
    edit(world, "west", index_key(Stage.SANITIZED, "1-2"), damage)

    outcome = fail_over(world)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert outcome.snapshot == snapshot("1-1")
    assert said in world.snapshots("west").damaged(Stage.SANITIZED, SHOP)[0].reason


def world_events(world: World) -> list[Any]:
    """Events for what is in the buckets, also where they were taken out already."""
    world._seen.clear()
    return [event for event in world.events() if "/1-2/" in event.key]


def test_archive_of_another_generation_is_not_restored(world: World) -> None:
    next_snapshot(world)
    world.settle()
    objects = world.data("west").objects
    objects[archive_key(Stage.SANITIZED, "1-2")] = objects[archive_key(Stage.SANITIZED, "1-1")]

    refused = fail_over(world)

    assert refused.verdict is Verdict.FAILED
    assert "the archive of snapshot shop 1-2 (sanitized)" in refused.message
    assert "epochs/shop/2.json" not in world.control("west").objects
    assert fail_over(world, snapshot=snapshot("1-1")).snapshot == snapshot("1-1")


def test_older_snapshot_that_was_put_in_front_is_not_restored_again(world: World) -> None:
    next_snapshot(world)
    world.settle()
    for key in (index_key(Stage.SANITIZED, "1-2"), archive_key(Stage.SANITIZED, "1-2")):
        del world.data("west").objects[key]

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.REFUSED
    assert "older than 1-2, which the standby has already had" in outcome.message


def test_site_remembers_what_it_has_had_where_the_cluster_was_made_anew(world: World) -> None:
    next_snapshot(world)
    world.settle()
    for key in (index_key(Stage.SANITIZED, "1-2"), archive_key(Stage.SANITIZED, "1-2")):
        del world.data("west").objects[key]
    world.clusters[WEST] = type(world.clusters[WEST])(uid="uid-new")
    world.context._clusters.clear()

    assert world.do("west", Action.RESTORE).verdict is Verdict.REFUSED


def test_deliberate_older_restore_is_on_record(world: World) -> None:
    next_snapshot(world)
    world.settle()

    outcome = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"))

    assert outcome.verdict is Verdict.DONE
    assert world.price("west") == "1"
    assert "older than 1-2" in report_of(world, outcome).overrides[0]


def test_snapshot_of_another_group_does_not_pass_for_ours(world: World) -> None:
    store = world.snapshots("west")
    ours = store.read_index(Stage.SANITIZED, SHOP, snapshot("1-1"))
    theirs = codec.encode(replace(ours, group="bank", id=snapshot("1-9")))  # type: ignore[type-var]
    sealed = keyring().sign(theirs, "application/vnd.kubestandby.snapshot.v1+json", KeyRole.SANITIZE, EAST)
    objects = world.data("west").objects
    objects[index_key(Stage.SANITIZED, "1-9")] = sealed
    objects[archive_key(Stage.SANITIZED, "1-9")] = objects[archive_key(Stage.SANITIZED, "1-1")]

    with pytest.raises(IntegrityError, match="that of another snapshot: bank 1-9"):
        store.read_index(Stage.SANITIZED, SHOP, snapshot("1-9"))
    assert fail_over(world).snapshot == snapshot("1-1")


def test_other_history_under_a_number_that_the_standby_has_had_is_refused(world: World) -> None:
    forge(world, "1-1", lambda manifest: manifest, source_sha256="f" * 64)

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.REFUSED
    assert "not the one of this number" in outcome.message


def test_snapshot_after_one_of_another_history_is_refused(world: World) -> None:
    next_snapshot(world)
    world.settle()
    forge(world, "1-1", lambda manifest: manifest, source_sha256="f" * 64)

    outcome = fail_over(world)

    assert outcome.verdict is Verdict.REFUSED
    assert "one of the two is from another history" in outcome.message


@pytest.mark.parametrize("gone", [False, True])
def test_arrival_of_a_damaged_snapshot_is_not_passed_over_in_silence(world: World, gone: bool) -> None:
    next_snapshot(world)
    world.deliver(next(event for event in world_events(world) if "raw/" in event.key))
    if gone:
        del world.data("west").objects[archive_key(Stage.SANITIZED, "1-2")]
    else:
        edit(world, "west", index_key(Stage.SANITIZED, "1-2"), flipped)

    answer = world.deliver(next(event for event in world_events(world) if "sanitized/" in event.key))

    assert answer.body["verdict"] == "failed"
    assert "1-2" in answer.body["message"]
    assert world.price("west") == "1"


def test_damage_to_an_old_snapshot_does_not_stand_in_the_way(world: World) -> None:
    next_snapshot(world)
    world.settle()
    edit(world, "west", index_key(Stage.SANITIZED, "1-1"), flipped)

    assert fail_over(world).snapshot == snapshot("1-2")


# what is sealed


def test_no_secret_is_in_clear_in_any_bucket(world: World) -> None:
    next_snapshot(world)
    world.settle()
    stored = b"".join(data for store in world.stores.values() for data in store.objects.values())
    objects = [
        repr(item.manifest)
        for site, stage in (("east", Stage.RAW), ("west", Stage.SANITIZED))
        for item in world.snapshots(site).objects(world.snapshots(site).read_index(stage, SHOP, snapshot("1-2")))
    ]

    assert PASSWORD.encode() not in stored
    assert not any(PASSWORD in manifest or "password" in manifest for manifest in objects)
    restored = world.clusters[WEST].object("Secret", "shop", "till")
    assert restored is not None
    assert restored["data"] == {"password": PASSWORD}


def test_unchanged_secrets_make_no_new_snapshot_and_a_changed_one_does(world: World) -> None:
    assert world.do("east", Action.EXPORT).verdict is Verdict.UNCHANGED

    world.clusters[EAST].put(secret("till", "bmV3"))

    assert world.do("east", Action.EXPORT).snapshot == snapshot("1-2")


def test_sealed_value_moved_to_another_secret_does_not_open(world: World) -> None:
    store = world.snapshots("west")
    index = store.read_index(Stage.SANITIZED, SHOP, snapshot("1-1"))
    sealed = {item.entry.ref.name: item.manifest.get("sealed") for item in store.objects(index)}

    def move(manifest: Any) -> Any:
        return {**manifest, "sealed": sealed["vault"]} if manifest["metadata"]["name"] == "till" else manifest

    forge(world, "1-1", move)
    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.FAILED
    assert "was sealed as another object" in outcome.message


def test_sealing_of_another_snapshot_does_not_open(world: World) -> None:
    next_snapshot(world)
    world.settle()
    old = world.snapshots("west").read_index(Stage.SANITIZED, SHOP, snapshot("1-1")).sealing
    forge(world, "1-2", lambda manifest: manifest, sealing=old)

    outcome = fail_over(world)

    assert outcome.verdict is Verdict.FAILED
    assert "its data key is that of another snapshot" in outcome.message
    assert "epochs/shop/2.json" not in world.control("west").objects


def test_snapshot_that_was_never_sealed_is_not_restored(world: World) -> None:
    forge(world, "1-1", lambda manifest: manifest, sealing=None)

    assert "is not sealed" in world.do("west", Action.RESTORE).message


def test_secret_in_clear_is_not_even_stored(world: World) -> None:
    def unseal(manifest: Any) -> Any:
        return secret("till") if manifest["metadata"]["name"] == "till" else manifest

    with pytest.raises(IntegrityError, match="Secret shop/till is in clear"):
        forge(world, "1-1", unseal)


def test_whoever_it_was_not_sealed_for_cannot_open_it(world: World) -> None:
    other = make_keys((EAST, WEST), world.clock.now(), timedelta(days=1))
    stranger = SnapshotStore(world.data("west"), Keyring(keyring().trust, other, world.clock))
    index = stranger.read_index(Stage.SANITIZED, SHOP, snapshot("1-1"))

    with pytest.raises(UnsealError, match="it was sealed for other keys"):
        stranger.keyring.unsealer(index, SiteName("west"))


# freshness


def test_stale_snapshot_stops_a_failover_before_roles_change(world: World) -> None:
    world.clock.advance(2 * DAY)

    outcome = fail_over(world)

    assert outcome.verdict is Verdict.REFUSED
    assert "--accept-stale=1-1" in outcome.message
    assert "epochs/shop/2.json" not in world.control("west").objects


def test_accepted_stale_snapshot_is_restored_and_on_record(world: World) -> None:
    world.clock.advance(2 * DAY)

    outcome = fail_over(world, accept_stale=snapshot("1-1"))

    assert outcome.snapshot == snapshot("1-1")
    assert "is stale" in report_of(world, outcome).overrides[0]
    epoch = world.context.roles(world.group).epoch
    assert "is stale" in epoch.reason


def test_accepting_another_snapshot_accepts_nothing(world: World) -> None:
    world.clock.advance(2 * DAY)

    assert fail_over(world, accept_stale=snapshot("1-7")).verdict is Verdict.REFUSED


def test_heartbeat_keeps_a_snapshot_fresh_with_the_primarys_bucket_gone(world: World) -> None:
    world.clock.advance(0.9 * DAY)
    assert world.do("east", Action.EXPORT).verdict is Verdict.UNCHANGED
    world.data("east").fail("list", times=1000)
    world.clock.advance(0.9 * DAY)

    outcome = fail_over(world)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert report_of(world, outcome).rpo_seconds == pytest.approx(0.9 * DAY, abs=60)


@pytest.mark.parametrize("how", ["unsigned", "stranger", "other digest", "other snapshot", "other moment"])
def test_forged_heartbeat_does_not_freshen(world: World, how: str) -> None:
    raw = world.snapshots("east").read_index(Stage.RAW, SHOP, snapshot("1-1"))
    world.clock.advance(2 * DAY)
    now = world.clock.now()
    if how == "stranger":
        strangers = make_keys((EAST, WEST), now, timedelta(days=9))
        other = SnapshotStore(world.data("east"), Keyring(strangers.trust, strangers, world.clock))
        other.take_in(_signed(other, replace(raw), now))
    elif how == "other digest":
        other = world.snapshots("east")
        other.take_in(_signed(other, raw, now, digest="0" * 64))
    elif how == "other snapshot":
        other = world.snapshots("east")
        made = _signed(other, replace(raw, id=snapshot("1-2")), now)
        other.take_in(replace(made, key=made.key.replace("/1-2/", "/1-1/")))
    elif how == "other moment":
        other = world.snapshots("east")
        made = _signed(other, raw, now - timedelta(days=2))
        other.take_in(replace(made, key=made.key.replace(f"{now - timedelta(days=2):{_MOMENT}}", f"{now:{_MOMENT}}")))
    else:
        key = layout.heartbeat_key(SHOP, snapshot("1-1"), f"{now:{_MOMENT}}")
        world.data("east").objects[key] = b'{"seen_at": "now"}'

    assert fail_over(world).verdict is Verdict.REFUSED


def _signed(store: SnapshotStore, index: Any, now: Any, digest: str = "") -> StoredHeartbeat:
    real = store.index_digest(Stage.RAW, SHOP, snapshot("1-1"))
    return sign_heartbeat(store.keyring, index, digest or real, now)


def test_standby_does_not_take_in_a_stale_snapshot_by_itself(world: World) -> None:
    next_snapshot(world)
    raw = next(event for event in world_events(world) if "raw/" in event.key)
    world.deliver(raw)
    world.clock.advance(2 * DAY)

    world.settle()

    assert world.marks("west") == ["applied/shop/1-1-hot.json"]
