"""Faults of the world around: lists that leave something out, events without end, requests of no sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import SnapshotId, Stage
from tests.fakes.memory_store import MemoryStore
from tests.hostile.attacks import fail_over, flipped, next_snapshot, world_with_secrets
from tests.unit.runtime.world import SHOP, World, snapshot


class ForgetfulStore(MemoryStore):
    """Leaves objects out of its lists, as a replica does that has not seen them yet."""

    def __init__(self, whole: MemoryStore, *left_out: str) -> None:
        super().__init__(whole.url)
        self.objects = whole.objects
        self.left_out = left_out

    def list(self, prefix: str) -> Sequence[str]:
        return [key for key in super().list(prefix) if not any(part in key for part in self.left_out)]


@pytest.fixture
def world() -> World:
    return world_with_secrets()


def forget(world: World, site: str, *left_out: str) -> ForgetfulStore:
    """From now on the site's data bucket lists nothing of these."""
    whole = world.data(site)
    store = ForgetfulStore(whole, *left_out)
    world.stores[whole.url] = store
    world.context._stores.clear()
    return store


def test_number_that_a_list_leaves_out_is_not_used_again(world: World) -> None:
    right = dict(world.data("east").objects)
    forgetful = forget(world, "east", "/1-1/")

    outcome = next_snapshot(world)

    assert outcome.verdict is Verdict.FAILED
    assert {key: world.data("east").objects[key] for key in right} == right

    forgetful.left_out = ()
    assert next_snapshot(world).snapshot == snapshot("1-2")


def test_standby_whose_list_is_behind_restores_what_it_sees_and_catches_up(world: World) -> None:
    forgetful = forget(world, "west", "/1-2/")
    next_snapshot(world)
    world.settle()
    behind = world.price("west")

    forgetful.left_out = ()
    outcome = world.do("west", Action.RESTORE)

    assert behind == "1"
    assert outcome.snapshot == snapshot("1-2")
    assert world.price("west") == "10"


def test_a_thousand_deliveries_in_any_order_come_to_one_snapshot_and_one_restore(world: World) -> None:
    world.set_price("east", "2")
    world.ask("east", Action.EXPORT)

    answers = world.settle(times=350, seed=4711)

    assert len(answers) >= 1000
    assert {answer.status for answer in answers} == {200}
    assert world.snapshots("east").ids(Stage.RAW, SHOP) == (snapshot("1-1"), snapshot("1-2"))
    assert [key for key in world.reports("west") if "/1-2/" in key] == world.reports("west")[-1:]
    assert world.price("west") == "2"


def test_poisoned_request_does_not_keep_others_from_being_done(world: World) -> None:
    """It is told as failed at once, and is not begun again with every tick."""
    poisoned = world.ask("east", Action.EXPORT)
    key = next(key for key in world.control("east").objects if poisoned.name in key)
    world.control("east").objects[key] = flipped(world.control("east").objects[key])
    world.set_price("east", "2")

    answers = world.settle()
    done = world.do("east", Action.EXPORT)
    world.clock.advance(7200)
    again = world.tick()

    assert {answer.status for answer in answers} == {200}
    assert done.verdict is Verdict.DONE
    assert world.price("west") == "2"
    assert not [name for name in again["pushed"] if "export" in name]


ODD: dict[str, tuple[str, Action, dict[str, Any], str]] = {
    "a mode that there is not": ("west", Action.RESTORE, {"mode": "sudo"}, "rehearse, warm, hot"),
    "a plan of such a mode": ("west", Action.PLAN, {"mode": "x" * 9000}, "rehearse, warm, hot"),
    "a snapshot below zero": ("west", Action.RESTORE, {"snapshot": SnapshotId(-1, -5)}, "no sanitized snapshot"),
    "a snapshot of a far age": ("west", Action.RESTORE, {"snapshot": SnapshotId(10**17, 1)}, "no sanitized snapshot"),
    "to sanitize nothing": ("east", Action.SANITIZE, {}, "names no snapshot"),
    "a failover to nowhere": ("west", Action.FAILOVER, {"to": "no\nwhere"}, "is no failover to it"),
    "a failover to nothing": ("west", Action.FAILOVER, {}, "is no failover to it"),
    "an import of nothing": ("east", Action.IMPORT, {}, "brings no manifests along"),
}


@pytest.mark.parametrize("odd", ODD)
def test_request_of_no_sense_ends_in_one_sentence(world: World, odd: str) -> None:
    """Well signed: whoever writes requests may err, too."""
    site, action, fields, words = ODD[odd]

    outcome = world.do(site, action, **fields)

    assert outcome.verdict in (Verdict.FAILED, Verdict.REFUSED)
    assert words in outcome.message
    assert outcome.message.isprintable()
    assert len(outcome.message) < 500
    assert fail_over(world).verdict in (Verdict.DONE, Verdict.UNCHANGED)
