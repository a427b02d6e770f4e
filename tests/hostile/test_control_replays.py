"""Requests that an operator has signed once: under another name, at another site, put back later, or continued."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.errors import UntrustedRecordError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import ANY_SITE, KeyRole
from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import GroupName
from tests.fakes.keys import EAST, WEST, key_bundle, keyring, request_log
from tests.fakes.memory_store import MemoryStore
from tests.hostile.control_attacks import (
    LONG,
    go_back,
    outcome_text,
    plant,
    primary,
    refusal,
    replaced,
    standby_with_two,
    strangers,
    with_keys,
)
from tests.unit.runtime.world import SHOP, World, snapshot


@pytest.fixture
def world() -> World:
    return standby_with_two()


def test_request_under_another_name_is_refused(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"))
    objects = world.control("west").objects
    copy = request.name[:-1] + ("0" if request.name[-1] != "0" else "1")
    objects[layout.request_key(SHOP, copy)] = objects.pop(layout.request_key(SHOP, request.name))

    assert "was copied to where it is now" in refusal(world, replace(request, name=copy))
    assert world.price("west") == "2"


def test_request_for_another_site_is_refused(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"))
    objects, key = world.control("west").objects, layout.request_key(SHOP, request.name)
    world.control("east").objects[key] = objects.pop(key)

    assert "was copied to where it is now" in refusal(world, request, "east")


def test_request_of_another_group_is_refused(world: World) -> None:
    elsewhere = MemoryStore()
    other = request_log(elsewhere, world.clock, WEST).submit(
        GroupName("bank"), Action.RESTORE, origin="operator", snapshot=snapshot("1-1")
    )
    world.control("west").objects[layout.request_key(SHOP, other.name)] = elsewhere.objects[
        layout.request_key(GroupName("bank"), other.name)
    ]

    assert "of group bank" in refusal(world, other)


def test_request_whose_outcome_was_taken_away_is_not_done_again(world: World) -> None:
    first = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    world.do("west", Action.RESTORE)
    del world.control("west").objects[layout.outcome_key(SHOP, first.request)]
    world.clock.advance(LONG)

    world.tick()
    world.settle()

    assert outcome_text(world, "west", first.request).report == first.report
    assert world.price("west") == "2"


def test_failover_whose_outcome_was_taken_away_restores_nothing_over_the_primary(world: World) -> None:
    done = world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "9")
    del world.control("west").objects[layout.outcome_key(SHOP, done.request)]
    world.clock.advance(LONG)

    world.tick()
    world.settle()

    assert world.price("west") == "9"
    assert outcome_text(world, "west", done.request).report == done.report


def test_failover_of_an_earlier_epoch_does_not_swap_roles_again(world: World) -> None:
    done = world.do("west", Action.FAILOVER, to=WEST)
    world.do("west", Action.EXPORT)
    world.do("east", Action.FAILOVER, to=EAST)
    world.do("east", Action.EXPORT)
    objects = world.control("west").objects
    for key in [layout.outcome_key(SHOP, done.request), done.report]:
        objects.pop(key, None)
    world.data("west").objects.pop(done.report)
    world.clock.advance(LONG)

    world.tick()
    world.settle()

    assert primary(world) == EAST
    assert (
        f"was asked for in epoch 1, and {EAST} is primary since epoch 3"
        in outcome_text(world, "west", done.request).message
    )


def test_old_request_without_an_outcome_is_not_carried_out(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    (event,) = world.events()
    world.clock.advance(timedelta(hours=25).total_seconds())

    world.deliver(event)

    outcome = outcome_text(world, "west", request.name)
    assert outcome.verdict is Verdict.REFUSED
    assert "more than 24 hours ago is not carried out any more; ask again" in outcome.message
    assert world.price("west") == "2"


def test_old_request_is_not_pushed_again_either(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    world.lose_events()
    world.clock.advance(timedelta(hours=25).total_seconds())

    assert world.tick()["pushed"] == []
    assert "more than 24 hours ago" in outcome_text(world, "west", request.name).message


def test_request_of_tomorrow_is_not_carried_out(world: World) -> None:
    request = replace(go_back(world), requested_at=world.clock.now() + timedelta(hours=25))
    plant(world, "west", request, keyring(world.clock), KeyRole.OPERATOR)

    assert "is not carried out any more" in refusal(world, request)


# continuations


def test_continuation_asks_for_what_was_asked_and_for_nothing_else(world: World) -> None:
    first = world.ask("west", Action.RESTORE)
    world.lose_events()
    again = replace(
        first,
        name=f"{first.name}.2",
        requested_at=world.clock.now(),
        continues=first.name,
        attempt=2,
        snapshot=snapshot("1-1"),
    )
    plant(world, "west", again, keyring(world.clock), KeyRole.EXPORT)

    assert f"asks for something else than {first.name}, which it continues" in refusal(world, again)
    assert world.price("west") == "2"


def test_continuation_of_a_forged_request_is_refused(world: World) -> None:
    bad = go_back(world)
    plant(world, "west", bad, strangers(world.clock.now()), KeyRole.OPERATOR)
    again = replace(bad, name=f"{bad.name}.2", continues=bad.name, attempt=2)
    plant(world, "west", again, keyring(world.clock), KeyRole.EXPORT)
    world.settle()

    with pytest.raises(UntrustedRecordError, match="continues a request that does not count"):
        world.requests("west").read(SHOP, again.name)
    assert world.price("west") == "2"


def test_forged_continuations_neither_end_nor_delay_a_request(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    world.lose_events()
    for attempt in range(2, 9):
        name = f"20991231T000000.000000Z-restore-{request.name.rpartition('-')[2]}.{attempt}"
        world.control("west").objects[layout.request_key(SHOP, name)] = b"{}"
    world.clock.advance(LONG)

    (pushed,) = world.tick()["pushed"]
    world.settle()

    assert pushed.endswith(".2")
    assert outcome_text(world, "west", request.name).verdict is Verdict.DONE
    assert world.price("west") == "1"


def test_request_that_a_lapsed_key_has_signed_is_refused(world: World) -> None:
    now = world.clock.now()
    with_keys(world, replaced(KeyRole.OPERATOR, ANY_SITE, now, revoke=False))
    world.clock.advance(timedelta(days=31).total_seconds())
    request = go_back(world)
    plant(world, "west", request, Keyring(key_bundle().trust, key_bundle(), world.clock), KeyRole.OPERATOR)

    assert "was made after the operator key expired" in refusal(world, request)


def test_continuation_of_another_request_is_none_of_this_one(world: World) -> None:
    ours, other = go_back(world), replace(go_back(world), snapshot=None)
    other = replace(other, name=other.name.replace("2026", "2025"))
    for request in (ours, other):
        plant(world, "west", request, keyring(world.clock), KeyRole.OPERATOR)
    late = replace(other, name=f"{other.name.replace('2025', '2027')}.2", continues=other.name, attempt=2)
    plant(world, "west", late, keyring(world.clock), KeyRole.EXPORT)
    world.lose_events()
    world.clock.advance(LONG)

    world.tick()
    world.settle()

    assert outcome_text(world, "west", ours.name).snapshot == snapshot("1-1")


def test_forged_later_attempt_does_not_keep_a_request_from_being_done(world: World) -> None:
    request = world.ask("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    name = f"{request.name[:8]}T235959.000000Z-restore-{request.name.rpartition('-')[2]}.9"
    world.control("west").objects[layout.request_key(SHOP, name)] = b"{}"

    world.settle()

    assert outcome_text(world, "west", request.name).verdict is Verdict.DONE
