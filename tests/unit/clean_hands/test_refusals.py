"""What servers say when they refuse a Secret, and what of it we repeat: names of fields, never a value."""

import base64
import json
from typing import Any

import orjson
import pytest

from kubestandby.adapters.kube_http import Call, KubeHttp, Reply, RetrySettings
from kubestandby.errors import ClusterError
from tests.e2e.canary.canaries import Canaries, Finder

CANARIES = Canaries.hatch()
FINDER = Finder.of(CANARIES, {})
VALUE = CANARIES.at("value")
DATA = base64.b64encode(VALUE.encode()).decode()
SECRET = json.dumps({"kind": "Secret", "data": {"password": DATA}, "stringData": {"a": VALUE}})


def status(code: int, reason: str, message: str, *causes: dict[str, str]) -> tuple[int, dict[str, Any]]:
    details = {"details": {"name": "till", "kind": "secrets", "causes": list(causes)}} if causes else {}
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return code, {**body, **details}


REFUSALS = {
    "policy": status(422, "Invalid", f'secrets "till" is forbidden: ValidatingAdmissionPolicy denied request: {VALUE}'),
    "webhook": status(403, "Forbidden", f'admission webhook "x.example.com" denied the request: {SECRET}'),
    "webhook 400": status(400, "BadRequest", f'admission webhook "x.example.com" denied the request: {VALUE}'),
    "webhook 500": status(
        500, "InternalError", f'Internal error occurred: failed calling webhook "x": {SECRET}: timeout'
    ),
    "webhook with causes": status(
        422, "Invalid", f"denied: {VALUE}", {"field": "data.password", "reason": "FieldValueInvalid", "message": VALUE}
    ),
    "cause without a field": status(422, "Invalid", f"denied: {VALUE}", {"reason": "x", "message": VALUE}),
    "decoding": status(
        400,
        "BadRequest",
        f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4, error found in'
        f' #10 byte of ...|sword":"{VALUE}"}}|..., bigger context ...|{SECRET}|...',
    ),
    "typed patch": status(
        500, "", f"failed to create typed patch object (shop/till; /v1, Kind=Secret): .data.password: got {VALUE}"
    ),
    "strict": status(400, "BadRequest", f'strict decoding error: unknown field "data.{VALUE}"'),
    "invalid": status(
        422,
        "Invalid",
        f'Secret "till" is invalid: data[password]: Invalid value: "{VALUE}": too long',
        {"field": "data[password]", "reason": "FieldValueInvalid", "message": f'Invalid value: "{DATA}": too long'},
    ),
    "too large": status(413, "RequestEntityTooLarge", f"etcdserver: request is too large: {SECRET}"),
    "quota": status(403, "Forbidden", f'secrets "till" is forbidden: exceeded something of {VALUE}'),
    "no reason": status(418, "", SECRET),
}


class OneReply:
    """A sender whose server always says the same."""

    where, host = "cluster of site west", "https://west"

    def __init__(self, code: int, body: bytes) -> None:
        self.reply = Reply(code, {"content-type": "application/json"}, body)

    def send(self, call: Call) -> Reply:
        return self.reply

    def renew(self) -> None:
        pass


def refusal(code: int, body: bytes) -> str:
    call = Call(
        method="PATCH", path="/api/v1/namespaces/shop/secrets/till", subject="Secret shop/till", secret=True, body=b"{}"
    )
    http = KubeHttp(OneReply(code, body), RetrySettings(budget=0, first_budget=0), sleep=lambda _: None)
    with pytest.raises(ClusterError) as raised:
        http.json(call)
    chain, error = [], raised.value
    while error is not None:
        chain.append(f"{error} {error.args!r}")
        error = error.__cause__  # type: ignore[assignment]
    return "\n".join(chain)


@pytest.mark.parametrize("name", REFUSALS)
def test_nothing_of_a_secret_that_a_server_refuses_is_repeated(name: str) -> None:
    code, body = REFUSALS[name]

    told = refusal(code, orjson.dumps(body))

    assert told.startswith("Secret shop/till: cluster of site west answered")
    assert FINDER.sightings(name, told.encode()) == []


@pytest.mark.parametrize(
    "body",
    [VALUE.encode(), SECRET.encode(), b"<html>" + VALUE.encode(), b"\xff" + DATA.encode()],
    ids=["text", "json", "html", "bytes"],
)
@pytest.mark.parametrize("code", [200, 400, 403, 500, 503])
def test_nothing_of_a_body_that_is_no_answer_of_a_server_is_repeated(code: int, body: bytes) -> None:
    if code == 200 and body.startswith(b"{"):
        return
    assert FINDER.sightings("told", refusal(code, body).encode()) == []
