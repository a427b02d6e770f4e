"""`POST /webhooks/GROUP/NAME`, from the call to the request in the primary's bucket."""

import json
import logging
from typing import Any

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.adapters import event_wire
from kubestandby.errors import StoreError, StoreUnavailableError
from kubestandby.groups import SecretReference, Webhook, WebhookKind, WebhookMatch
from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from kubestandby.runtime.function_app import FunctionApp
from kubestandby.runtime.work import Handlers, RequestedWork, Result
from tests.unit.runtime.world import SHOP, WEST
from tests.unit.webhooks.hooks import (
    ANYTHING,
    OTHER,
    PUSH,
    SECRET,
    SECRET_VARIABLE,
    SIGNING,
    HookedWorld,
    Sent,
    argocd,
    flux,
    github,
    gitlab,
    standard,
    webhook,
)

KINDS = ("github", "gitlab", "argocd", "flux", "standard")


def sent_by(kind: str, at: float) -> Sent:
    """A delivery that is a reason to export."""
    application = {"application": "shop"}
    flux_event = {"involvedObject": {"name": "shop"}, "severity": "info", "timestamp": "2026-11-22T12:00:00Z"}
    return {
        "github": github(),
        "gitlab": gitlab({"object_kind": "push", "ref": "refs/heads/main"}),
        "argocd": argocd(application),
        "flux": flux(flux_event),
        "standard": standard(application, at=at),
    }[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sender_can_ask_for_an_export(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIGNING", SIGNING.decode())
    world = HookedWorld(webhook(kind, env="SIGNING" if kind == "standard" else ""))

    answer = world.send(sent_by(kind, world.clock.now().timestamp()), f"/webhooks/shop/{kind}")

    assert (answer.status, answer.body["group"], answer.body["site"]) == (202, "shop", "east")
    assert world.asked() == (answer.body["request"],)
    request = world.requests("east").read(SHOP, answer.body["request"])
    assert (request.action, request.origin, request.snapshot, request.to) == (Action.EXPORT, "webhook", None, None)


def test_the_export_that_was_asked_for_arrives():
    world = HookedWorld()
    world.send(github())

    world.settle()

    assert world.price("west") == "1"


def test_a_delivery_can_ask_for_nothing_but_an_export():
    world = HookedWorld()
    payload = {**PUSH, "action": "failover", "group": "bank", "to": "west", "snapshot": "1-1", "mode": "hot"}

    answer = world.send(github(payload))

    request = world.requests("east").read(SHOP, answer.body["request"])
    assert (request.action, request.snapshot, request.to, request.mode) == (Action.EXPORT, None, None, "")
    assert world.requests("west").requests(SHOP) == ()


def test_after_a_failover_the_new_primary_is_asked():
    world = HookedWorld()
    world.do("east", Action.EXPORT)
    world.do("west", Action.FAILOVER, to=WEST)

    answer = world.send(github())

    assert answer.body["site"] == "west"


def test_a_failover_is_noticed_within_seconds():
    world = HookedWorld()
    world.do("east", Action.EXPORT)
    world.send(github())
    world.settle()
    world.do("west", Action.FAILOVER, to=WEST)
    world.clock.advance(6)

    answer = world.send(github())

    assert answer.body["site"] == "west"
    assert world.requests("west").read(SHOP, answer.body["request"]).action is Action.EXPORT


# what is refused


@pytest.mark.parametrize("kind", KINDS)
def test_without_proof_the_answer_is_401_and_says_nothing(kind: str, caplog: pytest.LogCaptureFixture):
    world = HookedWorld(webhook(kind))
    sent = Sent({"X-Canary": "hunter2", "X-GitHub-Event": "push", "X-GitHub-Delivery": "1"}, b'{"hunter2": 1}')

    with caplog.at_level(logging.INFO):
        answer = world.send(sent, f"/webhooks/shop/{kind}")

    assert (answer.status, answer.body) == (401, {"error": "unauthorized"})
    assert world.asked() == ()
    assert "hunter2" not in str([vars(record) for record in caplog.records])
    assert [record.message for record in caplog.records] == ["webhook_unproven"]


def test_the_proof_comes_before_anything_is_read():
    """Bytes that are no JSON, with a wrong signature: 401, not 400."""
    world = HookedWorld()

    assert world.send(github(b"\xff not json", secret=OTHER)).status == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"\xff", b'{"a": 1, "a": 2}', b"[" * 5000, b'{"a": NaN}', b"payload=%7B%7D"]
)
def test_a_proven_body_that_is_not_one_json_object_is_400(body: bytes):
    world = HookedWorld()

    answer = world.send(github(body))

    assert answer.status == 400
    assert world.asked() == ()


