import gc
import time
import weakref

import pytest

from kubestandby.adapters.kube_http import Call, NoReplyError, Reply, RetrySettings
from kubestandby.errors import ClusterError, ClusterUnavailableError, ListExpiredError
from tests.unit.export.scripted import Line, ok, refusal

CALL = Call(method="GET", path="/api/v1/secrets", subject="secrets in shop")
BUSY = refusal(429, "TooManyRequests")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_failure_that_may_pass_is_tried_again(status: int) -> None:
    line = Line(refusal(status), refusal(status), ok({"a": 1}))

    assert line.http.json(CALL) == {"a": 1}
    assert len(line.slept) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 422])
def test_refusal_is_final(status: int) -> None:
    line = Line(refusal(status, "Reason"))

    with pytest.raises(ClusterError) as raised:
        line.http.json(CALL)
    assert (raised.value.status, raised.value.reason) == (status, "Reason")
    assert not raised.value.transient
    assert line.slept == []


def test_apply_that_does_not_fit_the_schema_is_final_although_the_server_says_500() -> None:
    line = Line(refusal(500, "InternalError", "failed to create typed patch object (v1/ConfigMap): field not declared"))

    with pytest.raises(ClusterError) as raised:
        line.http.json(CALL)
    assert not raised.value.transient
    assert line.slept == []


def test_write_behind_a_dead_webhook_is_left_to_the_caller_at_once() -> None:
    line = Line(refusal(500, "InternalError", 'failed calling webhook "check.shop": connection refused'))
    apply = Call(method="PATCH", path="/api/v1/namespaces/shop/configmaps/web", subject="ConfigMap shop/web")

    with pytest.raises(ClusterUnavailableError):
        line.http.json(apply)
    assert line.slept == []


def test_waits_grow_up_to_a_limit() -> None:
    line = Line(*[refusal(503)] * 8, ok({}), retry=RetrySettings(budget=100, first_budget=100))

    line.http.json(CALL)

    assert line.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0]


def test_jitter_shortens_a_wait_by_up_to_half() -> None:
    line = Line(refusal(503), ok({}))
    line.http.jitter = lambda: 0.0

    line.http.json(CALL)

    assert line.slept == [0.1]


def test_retry_after_in_seconds_is_waited_for() -> None:
    line = Line(refusal(429, headers={"retry-after": "7"}), ok({}))

    line.http.json(CALL)

    assert line.slept == [pytest.approx(7.2)]


def test_retry_after_as_a_date_is_waited_for() -> None:
    line = Line(refusal(503, headers={"retry-after": "Sun, 22 Nov 2026 12:00:09 GMT"}), ok({}))

    line.http.json(CALL)

    assert line.slept == [pytest.approx(9.2)]


@pytest.mark.parametrize("value", ["soon", "-3", "Sun, 99 Nov 2026", ""])
def test_retry_after_that_makes_no_sense_is_ignored(value: str) -> None:
    line = Line(refusal(503, headers={"retry-after": value}), ok({}))

    line.http.json(CALL)

    assert line.slept == [0.2]


def test_retry_after_beyond_the_budget_is_not_waited_for() -> None:
    line = Line(refusal(503, "Slow", headers={"retry-after": "3600"}))

    with pytest.raises(ClusterUnavailableError):
        line.http.json(CALL)
    assert line.slept == []


def test_budget_bounds_all_waits_together() -> None:
    line = Line(BUSY)

    with pytest.raises(ClusterUnavailableError) as raised:
        line.http.json(CALL)
    assert sum(line.slept) <= 30
    assert raised.value.transient
    assert raised.value.status == 429


def test_time_that_the_first_attempt_took_counts_too() -> None:
    line = Line(BUSY, ok({}), retry=RetrySettings(budget=0.3, first_budget=0.3))
    answer_at_once = line.sender.send

    def answer_late(call: Call) -> Reply:
        time.sleep(0.2)
        return answer_at_once(call)

    line.http.sender.send = answer_late  # type: ignore[method-assign]

    with pytest.raises(ClusterUnavailableError):
        line.http.json(CALL)
    assert line.slept == []


class Subject(str):
    """Of a request; unlike other strings it can be looked for."""

    __slots__ = ("__weakref__",)


