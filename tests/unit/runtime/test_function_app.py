"""The HTTP contract: what is answered says whether the same call should come again."""

import json
from typing import Any

import flask
import pytest

from kubestandby import __version__
from kubestandby.adapters import event_wire
from kubestandby.errors import ClusterUnavailableError, ConfigError, StoreError, StoreUnavailableError
from kubestandby.events import ObjectCreated
from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from kubestandby.runtime.context import Context
from kubestandby.runtime.function_app import FunctionApp
from kubestandby.runtime.work import Handlers, RequestedWork, Result
from tests.unit.runtime.world import SHOP, WEST, World


def app_that(world: World, error: Exception | None = None) -> FunctionApp:
    """The export function with a handler that fails in this way, or is done."""

    def carry_out(work: RequestedWork) -> Result:
        if error:
            raise error
        return Result(verdict=Verdict.DONE, message="done")

    def build(_: Context) -> Handlers:
        return Handlers(carry_out=carry_out)

    return FunctionApp(Function.EXPORT, build, lambda: world.context)


def request_event(world: World, origin: str = "timer") -> tuple[dict[str, str], bytes]:
    world.ask("east", Action.EXPORT, origin=origin)
    (event,) = world.events()
    return event_wire.encode(event)


def event(bucket: str, key: str) -> tuple[dict[str, str], bytes]:
    return event_wire.encode(ObjectCreated(bucket=bucket, key=key, event_id="e"))


def test_get_tells_who_it_is():
    answer = World().apps[Function.EXPORT].answer("GET", {}, b"")

    assert (answer.status, answer.body) == (200, {"function": "export", "version": __version__})


def test_a_wrong_configuration_is_unhealthy_and_told_to_the_log_only(caplog: pytest.LogCaptureFixture):
    def context() -> Context:
        raise ConfigError("shop.yaml:3: wrong")

    app = FunctionApp(
        Function.EXPORT, lambda _: Handlers(carry_out=lambda _: Result(verdict=Verdict.DONE, message="")), context
    )

    answer = app.answer("GET", {}, b"")

    assert answer.status == 503
    assert "shop.yaml" not in json.dumps(answer.body)
    assert "shop.yaml:3: wrong" in str([vars(record).get("cause") for record in caplog.records])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_not_allowed(method: str):
    answer = World().apps[Function.EXPORT].answer(method, {}, b"")

    assert answer.status == 405


def test_done_is_200_with_an_outcome():
    world = World()

    answer = app_that(world).answer("POST", *request_event(world))

    assert (answer.status, answer.body["verdict"]) == (200, "done")
    assert len([key for key in world.control("east").objects if key.startswith("outcomes/")]) == 1


def test_a_transient_failure_is_503_without_an_outcome():
    world = World()

    answer = app_that(world, ClusterUnavailableError("away")).answer("POST", *request_event(world))

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert not [key for key in world.control("east").objects if key.startswith("outcomes/")]


def test_an_operator_who_waits_is_told_of_a_transient_failure_at_once():
    world = World()

    answer = app_that(world, ClusterUnavailableError("away")).answer("POST", *request_event(world, "operator"))

    assert (answer.status, answer.body["verdict"]) == (200, "failed")


def test_a_permanent_failure_is_200_with_an_outcome_and_an_error_line(caplog: pytest.LogCaptureFixture):
    world = World()

    answer = app_that(world, StoreError("not writable; make it so")).answer("POST", *request_event(world))

    assert (answer.status, answer.body["verdict"]) == (200, "failed")
    assert [record.levelname for record in caplog.records if record.message == "request_done"] == ["ERROR"]


def test_an_unexpected_error_is_500_and_tells_the_caller_nothing(caplog: pytest.LogCaptureFixture):
    world = World()

    answer = app_that(world, ValueError("hunter2")).answer("POST", *request_event(world))

    assert answer.status == 500
    assert "hunter2" not in json.dumps(answer.body)
    assert [record.levelname for record in caplog.records if record.message == "unexpected_error"] == ["ERROR"]


def test_an_outcome_that_cannot_be_written_now_has_the_event_come_again():
    world = World()
    event_ = request_event(world)
    world.control("east").fail("put", "outcomes/", error=StoreUnavailableError("away"), times=1)
    app = app_that(world)

    first, second = app.answer("POST", *event_), app.answer("POST", *event_)

    assert (first.status, second.status) == (503, 200)


def test_an_event_on_an_unknown_bucket_is_400():
    answer = World().apps[Function.EXPORT].answer("POST", *event("file:///etc", "requests/shop/x-export-y.json"))

    assert answer.status == 400
    assert "/etc" not in json.dumps(answer.body)


@pytest.mark.parametrize(
    ("bucket", "key", "reason"),
    [
        (
            "memory://east/control",
            "requests/shop/20261122T000000.000000Z-restore-1.json",
            "request_for_another_function",
        ),
        (
            "memory://east/control",
            "requests/bank/20261122T000000.000000Z-export-1.json",
            "group_or_site_not_served_here",
        ),
        ("memory://east/data", "requests/shop/20261122T000000.000000Z-export-1.json", "group_or_site_not_served_here"),
        ("memory://east/control", "requests/shop/20261122T000000.000000Z-export-1.json", "request_is_gone"),
        ("memory://east/data", "raw/shop/1-1/index.json", "snapshot_for_another_function"),
        ("memory://east/data", "raw/shop/1-1/snapshot.tar.gz", "no_request_and_no_index"),
        ("memory://east/data", "raw/shop/../index.json", "no_request_and_no_index"),
    ],
)
def test_an_event_that_is_not_for_this_function_is_ignored(bucket: str, key: str, reason: str):
    answer = World().apps[Function.EXPORT].answer("POST", *event(bucket, key))

    assert (answer.status, answer.body["message"]) == (200, reason)


