"""Waiting until definitions are served."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from functions.restore.definitions import (
    DISCOVERED_SECONDS,
    ESTABLISHED_SECONDS,
    await_definitions,
    why_not_established,
)
from functions.restore.plans import Identity
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import NOON, definition, desired, standby


def conditions(**states: str) -> dict[str, Any]:
    listed = [{"type": name, "status": state, "message": "because"} for name, state in states.items()]
    return definition() | {"status": {"conditions": listed}}


def late(cluster: FakeCluster, clock: FakeClock, *wanted: dict[str, Any]) -> Mapping[Identity, str]:
    return await_definitions(cluster, clock, [desired(manifest) for manifest in wanted])


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({"NamesAccepted": "True", "Established": "True"}, ""),
        ({"NamesAccepted": "True", "Established": "False"}, "Established is False: because"),
        ({"NamesAccepted": "False", "Established": "True"}, "NamesAccepted is False: because"),
        ({"NamesAccepted": "True"}, "Established is not known yet"),
    ],
)
def test_both_conditions_are_needed(states: dict[str, str], reason: str) -> None:
    assert why_not_established(conditions(**states)) == reason


def test_a_served_definition_is_not_waited_for() -> None:
    clock = FakeClock(NOON)

    assert late(standby(definition()), clock, definition()) == {}
    assert clock.sleeps == []


def test_nothing_is_asked_where_there_is_no_definition() -> None:
    cluster = standby()

    assert late(cluster, FakeClock(NOON)) == {}
    assert cluster.calls == []


def test_a_definition_that_is_never_established_is_named_in_bounded_time() -> None:
    clock = FakeClock(NOON)
    stuck = conditions(NamesAccepted="False")

    (reason,) = late(standby(stuck, definition("Order")), clock, stuck, definition("Order")).values()

    assert reason == "not served within 60 s: NamesAccepted is False: because"
    assert clock.now() - NOON <= timedelta(seconds=ESTABLISHED_SECONDS + 1)


def test_a_definition_that_discovery_never_shows_is_named_in_bounded_time() -> None:
    cluster, clock = standby(definition()), FakeClock(NOON)
    cluster.silent_groups["shop.example"] = "503"

    (reason,) = late(cluster, clock, definition()).values()

    assert reason == "Established, but not discovered within 30 s"
    assert clock.now() - NOON <= timedelta(seconds=DISCOVERED_SECONDS + 1)