def test_nothing_of_a_request_is_kept_when_it_is_answered() -> None:
    line, subject = Line(ok({})), Subject("Secret shop/large")
    seen = weakref.ref(subject)
    gc.disable()
    try:
        line.http.json(Call(method="PATCH", path="/api/v1/secrets", subject=subject, body=b"large"))
        line.sender.calls.clear()
        del subject
        assert seen() is None
    finally:
        gc.enable()


def test_call_may_have_a_smaller_budget() -> None:
    line = Line(BUSY)

    with pytest.raises(ClusterUnavailableError):
        line.http.json(Call(method="GET", path="/x", subject="x", budget_seconds=1))
    assert sum(line.slept) <= 1


def test_server_that_never_answered_is_given_up_sooner() -> None:
    line = Line(NoReplyError("connection refused"), retry=RetrySettings(budget=1000, first_budget=3))

    with pytest.raises(ClusterUnavailableError) as raised:
        line.http.json(CALL)
    assert sum(line.slept) <= 3
    assert str(raised.value) == (
        "cluster of site east (kubeconfig /k, context c) cannot be reached (connection refused); "
        "check that the API server https://east:6443 is up and that this machine may connect to it"
    )


def test_server_that_has_answered_gets_the_whole_budget() -> None:
    line = Line(ok({}), NoReplyError("reset"), retry=RetrySettings(budget=20, first_budget=0))
    line.http.json(CALL)

    with pytest.raises(ClusterUnavailableError):
        line.http.json(CALL)
    assert sum(line.slept) > 10


def test_connection_that_breaks_off_is_made_again() -> None:
    assert Line(NoReplyError("the connection broke off"), ok({"a": 1})).http.json(CALL) == {"a": 1}


def test_certificate_that_is_not_trusted_is_final() -> None:
    line = Line(NoReplyError("its certificate is not trusted", lasting=True))

    with pytest.raises(ClusterError, match="certificate authority in the kubeconfig") as raised:
        line.http.json(CALL)
    assert not raised.value.transient
    assert line.slept == []


@pytest.mark.parametrize("body", [b"<html>gateway</html>", b'{"items": [', b"", b"[]", b"null"])
def test_body_that_is_no_json_object_is_a_failure_and_never_nothing(body: bytes) -> None:
    line = Line(Reply(200, {"content-type": "text/html; charset=x"}, body))

    with pytest.raises(ClusterUnavailableError, match="not a JSON object \\(text/html") as raised:
        line.http.json(CALL)
    assert raised.value.reason == "Undecodable"


def test_body_that_is_whole_at_the_second_try_is_taken() -> None:
    assert Line(Reply(200, {}, b'{"items": ['), ok({"items": []})).http.json(CALL) == {"items": []}


def test_credentials_are_read_afresh_once_when_they_are_refused() -> None:
    line = Line(refusal(401, "Unauthorized"), ok({"a": 1}))

    assert line.http.json(CALL) == {"a": 1}
    assert line.sender.renewals == 1


def test_credentials_that_stay_refused_are_an_error_with_the_next_step() -> None:
    line = Line(refusal(401, "Unauthorized", "Unauthorized"))

    with pytest.raises(ClusterError, match="missing, wrong or expired; renew them") as raised:
        line.http.json(CALL)
    assert raised.value.status == 401
    assert len(line.sender.calls) == 2


def test_missing_credentials_are_said_to_be_missing_where_strangers_are_only_forbidden() -> None:
    message = 'secrets is forbidden: User "system:anonymous" cannot list resource "secrets"'

    with pytest.raises(ClusterError, match="refuses the credentials") as raised:
        Line(refusal(403, "Forbidden", message)).http.json(CALL)
    assert raised.value.status == 401


def test_expired_list_has_an_error_of_its_own() -> None:
    with pytest.raises(ListExpiredError):
        Line(refusal(410, "Expired")).http.json(CALL)


def test_refusal_names_what_was_asked_and_what_the_server_says() -> None:
    message = 'secrets is forbidden: User "robot" cannot list resource "secrets" in the namespace "shop"'

    with pytest.raises(ClusterError) as raised:
        Line(refusal(403, "Forbidden", message)).http.json(CALL)
    assert str(raised.value) == (
        f"secrets in shop: cluster of site east (kubeconfig /k, context c) answered 403 Forbidden: {message}"
    )


def test_refusal_by_a_proxy_without_a_status_object_is_named_by_its_code() -> None:
    with pytest.raises(ClusterUnavailableError, match=r"answered 502 BadGateway$"):
        Line(Reply(502, {}, b"<html>secret stuff</html>")).http.json(CALL)
