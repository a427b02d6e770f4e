"""Numbers of snapshots that nothing leads up to, signed with stolen keys: held, told, and taken if somebody says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubestandby import codec, layout
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.numbering import MAX_STEP, Reached, held_numbers
from kubestandby.snapshot_store import INDEX_TYPE
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage
from tests.fakes.keys import EAST, WEST, keyring, sealer
from tests.hostile.attacks import next_snapshot
from tests.hostile.control_attacks import standby_with_two
from tests.unit.runtime.world import SHOP, World, snapshot


@pytest.fixture
def world() -> World:
    return standby_with_two()


def jump(world: World, id_: str) -> None:
    """The newest snapshot under another number, signed with the stolen keys of export and sanitize."""
    number = snapshot(id_)
    for site, stage, role in (("east", Stage.RAW, KeyRole.EXPORT), ("west", Stage.SANITIZED, KeyRole.SANITIZE)):
        store = world.snapshots(site)
        newest = store.newest(stage, SHOP)
        assert newest is not None
        archive = world.data(site).objects[layout.archive_key(stage, SHOP, newest.id)]
        sealing = sealer("shop", newest.source_cluster).close(number)
        forged = replace(newest, id=number, previous="", previous_id=None, sealing=sealing)
        world.data(site).objects[layout.archive_key(stage, SHOP, number)] = archive
        world.data(site).objects[layout.index_key(stage, SHOP, number)] = signed_index(forged, role)


def signed_index(index: SnapshotIndex, role: KeyRole) -> bytes:
    return keyring().sign(codec.encode(index), INDEX_TYPE, role, EAST)


@pytest.mark.parametrize("id_", ["1-900000", "2-1", "9-1"])
def test_number_that_nothing_leads_up_to_is_held_and_the_newest_good_one_is_taken(world: World, id_: str) -> None:
    next_snapshot(world)
    world.settle()
    jump(world, id_)
    reports = world.reports("west")

    world.settle()
    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert world.reports("west")[: len(reports)] == reports
    assert outcome.snapshot == snapshot("1-3")


def test_held_number_is_told_with_the_way_through(world: World, caplog: pytest.LogCaptureFixture) -> None:
    jump(world, "1-900000")
    world.settle()

    (reason,) = {vars(record)["reason"] for record in caplog.records if record.message == "snapshot_held"}

    assert "snapshot 1-900000 is held: its number is 899998 above 1-2" in reason
    assert "name it to restore it, and those that follow are taken too" in reason


def test_operator_who_names_it_takes_it_and_those_that_follow(world: World) -> None:
    jump(world, "1-5000")
    world.settle()
    del world.data("east").objects[layout.index_key(Stage.RAW, SHOP, snapshot("1-5000"))]

    named = world.do("west", Action.RESTORE, snapshot=snapshot("1-5000"), mode="hot")
    world.set_price("east", "8")
    world.do("east", Action.EXPORT)

    assert named.snapshot == snapshot("1-5000")
    assert world.price("west") == "8"


def test_standby_that_was_away_for_long_is_not_held_up(world: World) -> None:
    numbers = [SnapshotId(1, generation) for generation in range(1, 3 * MAX_STEP)]

    assert held_numbers(numbers, Reached(1, numbers[0])) == {}
    assert held_numbers(numbers[-5:], Reached(1, None)) == {}
    assert held_numbers(numbers[::MAX_STEP], Reached(1, None)) == {}


def test_numbers_beside_a_held_one_are_held_with_it() -> None:
    numbers = [SnapshotId(1, generation) for generation in (1, 2, 9_000, 9_001)]

    assert list(held_numbers(numbers, Reached(1, None))) == numbers[2:]
    assert held_numbers(numbers, Reached(1, numbers[2])) == {}