def test_a_body_over_64_kib_is_413_before_it_is_signed_or_read():
    world = HookedWorld()
    body = json.dumps({**PUSH, "pad": "x" * (64 << 10)}).encode()

    assert world.send(github(body)).status == 413
    assert world.send(github(body, secret=OTHER)).status == 413


def test_no_more_than_the_cap_is_ever_read():
    world = HookedWorld()
    with flask.Flask("x").test_request_context(
        "/webhooks/shop/github", method="POST", data=b"x" * (8 << 20)
    ) as context:
        response = world.apps[Function.EXPORT].serve(context.request)

        assert response.status_code == 413
        assert context.request.stream.tell() <= (64 << 10) + 1


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/shop/none",
        "/webhooks/none/github",
        "/webhooks/shop",
        "/webhooks/",
        "/webhooks/shop/github/",
        "/webhooks//",
    ],
)
def test_a_webhook_that_is_not_there_is_404(path: str):
    answer = HookedWorld().send(github(), path)

    assert (answer.status, answer.body) == (404, {"error": "there is no such webhook"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "DELETE"])
def test_a_webhook_takes_post_only(method: str):
    answer = HookedWorld().send(github(), method=method)

    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("function", [Function.SANITIZE, Function.RESTORE])
def test_only_export_has_webhooks(function: Function):
    world = HookedWorld()
    sent = github()

    assert world.apps[function].answer("POST", sent.headers, sent.body, path="/webhooks/shop/github").status == 404


def test_a_kind_that_comes_as_an_event_has_no_url():
    world = HookedWorld(webhook("ocir"))

    assert world.send(Sent({}, b"{}"), "/webhooks/shop/ocir").status == 404


def test_headers_are_found_in_any_case():
    sent = github()
    world = HookedWorld()

    assert world.send(Sent({name.upper(): value for name, value in sent.headers.items()}, sent.body)).status == 202


# secrets


def test_a_secret_is_changed_without_a_gap(monkeypatch: pytest.MonkeyPatch):
    both = (SecretReference(env=SECRET_VARIABLE), SecretReference(env="NEW"))
    world = HookedWorld(Webhook(name="github", kind=WebhookKind.GITHUB, secrets=both))

    before = [world.send(github(secret=secret)).status for secret in (SECRET, OTHER)]
    monkeypatch.setenv("NEW", OTHER.decode())
    during = [world.send(github(secret=secret)).status for secret in (SECRET, OTHER)]
    monkeypatch.delenv(SECRET_VARIABLE)
    after = [world.send(github(secret=secret)).status for secret in (SECRET, OTHER)]

    assert (before, during, after) == ([202, 401], [202, 202], [401, 202])


def test_a_secret_that_cannot_be_read_is_told_to_the_log_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.delenv(SECRET_VARIABLE)

    answer = HookedWorld().send(github())

    assert (answer.status, answer.headers) == (503, {"Retry-After": "10"})
    assert SECRET_VARIABLE not in json.dumps(answer.body)
    assert SECRET_VARIABLE in str([vars(record) for record in caplog.records])


# what concerns the group


def test_another_branch_is_taken_and_ignored():
    world = HookedWorld(webhook(match=WebhookMatch(branches=("release/*",))))

    answer = world.send(github())

    assert (answer.status, answer.body) == (200, {"ignored": "its branch is not one of this webhook's"})
    assert world.asked() == ()


def test_a_ping_says_that_the_signature_is_right():
    answer = HookedWorld().send(github({"zen": "x"}, event="ping"))

    assert (answer.status, answer.body) == (200, {"ignored": "it is a ping, and its signature is right"})


# the same again, and many at once


def test_a_delivery_that_comes_again_asks_for_nothing_more():
    world = HookedWorld()
    sent = github(identity="guid-1")
    first = world.send(sent)
    world.settle()
    world.clock.advance(3600)

    again = world.send(sent)

    assert (again.status, again.body["ignored"]) == (200, "this delivery was taken before")
    assert again.body["request"] == first.body["request"]
    assert len(world.asked()) == 1


def test_a_replay_is_known_to_another_process_too():
    world = HookedWorld()
    sent = github(identity="guid-1")
    world.send(sent)
    other = HookedWorld()
    other.stores.update(world.stores)

    assert other.send(sent).status == 200


def test_ids_of_two_webhooks_are_not_mixed_up():
    world = HookedWorld(webhook(name="one"), webhook(name="two"))

    statuses = [world.send(github(identity="guid-1"), f"/webhooks/shop/{name}").status for name in ("one", "two")]

    assert statuses == [202, 202]


