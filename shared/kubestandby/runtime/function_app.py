"""The HTTP contract of the three functions, on functions-framework's `http` signature.

    GET /                   200 {"function": "export", "version": "0.1.0"}: the process is up and its configuration good
    POST, an event          the work that it hints at is done before the answer
    POST, a request         202 {"request": NAME, "group": ..., "site": ...}: written; its event starts the work
    POST {"action":"tick"}  200 with what was pushed again (export only)
    POST /webhooks/G/NAME   a signed delivery: `runtime.webhooks.endpoint` (export only)

Requests, ticks and the platform's events are taken from whom `runtime.trust` trusts: 403 else. Events of objects are
hints at what is in a bucket, and are taken from anybody.

The status says whether the same call should come again: 503 with Retry-After and 500 yes; 200 (done, ignored, or failed
for good, with an outcome object and an ERROR line) and 4xx (nobody can understand it) no. A 4xx never repeats input.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import flask

from kubestandby import __version__
from kubestandby.adapters import alarm_wire, event_wire, wire_json
from kubestandby.errors import BadInputError, ConfigError, RoleError, StandbyError
from kubestandby.events import ObjectCreated
from kubestandby.keys.dsse import load_library
from kubestandby.layout import Function
from kubestandby.runtime.answers import Answer
from kubestandby.runtime.collecting import calm_the_collector
from kubestandby.runtime.context import Context, context_from_environment
from kubestandby.runtime.continuing import GoesOn
from kubestandby.runtime.cores import leave_no_core
from kubestandby.runtime.deadlines import ENVIRON_KEY, NEVER, Deadline, earliest_end, work_until
from kubestandby.runtime.dispatching import Dispatcher, Ignored
from kubestandby.runtime.exclusion import BusyError, Exclusion
from kubestandby.runtime.logs import bound, error_facts, log_crashes, set_up_logging
from kubestandby.runtime.submitting import read_call, submit
from kubestandby.runtime.trust import LOOPBACK, is_local, is_trusted
from kubestandby.runtime.webhooks.endpoint import PREFIX, Webhooks
from kubestandby.runtime.work import Handlers, Result

_LOG = logging.getLogger(__name__)
TICK = "tick"
_RETRY_SECONDS = 10
_BUSY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a function works with, once its configuration is read."""

    context: Context
    handlers: Handlers
    webhooks: Webhooks


