"""Whatever comes over the socket, the answer is one of the contract's, and a stranger stays one."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubestandby.runtime.fn.contract import FnContract
from kubestandby.runtime.trust import is_trusted
from tests.fakes.fake_clock import FakeClock

NAMES = st.sampled_from(
    [
        *("HTTP_FN_INTENT", "HTTP_FN_DEADLINE", "HTTP_FN_CALL_ID", "HTTP_FN_HTTP_METHOD", "HTTP_FN_HTTP_REQUEST_URL"),
        *("HTTP_FN_HTTP_H_FN_INTENT", "HTTP_FN_HTTP_H_HOST", "HTTP_FN_HTTP_H_X_REAL_IP", "HTTP_FN_HTTP_H_CE_ID"),
        *(
            "HTTP_FN_HTTP_H_CONTENT_LENGTH",
            "HTTP_FN_HTTP_H_TRANSFER_ENCODING",
            "HTTP_HOST",
            "HTTP_ORIGIN",
            "HTTP_CE_ID",
        ),
    ]
)
VALUES = st.one_of(
    st.sampled_from(["", "httprequest", "cloudevent", "POST", "GET", "/webhooks/a/b?c=d", "127.0.0.1", "localhost"]),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=40),
)
CALLS = st.fixed_dictionaries(
    {
        "REQUEST_METHOD": st.sampled_from(["POST", "GET", "PUT"]),
        "PATH_INFO": st.sampled_from(["/call", "/call", "/", "/webhooks/a/b"]),
    }
)


class App:
    """Says what it was called with, in any way that an app may."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.seen: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        self.seen.append(environ)
        if self.status == 0:
            raise RuntimeError("hunter2")
        start(f"{self.status} Whatever", [("Content-Type", "application/json"), ("Content-Length", "99"), ("X-A", "b")])
        return [b"{}"]


def through(app: App, environ: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
    answers: list[tuple[str, list[tuple[str, str]]]] = []
    given = {**environ, "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": ""}
    answer = b"".join(FnContract(app, FakeClock())(given, lambda status, headers: answers.append((status, headers))))
    ((status, headers),) = answers
    return int(status[:3]), dict(headers), answer


@given(
    CALLS,
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.binary(max_size=60),
    st.sampled_from([0, 200, 202, 404, 500, 503]),
)
def test_every_answer_is_one_of_the_contracts(
    call: dict[str, str], headers: dict[str, str], body: bytes, status: int
) -> None:
    answered, told, text = through(App(status), {**call, **headers}, body)

    assert answered in (200, 502, 504)
    assert told["Content-Length"] == str(len(text))
    assert b"hunter2" not in text


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_a_gateway_passes_on_is_never_trusted(headers: dict[str, str]) -> None:
    app = App(200)
    through(app, {"REQUEST_METHOD": "POST", "PATH_INFO": "/call", **headers, "HTTP_FN_HTTP_REQUEST_URL": "/"}, b"{}")

    for environ in app.seen:
        names = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        assert not is_trusted(environ["REMOTE_ADDR"], names)
