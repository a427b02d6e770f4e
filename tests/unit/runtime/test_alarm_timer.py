"""An alarm that never ends drives the timer: its message carries the call that a schedule would have made."""

import json
from typing import Any

import pytest

from kubestandby.layout import Function
from kubestandby.runtime.function_app import Answer
from tests.unit.runtime.world import World


def message(body: Any, kind: str = "REPEAT") -> dict[str, Any]:
    return {
        "dedupeKey": "8f2c",
        "title": "kubestandby-east-timer-tick",
        "body": body,
        "type": kind,
        "severity": "INFO",
        "timestampEpochMillis": 1_795_366_200_000,
        "alarmMetaData": [{"id": "ocid1.alarm.oc1..a", "status": "FIRING"}],
        "version": 1.5,
    }


def post(world: World, value: dict[str, Any], peer: str = "127.0.0.1") -> Answer:
    headers = {"content-type": "application/json"}
    return world.apps[Function.EXPORT].answer("POST", headers, json.dumps(value).encode(), peer=peer)


@pytest.mark.parametrize("kind", ["OK_TO_FIRING", "REPEAT"])
def test_alarm_that_fires_is_a_tick(kind: str) -> None:
    answer = post(World(), message('{"action":"tick"}', kind))

    assert (answer.status, set(answer.body)) == (200, {"tick"})


def test_alarm_asks_for_an_export_as_a_schedule_does() -> None:
    world = World()

    answer = post(world, message('{"action":"export","group":"shop","origin":"timer"}'))

    assert answer.status == 202
    assert world.requests("east").requests(world.group.name) == (answer.body["request"],)


@pytest.mark.parametrize("kind", ["FIRING_TO_OK", "RESET"])
def test_alarm_that_is_over_asks_for_nothing(kind: str) -> None:
    assert post(World(), message('{"action":"tick"}', kind)).body == {"ignored": "the alarm is over"}


@pytest.mark.parametrize("body", [None, "", "tick", '["tick"]', '{"action":"tick","group":"shop"}'])
def test_alarm_without_a_call_is_bad_input(body: Any) -> None:
    assert post(World(), message(body)).status == 400


def test_alarm_from_a_stranger_asks_for_nothing() -> None:
    assert post(World(), message('{"action":"tick"}'), peer="203.0.113.7").status == 403
