"""The contract between the platform and any functions-framework app, over the platform's socket."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.pipeline import wait_for
from tests.fn.images import session_of
from tests.fn.platform import FnContainer, UnixConnection, call, container

ECHO = {"FUNCTION_SOURCE": str(Path(__file__).parent / "echo" / "main.py"), "KUBESTANDBY_LOG_LEVEL": "INFO"}


@pytest.fixture(scope="module")
def echo() -> Iterator[FnContainer]:
    with container("echo", ECHO) as running:
        yield running


def test_the_socket_is_open_to_the_platform_under_a_relative_link(echo: FnContainer) -> None:
    assert echo.listener.readlink() == Path("phonylsnr.sock")
    assert stat.S_IMODE(echo.listener.stat().st_mode) == 0o666


def test_a_platforms_call_is_a_call_from_this_machine(echo: FnContainer) -> None:
    said = echo.call({}, {"X-Forwarded-For": "192.0.2.1", "Ce-Id": "7", "Opc-Request-Id": "x"}).said

    assert (said["method"], said["path"], said["peer"]) == ("POST", "/", "127.0.0.1")
    said["headers"].pop("function-execution-id")  # the framework's own
    assert said["headers"] == {
        "host": "localhost",
        "content-type": "application/json",
        "content-length": "2",
        "ce-id": "7",
    }


def test_a_gateways_call_is_a_strangers_in_the_strangers_words(echo: FnContainer) -> None:
    headers = {"X-Hub-Signature-256": "sha256=00", "Host": "hooks.example", "Fn-Intent": "", "Content-Length": "9"}

    answer = echo.gateway("PUT", "https://hooks.example/webhooks/a%20b?x=1&y=%2F", b"{}", headers)

    said = answer.said
    assert (answer.status, answer.http_status) == (200, 200)
    assert (said["method"], said["path"], said["query"]) == ("PUT", "/webhooks/a b", "x=1&y=%2F")
    assert (said["peer"], said["headers"]["fn-intent"]) == ("", "httprequest")
    assert (said["headers"]["x-hub-signature-256"], said["headers"]["host"]) == ("sha256=00", "hooks.example")
    assert said["size"] == 2


def test_one_connection_serves_call_after_call_and_large_ones_too(echo: FnContainer) -> None:
    connection = UnixConnection(echo.listener)
    answers = [call(connection, body).said["size"] for body in (b"{}", b" " * (6 << 20), b"{}")]
    connection.close()

    assert answers == [2, 65537, 2]


def test_a_body_beyond_the_platforms_limit_costs_no_more_than_its_connection(echo: FnContainer) -> None:
    connection = UnixConnection(echo.listener)
    with suppress(OSError):
        call(connection, b" " * (20 << 20))
    connection.close()

    assert echo.call({}).status == 200


def test_a_body_in_chunks_is_a_body(echo: FnContainer) -> None:
    connection = UnixConnection(echo.listener)
    connection.request("POST", "/call", iter([b'{"a', b'": 1}']), {"Content-Type": "application/json"})
    said = json.loads(connection.getresponse().read())
    connection.close()

    assert (said["size"], "transfer-encoding" in said["headers"]) == (8, False)


@pytest.mark.parametrize(("status", "transport"), [(200, 200), (202, 200), (400, 502), (409, 502), (503, 502)])
def test_the_transport_says_how_the_function_did(echo: FnContainer, status: int, transport: int) -> None:
    answer = echo.call({"status": status})

    assert (answer.status, "fn-http-status" in answer.headers) == (transport, False)


@pytest.mark.parametrize("intent", ["cloudevent", ""])
def test_an_event_that_nobody_understands_does_not_come_again(echo: FnContainer, intent: str) -> None:
    assert echo.call({"status": 400, "eventType": "com.example"}, {"Fn-Intent": intent}).status == 200
    assert echo.call({"status": 503, "eventType": "com.example"}, {"Fn-Intent": intent}).status == 502


@pytest.mark.parametrize("status", [202, 401, 503])
def test_a_gateway_is_told_the_answers_own_status_and_headers(echo: FnContainer, status: int) -> None:
    answer = echo.gateway("POST", "/", json.dumps({"status": status}).encode())

    assert (answer.status, answer.http_status) == (200, status)
    assert answer.headers["fn-http-h-x-told"] == "yes"
    assert (answer.headers["fn-http-h-retry-after"], answer.headers["content-type"]) == ("7", "application/json")


def test_an_exception_is_a_failure_whose_text_goes_nowhere(echo: FnContainer) -> None:
    answer = echo.call({"raise": "password=hunter2"})

    assert answer.status == 502
    assert b"hunter2" not in answer.body
    assert echo.call({}).status == 200


def test_a_call_whose_time_is_over_is_late(echo: FnContainer) -> None:
    assert echo.call({}, seconds=-1).status == 504


def test_work_stops_a_while_before_the_platform_does(echo: FnContainer) -> None:
    short, long = echo.call({}, seconds=40).said, echo.call({}, seconds=300).said

    assert 20 < short["seconds_left"] <= 30
    assert 270 < long["seconds_left"] <= 285


GARBAGE = {
    "deadline": {"Fn-Deadline": "soon"},
    "deadline-without-zone": {"Fn-Deadline": "2020-01-01T00:00:00"},
    "no-deadline": {"Fn-Deadline": ""},
    "call-id": {"Fn-Call-Id": 'x"\\\t{}'},
    "many-headers": {f"X-{number}": "y" * 100 for number in range(400)},
    "long-header": {"X-Long": "y" * 60_000},
    "content-type": {"Content-Type": "\x80; ;;="},
    "underscores": {"Fn_Intent": "httprequest"},
}


@pytest.mark.parametrize("name", list(GARBAGE))
def test_garbage_in_headers_is_passed_over(echo: FnContainer, name: str) -> None:
    answer = echo.call({}, GARBAGE[name])

    assert answer.status == 200
    assert answer.said["peer"] == "127.0.0.1"


STRANGE = {
    "intent": {"Fn-Intent": "something-new"},
    "both-intents": {"Fn-Intent": "cloudevent, httprequest"},
    "method-alone": {"Fn-Http-Method": "POST"},
    "header-alone": {"Fn-Http-H-X": "1"},
}


@pytest.mark.parametrize("name", list(STRANGE))
def test_whatever_looks_passed_on_is_a_strangers(echo: FnContainer, name: str) -> None:
    answer = echo.call({}, STRANGE[name])

    assert (answer.status, answer.http_status) == (200, 200)
    assert (answer.said["peer"], answer.said["headers"]["fn-intent"]) == ("", "httprequest")


def test_a_gateways_question_for_headers_alone_is_answered_without_a_body(echo: FnContainer) -> None:
    answer = echo.gateway("HEAD", "/")

    assert (answer.http_status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert echo.call({}).status == 200


@pytest.mark.parametrize("method", ["", "GET / HTTP/1.1", "x" * 99])
def test_a_gateways_method_that_is_none_is_refused(echo: FnContainer, method: str) -> None:
    assert echo.gateway(method, "/").http_status == 400


@pytest.mark.parametrize("url", ["http://[", "//", "?", "/%ff%00", "a:b:c", "/../../etc"])
def test_any_address_of_a_gateway_is_answered(echo: FnContainer, url: str) -> None:
    assert echo.gateway("POST", url).http_status in (200, 400)


@pytest.mark.parametrize(("method", "path"), [("GET", "/call"), ("POST", "/"), ("PUT", "/call")])
def test_what_is_no_call_fails_without_costing_the_container(echo: FnContainer, method: str, path: str) -> None:
    connection = UnixConnection(echo.listener)
    connection.request(method, path, b"")
    status = connection.getresponse().status
    connection.close()

    assert status == 502


def test_one_call_is_worked_on_at_a_time(echo: FnContainer) -> None:
    def one(_: int) -> int:
        connection = UnixConnection(echo.listener)
        try:
            return int(call(connection, {}).said["most_at_once"])
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(16))) == {1}


def test_the_platforms_name_of_a_call_is_in_the_log(echo: FnContainer) -> None:
    echo.call({"status": 503}, call_id="01JD-77")

    assert any(line.get("call") == "01JD-77" and line["event"] == "call_failed" for line in echo.lines())


def test_a_worker_that_dies_is_replaced_under_the_same_socket() -> None:
    with container("echo", ECHO) as running:
        (worker,) = set(session_of(running.process.pid)) - {running.process.pid}
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: set(session_of(running.process.pid)) - {running.process.pid, worker}, 60)

        assert call(UnixConnection(running.listener), {}).status == 200


def test_a_call_under_way_is_told_to_end_and_still_answered(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    with container("echo", ECHO) as running, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(running.call, {"until_told": str(begun)})
        wait_for(begun.exists, 60)
        status = running.stop()

        assert answer.result(60).said == {"told_to_end": True}
        assert (status, running.listener.is_symlink()) == (0, False)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"FN_LISTENER": ""}, "FN_LISTENER is not set"),
        ({"FN_LISTENER": "tcp://127.0.0.1:80"}, "FN_LISTENER is not set to unix:"),
        ({"FN_LISTENER": f"unix:/tmp/{'x' * 110}/lsnr.sock"}, "too long for a unix socket"),
        ({"FN_FORMAT": "json"}, "only http-stream is spoken here"),
    ],
    ids=["none", "tcp", "long", "format"],
)
def test_a_wrong_environment_is_said_at_once(
    environment: dict[str, str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubestandby.errors import ConfigError
    from kubestandby.runtime.fn.serving import listener_path

    for name, value in {"FN_FORMAT": "http-stream", **environment}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError, match=complaint):
        listener_path()
