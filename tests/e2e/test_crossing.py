"""The whole path through real function processes and real clusters."""

import json
import random

import pytest

from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import deliver_all, kill_when_logged, post, times_logged, wait_for

pytestmark = pytest.mark.clusters


def test_a_webhook_brings_the_application_to_the_standby(shop: Shop):
    with shop.pipeline.functions() as functions:
        body = json.dumps({"action": "export", "group": shop.namespace}).encode()
        status, answer = post(functions.url(Function.EXPORT), body)

        wait_for(lambda: shop.pipeline.marks("west"), 90)

        assert (status, answer["group"], answer["site"]) == (202, shop.namespace, "east")
        assert shop.price("west") == "1"
        assert shop.ready_replicas("west") == "2"
        assert functions.quiet(10)
        assert "not-for-logs" not in functions.log.read_text()


def test_a_change_follows_and_an_unchanged_state_makes_no_snapshot(shop: Shop):
    pipeline = shop.pipeline
    with pipeline.functions() as functions:
        pipeline.do("east", Action.EXPORT)
        assert functions.quiet(90)
        unchanged = pipeline.do("east", Action.EXPORT)
        shop.set_price("east", "2")
        changed = pipeline.do("east", Action.EXPORT)
        assert functions.quiet(90)

    assert (unchanged.verdict, changed.verdict) == (Verdict.UNCHANGED, Verdict.DONE)
    assert shop.price("west") == "2"
    assert len(pipeline.reports("west")) == 2


def test_ten_deliveries_of_every_event_at_the_same_time_give_one_snapshot_and_one_restore(shop: Shop):
    pipeline = shop.pipeline
    pipeline.ask("east", Action.EXPORT)
    with pipeline.functions(events=False, tick_seconds=3600) as functions:
        for _ in range(3):
            events = pipeline.events() * 10
            random.Random(7).shuffle(events)
            statuses = deliver_all(functions, events)
            assert set(statuses) == {200}

    assert len(pipeline.raw("east")) == 1
    assert len(pipeline.reports("west")) == 1
    assert shop.price("west") == "1"


def test_an_event_that_is_lost_is_made_good_by_the_next_tick(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBESTANDBY_PUSH_AFTER_SECONDS", "0")
    pipeline = shop.pipeline
    request = pipeline.ask("east", Action.EXPORT)

    with pipeline.functions(tick_seconds=1):
        outcome = pipeline.outcome("east", request)
        wait_for(lambda: pipeline.marks("west"), 90)

    assert outcome.verdict is Verdict.DONE
    assert shop.price("west") == "1"


@pytest.mark.parametrize(
    ("function", "started"),
    [
        (Function.EXPORT, "request_started"),
        (Function.SANITIZE, "snapshot_started"),
        (Function.RESTORE, "snapshot_started"),
    ],
)
def test_work_completes_after_its_function_was_killed_in_the_middle_of_it(shop: Shop, function: Function, started: str):
    pipeline = shop.pipeline
    with pipeline.functions() as functions:
        killer = kill_when_logged(functions, function, started)
        request = pipeline.ask("east", Action.EXPORT)
        killer.join()

        outcome = pipeline.outcome("east", request)
        wait_for(lambda: pipeline.marks("west"), 90)

        assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
        assert times_logged(functions, function, started) == 2
        assert (shop.price("west"), shop.ready_replicas("west")) == ("1", "2")
        assert len(pipeline.raw("east")) == 1