@dataclass(frozen=True, slots=True)
class _Call:
    """What came over HTTP, and when its work has to stop."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    deadline: Deadline


class FunctionApp:
    """One function's HTTP face. The configuration is read at the first call, so that a wrong one can be answered."""

    def __init__(
        self,
        function: Function,
        build: Callable[[Context], Handlers],
        context: Callable[[], Context] = context_from_environment,
        *,
        wait_seconds: float = 2.0,
    ) -> None:
        """`wait_seconds`: how long a call waits for another one on the same group before it is told to come again."""
        self._function = function
        self._build = build
        self._make_context = context
        self._exclusion = Exclusion(wait_seconds)
        self._parts: _Parts | None = None
        self._lock = threading.Lock()

    def serve(self, request: flask.Request) -> flask.Response:
        """Answers one call. Reads no more of a body than an event may have."""
        body = request.stream.read(wire_json.MAX_BYTES + 1)
        peer = request.remote_addr or ""
        deadline = request.environ.get(ENVIRON_KEY, NEVER)
        headers = dict(request.headers)
        answer = self.answer(request.method, headers, body, path=request.path, peer=peer, deadline=deadline)
        text = json.dumps(answer.body, ensure_ascii=False, default=str).encode() + b"\n"
        if len(body) <= wire_json.MAX_BYTES:
            return flask.Response(text, answer.status, dict(answer.headers), mimetype="application/json")
        # As a stream: before any other response functions-framework reads the rest of the body, all of it, into memory.
        closing = {**answer.headers, "Content-Length": str(len(text)), "Connection": "close"}
        return flask.Response(iter([text]), answer.status, closing, mimetype="application/json")

    def answer(
        self,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        path: str = "/",
        peer: str = LOOPBACK,
        deadline: Deadline = NEVER,
    ) -> Answer:
        """Answers one call; no exception leaves this method.

        `peer` is the address that it comes from; `deadline` is when its work has to stop, where the server knows.
        """
        with bound(function=self._function):
            try:
                return self._answer(_Call(method, path, headers, body, peer, deadline))
            except BadInputError as error:
                _LOG.warning("bad_input", extra=error_facts(error))
                return Answer(400, {"error": str(error)})
            except RoleError as error:
                _LOG.warning("refused", extra=error_facts(error))
                return Answer(409, {"error": str(error)})
            except StandbyError as error:
                return _failure(error)
            except Exception:  # noqa: BLE001 - the last line: the caller is told nothing, the log has it
                _LOG.exception("unexpected_error")
                return Answer(500, {"error": "an unexpected error; the function's log has it"})

    def _answer(self, call: _Call) -> Answer:
        parts = self._loaded()
        if call.path.startswith(PREFIX) and self._function is Function.EXPORT:
            return parts.webhooks.answer(call.method, call.path, call.headers, call.body)
        if call.method in ("GET", "HEAD"):
            return Answer(200, {"function": self._function, "version": __version__})
        if call.method != "POST":
            return Answer(405, {"error": "use GET or POST"}, {"Allow": "GET, HEAD, POST"})
        if call.path != "/":
            return Answer(404, {"error": "there is nothing here"})
        return self._on_post(parts, call)

    def _on_post(self, parts: _Parts, call: _Call) -> Answer:
        headers, body = call.headers, call.body
        value = None if _is_marked_event(headers) else wire_json.parse_object(body)
        event = event_wire.decode(headers, body) if event_wire.is_event(headers, value) else None
        if isinstance(event, ObjectCreated):
            return self._on_event(parts.context, event, call.deadline)
        if not is_trusted(call.peer, headers):
            _LOG.warning("untrusted_call")
            return Answer(403, {"error": "this is taken from the machine itself only; send a signed webhook"})
        if event is not None:
            return parts.webhooks.on_platform(event)
        return self._on_plain(parts, value or {}, is_local=is_local(call.peer, headers))

    def _on_plain(self, parts: _Parts, value: Mapping[str, Any], *, is_local: bool) -> Answer:
        """A call that is no event: straight, or in the message of an alarm that drives the timer."""
        if alarm_wire.is_alarm(value):
            if alarm_wire.is_over(value):
                return Answer(200, {"ignored": "the alarm is over"})
            value = alarm_wire.call_of(value)
        if value.get("action") == TICK and parts.handlers.tick:
            return self._on_tick(parts.handlers.tick, value)
        return self._on_call(parts.context, value, is_local=is_local)

    def _on_event(self, context: Context, event: ObjectCreated, deadline: Deadline) -> Answer:
        if deadline is NEVER:
            deadline = work_until(context.clock, earliest_end(context.clock, None))
        with bound(event_id=event.event_id, key=event.key):
            dispatcher = Dispatcher(self._function, context, self._build, self._exclusion, deadline)
            try:
                return Answer(200, _said(dispatcher.dispatch(event)))
            except StandbyError as error:
                if error.transient or isinstance(error, BadInputError | ConfigError):
                    raise
                # The same event would fail the same way: 200, or it comes again for ever.
                _LOG.error("failed", extra=error_facts(error))
                return Answer(200, {"verdict": "failed", "message": str(error)})

    def _on_tick(self, tick: Callable[[], Mapping[str, Any]], value: Mapping[str, Any]) -> Answer:
        if len(value) != 1:
            raise BadInputError('a tick has no field but its action; send {"action": "tick"}')
        return Answer(200, {"tick": tick()})

    def _on_call(self, context: Context, value: Mapping[str, Any], *, is_local: bool) -> Answer:
        call = read_call(value, self._function, context)
        submitted = submit(call, context, is_local=is_local)
        if submitted is None:
            return Answer(200, {"ignored": "another site is primary; its own timer asks for exports"})
        site, request = submitted
        facts = {"group": call.group.name, "site": site.name, "request": request.name}
        _LOG.info("request_written", extra={**facts, "action": call.action, "origin": call.origin})
        return Answer(202, facts)

    def _loaded(self) -> _Parts:
        with self._lock:
            if self._parts is None:
                load_library()
                context = self._make_context()
                self._parts = _Parts(context, self._build(context), Webhooks(context))
            return self._parts


def function_app(function: Function, build: Callable[[Context], Handlers]) -> FunctionApp:
    """The app of a function process: logs and memory set up, configuration from the environment."""
    set_up_logging()
    log_crashes()
    leave_no_core()
    calm_the_collector()
    return FunctionApp(function, build)


def _is_marked_event(headers: Mapping[str, str]) -> bool:
    """An event by its headers alone: then its body is the decoder's, not ours."""
    return event_wire.is_event(headers, None)


def _said(result: Result | Ignored | GoesOn) -> Mapping[str, Any]:
    if isinstance(result, Ignored):
        return {"verdict": "ignored", "message": result.reason}
    if isinstance(result, GoesOn):
        return {"verdict": "goes on", "request": result.request}
    return {
        "verdict": result.verdict,
        "message": result.message,
        **({"report": result.report} if result.report else {}),
    }


def _failure(error: StandbyError) -> Answer:
    """A transient failure, or a wrong configuration that somebody will correct, has the event come again."""
    if error.transient or isinstance(error, ConfigError):
        seconds = _BUSY_SECONDS if isinstance(error, BusyError) else _RETRY_SECONDS
        level = logging.ERROR if isinstance(error, ConfigError) else logging.WARNING
        _LOG.log(level, "try_again", extra={**error_facts(error), "retry_after": seconds})
        return Answer(503, {"error": "not possible now; try again"}, {"Retry-After": str(seconds)})
    _LOG.error("failed", extra=error_facts(error))
    return Answer(500, {"error": str(error)})
