"""Rights and code agree: what the functions do to buckets is granted, and what is granted is done."""

from datetime import timedelta
from typing import Any

import pytest

from kubestandby import layout
from kubestandby.errors import StoreUnavailableError
from kubestandby.layout import Action, Function
from tests.terraform.running import Applied
from tests.terraform.statements import read
from tests.terraform.watched_world import Call, WatchedWorld
from tests.unit.runtime.world import SHOP, config_map, namespace

pytestmark = pytest.mark.xdist_group("terraform")
NOT_SEEN_HERE = {
    # Read before there is a context (kubestandby.runtime.configured).
    *((function, "own", "control", "object_read", "config/*") for function in ("export", "sanitize", "restore")),
    # Work that outlasts its call goes on by a request (kubestandby.runtime.continuing).
    *((function, "own", "control", "object_create", "requests/*") for function in ("sanitize", "restore")),
    # The tick looks at the last report where a restore has not come through in full.
    ("export", "own", "data", "object_read", "reports/*"),
}
"""Granted for what this world does not do."""


def deployment_event(number: int) -> dict[str, Any]:
    return {
        "eventType": "com.oraclecloud.devopsdeploy.createdeployment",
        "cloudEventsVersion": "0.1",
        "eventTime": "2026-11-22T16:50:00Z",
        "eventID": f"deployment-{number}",
        "data": {"resourceName": "shop", "compartmentName": "devops"},
    }


def granted(applied: Applied) -> set[Call]:
    """The statements on objects, in the words of what the functions do."""
    found = set()
    for text in applied.statements:
        one = read(text)
        if one.subject_type != "dynamic-group" or "target.bucket.name" not in one.conditions:
            continue
        _, site, function = one.subject.rsplit("-", 2)
        (bucket,) = one.conditions["target.bucket.name"]
        _, owner, kind = bucket.rsplit("-", 2)
        for permission in one.permissions:
            for prefix in one.conditions.get("target.object.name", {""}):
                found.add(Call(function, "own" if site == owner else "other", kind, permission, prefix))
    return found


@pytest.fixture(scope="module")
def done() -> set[Call]:
    """A life of two sites: exports, nothing new, webhooks, an import, a lost event of each kind, a failover, age."""
    world = WatchedWorld()
    _ordinary_days(world)
    _days_with_losses(world)
    _roles_change(world)
    _things_get_old(world)
    return world.noted


def _ordinary_days(world: WatchedWorld) -> None:
    # Replies that are lost: what is stored is read back.
    for bucket, key in (
        (world.data("west"), "reports/"),
        (world.data("east"), "heartbeats/"),
        (world.data("west"), "heartbeats/"),
    ):
        bucket.fail("put", key, after=True)
    for _ in range(2):
        world.ask("east", Action.EXPORT)
        world.settle()
    world.control("east").fail("put", "requests/", after=True)
    for number, site in enumerate(("west", "east", "west", "east")):
        assert world.post_at(site, Function.EXPORT, deployment_event(number % 2)).status in (200, 202)
        world.post_at(site, Function.EXPORT, deployment_event(number))
        world.settle()
    world.post_at("east", Function.EXPORT, {"action": "export", "group": "shop", "origin": "timer"})
    world.settle()
    world.import_(namespace("shop"), config_map("prices", tea="2"))
    for action in (Action.PLAN, Action.RESTORE):
        world.do("west", action)
    world.tick_everywhere()


def _days_with_losses(world: WatchedWorld) -> None:
    for step in range(4):
        world.set_price("east", f"{3 + step}")
        world.ask("east", Action.EXPORT)
        for _ in range(step):
            for event in world.events():
                world.deliver(event)
        world.lose_events()
        world.clock.advance(3600)
        world.tick_everywhere()
        world.settle()
        world.tick_everywhere()


def _roles_change(world: WatchedWorld) -> None:
    error = StoreUnavailableError("store does not answer: injected; try again")
    world.control("east").fail("put", "epochs/", error=error)
    world.do("west", Action.FAILOVER, to="west")
    world.tick_everywhere()
    world.settle()
    world.do("east", Action.FAILOVER, to="east")
    world.tick_everywhere()
    world.settle()


def _things_get_old(world: WatchedWorld) -> None:
    world.upload([namespace("shop")])
    world.clock.advance(timedelta(days=21).total_seconds())
    world.tick_everywhere()
    assert not [
        key for key in world.control("east").objects if key.startswith((layout.import_prefix(SHOP), "deliveries/"))
    ]


def test_everything_that_the_functions_do_is_granted(applied_examples: dict[str, Applied], done: set[Call]) -> None:
    refused = done - granted(applied_examples["oke-to-oke"])

    assert not refused, "\n".join(sorted(" ".join(call) for call in refused))


def test_nothing_is_granted_that_no_function_does(applied_examples: dict[str, Applied], done: set[Call]) -> None:
    idle = granted(applied_examples["oke-to-oke"]) - done - NOT_SEEN_HERE

    assert not idle, "\n".join(sorted(" ".join(call) for call in idle))


def test_nobody_may_overwrite_and_only_export_may_delete_and_never_a_snapshot(applied: Applied) -> None:
    calls = granted(applied)

    assert {call.permission for call in calls} == {"object_inspect", "object_read", "object_create", "object_delete"}
    assert {call for call in calls if call.permission == "object_delete"} == {
        ("export", "own", "control", "object_delete", "deliveries/*"),
        ("export", "own", "control", "object_delete", "imports/*"),
    }
