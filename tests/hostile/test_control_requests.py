"""Requests in a control bucket: forged, changed, copied, put back, or signed by who may not ask for that.

Each is refused once and done never, and does not stand in the way of a good one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.errors import UntrustedRecordError
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action, Function
from kubestandby.requests import Request, Verdict
from kubestandby.snapshots import GroupName
from tests.fakes.keys import EAST, WEST, after, key_bundle, keyring, request_log
from tests.fakes.memory_store import MemoryStore
from tests.hostile.control_attacks import (
    DAMAGES,
    outcome_text,
    plant,
    request_at,
    strangers,
    with_keys,
    without_operator,
)
from tests.unit.runtime.world import SHOP, World, snapshot

LONG = 400


@pytest.fixture
def world() -> World:
    """A standby that has 1-1, and holds 1-2 that it has restored too."""
    world = World()
    world.do("east", Action.EXPORT)
    world.set_price("east", "2")
    world.do("east", Action.EXPORT)
    return world


def primary(world: World) -> str:
    return world.context.roles(world.group).epoch.primary


def failover(world: World) -> Request:
    return request_at(world, "west", Action.FAILOVER, to=WEST, **after(world.context.roles(world.group)))


def go_back(world: World) -> Request:
    """A restore that only an operator may ask for: of a snapshot that is older than the one that runs."""
    return request_at(world, "west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")


def refusal(world: World, request: Request, site: str = "west") -> str:
    """Delivers what is there; the sentence with which the request was refused."""
    world.settle()
    outcome = outcome_text(world, site, request.name)
    assert outcome.verdict is Verdict.REFUSED
    return outcome.message


# without a key


@pytest.mark.parametrize("how", list(DAMAGES))
def test_request_that_was_changed_is_refused_once_and_done_never(world: World, how: str) -> None:
    request = world.ask("west", Action.FAILOVER, to=WEST)
    objects, key = world.control("west").objects, layout.request_key(SHOP, request.name)
    objects[key] = DAMAGES[how](objects[key])

    said = refusal(world, request)
    world.clock.advance(LONG)

    assert f"request {key}" in said
    assert primary(world) == EAST
    assert world.tick()["pushed"] == []
    assert [name for name in world.requests("west").requests(SHOP) if name != request.name] == []


def test_request_of_a_stranger_is_refused(world: World) -> None:
    request = failover(world)
    plant(world, "west", request, strangers(world.clock.now()), KeyRole.OPERATOR)

    assert "is not signed by a key that the trust file has for it" in refusal(world, request)
    assert primary(world) == EAST


def test_request_that_was_forged_does_not_hold_up_a_good_one(world: World) -> None:
    bad = failover(world)
    plant(world, "west", bad, strangers(world.clock.now()), KeyRole.OPERATOR)
    world.lose_events()
    world.clock.advance(LONG)

    good = world.do("west", Action.FAILOVER, to=WEST)
    world.tick()

    assert good.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert "request" in outcome_text(world, "west", bad.name).message
    assert world.requests("west").pending(SHOP) == ()


# with the key of a function


@pytest.mark.parametrize(
    ("role", "site"),
    [
        (KeyRole.EXPORT, "west"),
        (KeyRole.EXPORT, "east"),
        (KeyRole.SANITIZE, "west"),
        (KeyRole.RESTORE, "west"),
        (KeyRole.RESTORE, "east"),
    ],
)
@pytest.mark.parametrize("ask", [failover, go_back], ids=["failover", "older restore"])
def test_no_function_may_ask_for_what_is_the_operators(
    world: World, ask: Callable[[World], Request], role: KeyRole, site: str
) -> None:
    request = ask(world)
    plant(world, "west", request, keyring(world.clock), role, site)

    said = refusal(world, request)

    assert f"may not ask for {request.action} at west; that needs the operator key" in said
    assert (primary(world), world.price("west")) == (EAST, "2")


def test_tick_may_ask_for_no_more_than_to_keep_up(world: World) -> None:
    wide = replace(go_back(world), origin="tick")
    plant(world, "west", wide, keyring(world.clock), KeyRole.EXPORT)
    assert "may not ask for restore" in refusal(world, wide)

    bare = replace(wide, name=wide.name.replace("f00d", "beef"), mode="")
    plant(world, "west", bare, keyring(world.clock), KeyRole.EXPORT)
    world.settle()

    assert outcome_text(world, "west", bare.name).verdict is Verdict.UNCHANGED
    assert world.price("west") == "2"


def test_import_is_the_operators(world: World) -> None:
    request = request_at(world, "east", Action.IMPORT)
    plant(world, "east", request, keyring(world.clock), KeyRole.EXPORT)

    assert "may not ask for import" in refusal(world, request, "east")


def test_export_of_another_site_may_ask_for_an_export_and_for_nothing_else(world: World) -> None:
    export, sanitize = request_at(world, "east", Action.EXPORT), request_at(world, "east", Action.SANITIZE)
    for request in (export, replace(sanitize, snapshot=snapshot("1-1"))):
        plant(world, "east", request, keyring(world.clock), KeyRole.EXPORT, "west")

    world.settle()

    assert outcome_text(world, "east", export.name).verdict is Verdict.UNCHANGED
    assert outcome_text(world, "east", sanitize.name).verdict is Verdict.REFUSED


# signed once, used elsewhere or again


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


def test_webhook_joins_no_forged_request(world: World) -> None:
    forged = request_at(world, "east", Action.EXPORT)
    world.control("east").objects[layout.request_key(SHOP, forged.name)] = b"{}"

    joined = world.requests("east").join(SHOP, Action.EXPORT, origin="webhook")

    assert joined.is_new
    assert joined.name != forged.name


def test_webhook_finds_another_turn_where_its_name_is_taken_by_a_forgery(world: World) -> None:
    log = world.requests("east")
    first = log.join(SHOP, Action.EXPORT, origin="webhook")
    objects, key = world.control("east").objects, layout.request_key(SHOP, first.name)
    objects[key] = DAMAGES["stripped"](objects[key])

    second = log.join(SHOP, Action.EXPORT, origin="webhook")

    assert second.is_new
    assert second.name != first.name


# whoever calls a function


def test_call_from_this_machine_fails_over_where_the_operators_key_is(world: World) -> None:
    answer = world.post(Function.RESTORE, {"action": "failover", "group": "shop", "to": "west"})
    world.settle()

    assert answer.status == 202
    assert primary(world) == WEST


def test_call_from_this_machine_is_refused_where_it_is_not(world: World) -> None:
    with_keys(world, without_operator(key_bundle()))

    answer = world.post(Function.RESTORE, {"action": "failover", "group": "shop", "to": "west"})

    assert answer.status == 409
    assert "there is no trusted operator key on this machine" in answer.body["error"]
    assert "run `kubestandby failover shop` where it is" in answer.body["error"]


@pytest.mark.parametrize("action", ["failover", "restore"])
def test_call_from_elsewhere_uses_no_key_of_this_machine(
    world: World, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setenv("KUBESTANDBY_TRUSTED_HTTP", "1")
    body = f'{{"action":"{action}","group":"shop","to":"west"}}'.encode()
    headers = {"content-type": "application/json"}

    answer = world.apps[Function.RESTORE].answer("POST", headers, body, peer="10.1.2.3")

    assert answer.status == 409
    assert "needs the operator's signature" in answer.body["error"]


@pytest.mark.parametrize(("function", "action"), [(Function.EXPORT, "export"), (Function.RESTORE, "plan")])
def test_what_changes_nothing_needs_no_operator(world: World, function: Function, action: str) -> None:
    with_keys(world, without_operator(key_bundle()))

    answer = world.post(function, {"action": action, "group": "shop"})
    world.settle()

    assert answer.status == 202
    assert outcome_text(world, answer.body["site"], answer.body["request"]).verdict is Verdict.UNCHANGED
