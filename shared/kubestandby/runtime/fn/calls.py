"""One call of the Fn contract as a call of the function's app, and the app's answer as Fn's.

Source: fnproject/docs, `fn/develop/fn-format.md` (http-stream). The platform sends `POST /call`. What it passes on from
a gateway says `Fn-Intent: httprequest` and brings method, address and headers along as `Fn-Http-*`; only of that the
answer's own status and headers go back. The transport's status says how the *function* did: 200, 502 failed, 504 late.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from kubestandby.errors import BadInputError

CALL_PATH = "/call"
GATEWAY = "httprequest"
OK, FAILED, LATE = 200, 502, 504
"""Any other transport status has the platform throw the container away."""

_EVENT = "cloudevent"
_PREFIX = "HTTP_FN_HTTP_"
_HEADER_PREFIX = "HTTP_FN_HTTP_H_"
_METHOD = re.compile(r"[A-Z]{1,16}")
_CALL_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_KEPT_OF_PLATFORM = ("CONTENT_TYPE", "CONTENT_LENGTH")
_NOT_A_STRANGERS = ("HTTP_FN_", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_CONNECTION")
_OF_THE_TRANSPORT = ("connection", "content-length", "content-type", "keep-alive", "transfer-encoding")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FnCall:
    """What the platform's headers say of a call.

    Attributes:
        id: the platform's name for it, "" where it gives none that can be logged.
        is_passed_on: whether it comes from a gateway, and so from anybody. Whatever looks like that is.
        is_event: whether the platform says that it is an event.
        end: when the platform stops waiting, None where it does not say, or nobody can read it.
    """

    id: str
    is_passed_on: bool
    is_event: bool
    end: datetime | None


def read_call(environ: Mapping[str, Any]) -> FnCall:
    """Reads the platform's own headers."""
    intent = str(environ.get("HTTP_FN_INTENT", "")).strip().lower()
    identity = str(environ.get("HTTP_FN_CALL_ID", ""))
    return FnCall(
        id=identity if _CALL_ID.fullmatch(identity) else "",
        is_passed_on=intent not in ("", _EVENT) or any(name.startswith(_PREFIX) for name in environ),
        is_event=intent == _EVENT,
        end=_moment(str(environ.get("HTTP_FN_DEADLINE", ""))),
    )


def environ_for_app(environ: Mapping[str, Any], call: FnCall) -> dict[str, Any]:
    """The environment with which the app is called.

    Raises:
        BadInputError: the gateway's method or address is none.
    """
    bare = {name: value for name, value in environ.items() if not name.startswith(("HTTP_", "RAW_"))}
    bare |= {"SCRIPT_NAME": "", "QUERY_STRING": "", "REMOTE_PORT": "", "SERVER_PORT": "80"}
    return {**bare, **(_from_gateway(environ) if call.is_passed_on else _from_platform(environ))}


def transport_status(status: int, call: FnCall, *, is_event: bool) -> int:
    """How the function did, by what the app answered.

    An event that nobody can understand is not delivered again: it would be as little understood. Another call of the
    platform's (a schedule's, an operator's) with a wrong body counts as failed, so that alarms see it.
    """
    if call.is_passed_on:
        return OK
    done = status < 400 or (status < 500 and (is_event or call.is_event))
    return OK if done else FAILED


def headers_of_answer(status: int, headers: Iterable[tuple[str, str]], call: FnCall) -> Headers:
    """The app's headers as the platform takes them: to a gateway under `Fn-Http-*`, else only what the body is."""
    known = list(headers)
    kept = [(name, value) for name, value in known if name.lower() == "content-type"]
    if not call.is_passed_on:
        return kept
    passed = [(f"Fn-Http-H-{name}", value) for name, value in known if name.lower() not in _OF_THE_TRANSPORT]
    return [*kept, ("Fn-Http-Status", str(status)), *passed]


def _from_platform(environ: Mapping[str, Any]) -> dict[str, Any]:
    """The platform lets nobody through whom it has not checked: as good as this machine itself (`runtime.trust`)."""
    events = {name: value for name, value in environ.items() if name.startswith("HTTP_CE_")}
    kept = {name: environ[name] for name in _KEPT_OF_PLATFORM if name in environ}
    return {
        **kept,
        **events,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
    }


def _from_gateway(environ: Mapping[str, Any]) -> dict[str, Any]:
    """A stranger's request, in the stranger's words; that it is one stands where `runtime.trust` looks."""
    method = str(environ.get("HTTP_FN_HTTP_METHOD", "POST")).upper()
    if not _METHOD.fullmatch(method):
        raise BadInputError("the request's method is none")
    path, query = _address(str(environ.get("HTTP_FN_HTTP_REQUEST_URL", "/")))
    named = {
        f"HTTP_{name.removeprefix(_HEADER_PREFIX)}": value
        for name, value in environ.items()
        if name.startswith(_HEADER_PREFIX)
    }
    headers = {name: value for name, value in named.items() if not name.startswith(_NOT_A_STRANGERS)}
    return {
        "HTTP_HOST": "gateway",
        **headers,
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "",
        "HTTP_FN_INTENT": GATEWAY,
    }


def _address(url: str) -> tuple[str, str]:
    """Path, as WSGI has it (bytes as Latin-1), and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadInputError("the request's address is none") from None
    return unquote_to_bytes(parts.path or "/").decode("latin-1"), parts.query


def _moment(text: str) -> datetime | None:
    """RFC 3339, of which Go writes nine digits of a second; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else None