def test_a_function_of_one_site_leaves_the_other_sites_events_alone():
    world = World(only_site="west")
    world.ask("east", Action.EXPORT)

    (answer,) = world.settle()

    assert answer.body == {"verdict": "ignored", "message": "group_or_site_not_served_here"}


def test_a_request_that_is_damaged_is_refused_once():
    world = World()
    request = world.ask("east", Action.EXPORT)
    world.control("east").objects[f"requests/shop/{request.name}.json"] = b"{}"

    world.settle()

    assert world.outcome("east", request).verdict is Verdict.REFUSED


def test_a_body_is_never_read_beyond_its_cap():
    world = World()
    with flask.Flask("x").test_request_context("/", method="POST", data=b"x" * (8 << 20)) as context:
        response = world.apps[Function.EXPORT].serve(context.request)

        assert response.status_code == 400
        assert context.request.stream.tell() <= (64 << 10) + 1


def test_an_answer_is_json():
    world = World()
    with flask.Flask("x").test_request_context("/", method="GET") as context:
        response = world.apps[Function.RESTORE].serve(context.request)

    assert response.mimetype == "application/json"
    assert json.loads(response.data)["function"] == "restore"


# requests over HTTP


def test_a_call_is_answered_before_the_work():
    world = World()

    answer = world.post(Function.EXPORT, {"action": "export", "group": "shop"})

    assert (answer.status, answer.body["group"], answer.body["site"]) == (202, "shop", "east")
    assert world.requests("east").pending(SHOP) == (answer.body["request"],)
    assert world.requests("east").read(SHOP, answer.body["request"]).origin == "operator"


def test_an_export_is_asked_of_the_current_primary():
    world = World()
    world.do("east", Action.EXPORT)
    world.do("west", Action.FAILOVER, to=WEST)

    answer = world.post(Function.EXPORT, {"action": "export", "group": "shop"})

    assert answer.body["site"] == "west"


def test_an_export_asked_of_the_standby_is_409():
    answer = World().post(Function.EXPORT, {"action": "export", "group": "shop", "to": "west"})

    assert answer.status == 409
    assert "east is primary" in answer.body["error"]


def test_the_standbys_timer_asks_for_nothing():
    world = World(only_site="west")

    answer = world.post(Function.EXPORT, {"action": "export", "group": "shop", "origin": "timer"})

    assert answer.status == 200
    assert world.requests("east").pending(SHOP) == ()


def test_a_restore_is_asked_of_the_standby():
    answer = World().post(Function.RESTORE, {"action": "plan", "group": "shop", "snapshot": "1-7", "mode": "warm"})

    assert (answer.status, answer.body["site"]) == (202, "west")


def test_a_failover_is_asked_of_the_site_that_it_names():
    world = World()

    answer = world.post(Function.RESTORE, {"action": "failover", "group": "shop", "to": "west"})

    assert (answer.status, answer.body["site"]) == (202, "west")
    assert world.requests("west").read(SHOP, answer.body["request"]).to == WEST


BAD_CALLS: list[tuple[dict[str, Any], str]] = [
    ({}, "knows the actions export"),
    ({"action": "hunter2", "group": "shop"}, "knows the actions"),
    ({"action": "restore", "group": "shop"}, "knows the actions export"),
    ({"action": 7, "group": "shop"}, "action is not a short text"),
    ({"action": "export"}, "no group of that name"),
    ({"action": "export", "group": "hunter2"}, "no group of that name"),
    ({"action": "export", "group": "shop", "hunter2": 1}, "a field that a request does not have"),
    ({"action": "export", "group": "shop", "to": "hunter2"}, "its sites are east, west"),
    ({"action": "export", "group": "shop", "snapshot": "hunter2"}, "EPOCH-GENERATION"),
    ({"action": "export", "group": "shop", "mode": "hunter2"}, "none of rehearse, warm, hot"),
    ({"action": "export", "group": "shop", "origin": "tick"}, "none of operator, timer"),
    ({"action": "tick", "group": "shop"}, "a tick has no field"),
]


@pytest.mark.parametrize(("body", "says"), BAD_CALLS)
def test_a_wrong_call_is_400_without_an_echo(body: dict[str, Any], says: str):
    answer = World().post(Function.EXPORT, body)

    assert answer.status == 400
    assert says in answer.body["error"]
    assert "hunter2" not in answer.body["error"]


def test_a_failover_that_does_not_say_where_to_is_400():
    answer = World().post(Function.RESTORE, {"action": "failover", "group": "shop"})

    assert answer.status == 400


def test_a_request_that_cannot_be_written_is_no_success():
    world = World()
    world.control("east").fail("put", error=StoreError("read-only file system"), times=-1)

    answer = world.post(Function.EXPORT, {"action": "export", "group": "shop"})

    assert answer.status == 500
    assert "read-only" in answer.body["error"]


def test_only_export_knows_ticks():
    answer = World().post(Function.RESTORE, {"action": "tick"})

    assert answer.status == 400


def test_two_calls_at_the_same_time_do_not_work_on_one_group():
    world = World()
    headers, body = request_event(world)
    inner: list[int] = []

    def carry_out(work: RequestedWork) -> Result:
        inner.append(app.answer("POST", headers, body).status)
        return Result(verdict=Verdict.DONE, message="done")

    app = FunctionApp(Function.EXPORT, lambda _: Handlers(carry_out=carry_out), lambda: world.context, wait_seconds=0)

    outer = app.answer("POST", headers, body)

    assert (outer.status, inner) == (200, [503])
