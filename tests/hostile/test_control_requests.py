"""Requests in a control bucket: forged, changed, copied, put back, or signed by who may not ask for that.

Each is refused once and done never, and does not stand in the way of a good one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kubestandby import layout
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action, Function
from kubestandby.requests import Request, Verdict
from tests.fakes.keys import EAST, WEST, key_bundle, keyring
from tests.hostile.control_attacks import (
    DAMAGES,
    LONG,
    failover,
    go_back,
    outcome_text,
    plant,
    primary,
    refusal,
    request_at,
    standby_with_two,
    strangers,
    with_keys,
    without_operator,
)
from tests.unit.runtime.world import SHOP, World, snapshot


@pytest.fixture
def world() -> World:
    return standby_with_two()


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


# webhooks


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