def test_an_id_that_looks_like_a_path_stays_a_digest():
    world = HookedWorld()
    world.send(github(identity="../../../etc/passwd"))

    (key,) = [key for key in world.control("east").objects if key.startswith("deliveries/")]
    assert key.startswith("deliveries/shop/20261119/")
    assert "passwd" not in key + str(world.control("east").objects[key])


def test_a_thousand_deliveries_are_one_request():
    world = HookedWorld()

    answers = [world.send(github()) for _ in range(1000)]

    assert {answer.status for answer in answers} == {202}
    assert {answer.body["request"] for answer in answers} == set(world.asked())
    assert len(world.asked()) == 1


def test_a_delivery_while_the_export_is_under_way_is_not_lost():
    """What was deployed while it read may be missing in it: one more is asked for."""
    world = HookedWorld()
    first = world.send(github()).body["request"]
    world.requests("east").begin(SHOP, first)

    later = {world.send(github()).body["request"] for _ in range(100)}

    assert len(later) == 1
    assert later != {first}


def test_an_export_that_has_begun_to_look_is_not_joined():
    world = HookedWorld()
    during: list[str] = []

    def carry_out(_: RequestedWork) -> Result:
        during.append(world.send(github()).body["request"])
        return Result(verdict=Verdict.DONE, message="done")

    app = FunctionApp(Function.EXPORT, lambda _: Handlers(carry_out=carry_out), lambda: world.context)
    first = world.send(github()).body["request"]
    (event,) = [event for event in world.events() if event.key.startswith("requests/")]

    app.answer("POST", *event_wire.encode(event))

    assert len(during) == 1
    assert during != [first]


def test_an_export_that_is_not_due_yet_is_put_off_and_then_done():
    world = HookedWorld()
    world.send(github())
    world.settle()
    world.set_price("east", "2")
    world.send(github())
    (event,) = [event for event in world.events() if event.key.startswith("requests/")]

    early = world.deliver(event)
    world.clock.advance(5)
    due = world.deliver(event)
    world.settle()

    assert (early.status, due.status) == (503, 200)
    assert world.price("west") == "2"


def test_a_request_that_could_not_be_written_is_asked_for_again():
    world = HookedWorld()
    sent = github(identity="guid-1")
    world.control("east").fail("put", "requests/", error=StoreUnavailableError("away"))

    first, second = world.send(sent), world.send(sent)

    assert (first.status, second.status) == (503, 202)
    assert len(world.asked()) == 1


def test_a_record_that_could_not_be_written_makes_no_second_request():
    world = HookedWorld()
    sent = github(identity="guid-1")
    world.control("east").fail("put", "deliveries/", error=StoreUnavailableError("away"))

    first, second = world.send(sent), world.send(sent)

    assert (first.status, second.status) == (503, 202)
    assert len(world.asked()) == 1


def test_a_store_that_refuses_is_500_without_a_word_about_it():
    world = HookedWorld()
    world.control("east").fail("put", error=StoreError("/secret/path is read-only"), times=-1)

    answer = world.send(github())

    assert answer.status == 500
    assert "path" not in json.dumps(answer.body)


def test_a_damaged_record_does_not_keep_a_delivery_out():
    world = HookedWorld()
    sent = github(identity="guid-1")
    world.send(sent)
    (key,) = [key for key in world.control("east").objects if key.startswith("deliveries/")]
    world.control("east").objects[key] = b"{"

    assert world.send(sent).status == 202


# anything at all

ALLOWED = {200, 202, 400, 401, 404, 405, 413}


@ANYTHING
@given(
    kind=st.sampled_from(KINDS),
    method=st.sampled_from(["POST", "POST", "GET", "PATCH"]),
    headers=st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=4),
    body=st.binary(max_size=400),
    rest=st.text(max_size=20),
)
def test_strangers_get_a_4xx_whatever_they_send(
    kind: str, method: str, headers: dict[str, str], body: bytes, rest: str
):
    world = HookedWorld(webhook(kind))

    for path in (f"/webhooks/shop/{kind}", f"/webhooks/{rest}", f"/webhooks/shop/{rest}"):
        answer = world.send(Sent(headers, body), path, method=method)
        assert answer.status in (401, 404, 405)
    assert world.asked() == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=10,
)


@ANYTHING
@given(event=st.sampled_from(["push", "workflow_run", "deployment_status", "ping"]), payload=JSON)
def test_a_signed_payload_of_any_form_is_answered(event: str, payload: Any):
    world = HookedWorld(webhook(match=WebhookMatch(branches=("main",))))

    answer = world.send(github(json.dumps(payload).encode("utf-8", "surrogatepass"), event=event))

    assert answer.status in ALLOWED
