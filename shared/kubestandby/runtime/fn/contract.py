"""The Fn contract around a WSGI app: what comes over the platform's socket, and what goes back."""

import io
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from kubestandby.adapters import event_wire, wire_json
from kubestandby.errors import BadInputError
from kubestandby.ports import Clock
from kubestandby.runtime.deadlines import ENVIRON_KEY, earliest_end, work_until
from kubestandby.runtime.fn import calls
from kubestandby.runtime.fn.calls import FnCall, Headers
from kubestandby.runtime.logs import bound, error_facts

_LOG = logging.getLogger(__name__)
MAX_BODY_BYTES = 6 << 20
"""What OCI Functions takes of a request's body; the rest of a larger one is not waited for."""

_CHUNK = 64 << 10
_JSON = "application/json"

StartResponse = Callable[..., Any]
WsgiApp = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class FnContract:
    """A WSGI app that takes the platform's calls to another one."""

    def __init__(self, app: WsgiApp, clock: Clock, is_stopping: Callable[[], bool] = lambda: False) -> None:
        """`is_stopping` says whether the process was told to end: work then stops as if its time were over."""
        self._app = app
        self._clock = clock
        self._is_stopping = is_stopping

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        """Answers one call; no exception leaves it, and no other status than the contract's."""
        call = calls.read_call(environ)
        with bound(call=call.id):
            try:
                status, headers, body = self._answer(environ, call)
            except Exception as error:  # noqa: BLE001 - the last line: any other status costs the container
                _LOG.error("unexpected_error", extra=error_facts(error))
                status, headers, body = calls.FAILED, *_said("an unexpected error; the function's log has it")
        # Of the body that goes out: to a HEAD the app says the length of one that it does not send.
        start_response(_line(status), [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _answer(self, environ: dict[str, Any], call: FnCall) -> tuple[int, Headers, bytes]:
        if (environ.get("REQUEST_METHOD"), environ.get("PATH_INFO")) != ("POST", calls.CALL_PATH):
            return calls.FAILED, *_said("only POST /call is answered here")
        if call.end is not None and call.end <= self._clock.now():
            _LOG.warning("call_came_too_late", extra={"deadline": call.end.isoformat()})
            return calls.LATE, *_said("the call's deadline was over when it came")
        try:
            inner = calls.environ_for_app(environ, call)
        except BadInputError as error:
            return _refused(call, error)
        data = _take_body(environ)
        inner |= {"wsgi.input": io.BytesIO(data), "wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(data))}
        inner[ENVIRON_KEY] = work_until(self._clock, earliest_end(self._clock, call.end), self._is_stopping)
        return self._through_app(inner, data, call)

    def _through_app(self, environ: dict[str, Any], data: bytes, call: FnCall) -> tuple[int, Headers, bytes]:
        started: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, _: Any = None) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        answer = self._app(environ, start)
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        line, headers = started[-1]
        status = int(line[:3])
        transport = calls.transport_status(status, call, is_event=_is_event(data))
        if transport != calls.OK:
            _LOG.warning("call_failed", extra={"status": status})
        return transport, calls.headers_of_answer(status, headers, call), body


def _refused(call: FnCall, error: BadInputError) -> tuple[int, Headers, bytes]:
    headers, body = _said(str(error))
    return calls.transport_status(400, call, is_event=False), calls.headers_of_answer(400, headers, call), body


def _take_body(environ: dict[str, Any]) -> bytes:
    """As much of the body as the app looks at. The rest is read too, or the connection could not be used again."""
    stream = environ["wsgi.input"]
    kept, total = b"", 0
    while total <= MAX_BODY_BYTES and (chunk := stream.read(_CHUNK)):
        total += len(chunk)
        kept += chunk[: wire_json.MAX_BYTES + 1 - len(kept)]
    return kept


def _is_event(data: bytes) -> bool:
    try:
        return event_wire.is_event({}, wire_json.parse_object(data))
    except BadInputError:
        return False


def _said(message: str) -> tuple[Headers, bytes]:
    body = json.dumps({"error": message}).encode() + b"\n"
    return [("Content-Type", _JSON)], body


def _line(status: int) -> str:
    return {calls.OK: "200 OK", calls.FAILED: "502 Bad Gateway", calls.LATE: "504 Gateway Timeout"}[status]
