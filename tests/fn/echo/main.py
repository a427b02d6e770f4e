"""A functions-framework app for tests of the adapter: says what it was called with, or does what the body asks for."""

import json
import threading
from pathlib import Path
from typing import Any

import flask
import functions_framework

from kubestandby.runtime.deadlines import ENVIRON_KEY, Deadline

_NOW = {"calls": 0, "most": 0}


@functions_framework.http
def echo(request: flask.Request) -> flask.typing.ResponseReturnValue:
    _NOW["calls"] += 1
    _NOW["most"] = max(_NOW.values())
    try:
        return _answer(request)
    finally:
        _NOW["calls"] -= 1


def _answer(request: flask.Request) -> flask.typing.ResponseReturnValue:
    body = request.get_data()
    order = _order(body)
    deadline: Deadline = request.environ[ENVIRON_KEY]
    if "raise" in order:
        raise RuntimeError(order["raise"])
    if "status" in order:
        return flask.Response("{}", order["status"], {"X-Told": "yes", "Retry-After": "7"}, mimetype="application/json")
    if "until_told" in order:
        Path(order["until_told"]).touch()
        while deadline.seconds_left > 0:
            threading.Event().wait(0.01)
        return {"told_to_end": deadline.is_stopping()}
    headers = {name.lower(): value for name, value in request.headers.items()}
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query_string.decode("latin-1"),
        "headers": headers,
        "peer": request.remote_addr,
        "size": len(body),
        "seconds_left": min(deadline.seconds_left, 1e6),
        "most_at_once": _NOW["most"],
    }


def _order(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
