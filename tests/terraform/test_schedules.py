"""The timer is due when the inputs say, whatever stands for it; its body is a call that the function understands."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from kubestandby.adapters.schedules import next_run
from kubestandby.layout import Function
from tests.terraform.running import Applied
from tests.unit.runtime.world import World

pytestmark = pytest.mark.xdist_group("terraform")
INTERVALS: dict[str, Mapping[str, int]] = {
    "oke-to-oke": {"tick": 30, "export-shop": 15},
    "oke-to-onprem": {"tick": 30, "export-shop": 30},
}
_MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
_DAY = timedelta(days=1)


def moments(crons: list[str]) -> list[datetime]:
    """When any of them is due within a day."""
    found = set()
    for cron in crons:
        moment = next_run(cron, _MIDNIGHT - timedelta(minutes=1))
        while moment < _MIDNIGHT + _DAY:
            found.add(moment)
            moment = next_run(cron, moment)
    return sorted(found)


@pytest.mark.parametrize("module", ["module.first", "module.second"])
@pytest.mark.parametrize("name", sorted(INTERVALS))
def test_schedules_of_a_timer_are_due_at_its_interval(
    applied_examples: dict[str, Applied], name: str, module: str
) -> None:
    schedules = applied_examples[name].of("oci_resource_scheduler_schedule", module)

    for timer, minutes in INTERVALS[name].items():
        mine = [one for one in schedules if one.key.rpartition("-")[0] == timer]
        due = moments([one.values["recurrence_details"] for one in mine])
        assert {one.values["recurrence_type"] for one in mine} == {"CRON"}
        assert len(mine) == 60 // minutes
        assert {later - earlier for earlier, later in pairwise(due)} == {timedelta(minutes=minutes)}
        assert len(due) == 1440 // minutes


def test_no_schedule_is_finer_than_the_scheduler_is_known_to_take(applied: Applied) -> None:
    for one in applied.of("oci_resource_scheduler_schedule"):
        due = moments([one.values["recurrence_details"]])
        assert min(b - a for a, b in pairwise(due)) >= timedelta(hours=1)


def test_alarms_repeat_at_the_interval_and_say_what_a_schedule_would(applied_examples: dict[str, Applied]) -> None:
    applied = applied_examples["onprem-to-onprem"]

    for module in ("module.first", "module.second"):
        alarms = applied.of("oci_monitoring_alarm", f"{module}.module.schedules")
        assert {alarm.key: alarm.values["repeat_notification_duration"] for alarm in alarms} == {
            "tick": "PT10M",
            "export-erp": "PT5M",
            "export-portal": "PT60M",
        }
        (subscription,) = applied.of("oci_ons_subscription", f"{module}.module.schedules")
        exports = {one.values["id"] for one in applied.of("oci_functions_function", module) if one.key == "export"}
        assert {subscription.values["endpoint"]} == exports
        assert all(alarm.values["destinations"] == [subscription.values["topic_id"]] for alarm in alarms)
    assert not applied.of("oci_resource_scheduler_schedule")


def test_body_of_every_schedule_is_a_call_that_the_function_takes(applied_examples: dict[str, Applied]) -> None:
    applied = applied_examples["oke-to-oke"]
    world = World()
    bodies = {
        one.values["resources"][0]["parameters"][0]["value"][0] for one in applied.of("oci_resource_scheduler_schedule")
    }

    answers = {json.loads(body)["action"]: world.post(Function.EXPORT, json.loads(body)) for body in bodies}

    assert {action: answer.status for action, answer in answers.items()} == {"tick": 200, "export": 202}
