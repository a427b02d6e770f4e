"""Deliveries of every sender that prove nothing, or prove themselves and then say what no such sender says."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.fakes.fake_clock import FakeClock
from tests.hostile.corpus.case import CANARY, Hostile, RefusedError, Row, cases, js, nested, said_twice
from tests.hostile.corpus.events import message
from tests.unit.webhooks.hooks import (
    OTHER,
    PUSH,
    SECRET,
    Sent,
    argocd,
    flux,
    github,
    gitlab,
    hex_signature,
    standard,
)

R = RefusedError
NOW = FakeClock().now().timestamp()
TOLD = {"application": "shop", "token": CANARY}
PIPELINE = {"object_kind": "push", **PUSH}
RECONCILED = {"involvedObject": {"kind": "Kustomization", "name": "shop"}, "severity": "info", "message": CANARY}
DEEP = nested(b'{"a":', 1000, b"}", b"1")
TWICE = said_twice(js(PUSH), "ref")


def sent(path: str, delivery: Sent, **headers: str | None) -> bytes:
    changed = delivery.with_headers(**headers)
    return message(changed.body, path=f"/webhooks/shop/{path}", **changed.headers)


def body_changed(path: str, delivery: Sent, body: bytes) -> bytes:
    return sent(path, Sent(delivery.headers, body))


def sha1(body: bytes) -> str:
    return hex_signature(SECRET, body, "sha1")


BODY = json.dumps(PUSH).encode()
FROM_GITHUB = github(identity="g-1")
GITHUB: dict[str, Row] = {
    "no signature": (sent("github", FROM_GITHUB, X_Hub_Signature_256=None), R, "401|x-hub-signature-256 is missing"),
    "an empty signature": (sent("github", FROM_GITHUB, X_Hub_Signature_256=""), R, "401|is missing"),
    "another secret": (sent("github", github(secret=OTHER, identity="g-2")), R, "401|signature or token is wrong"),
    "an empty secret": (sent("github", github(secret=b"", identity="g-3")), R, "401|signature or token is wrong"),
    "another body": (body_changed("github", FROM_GITHUB, BODY + b" "), R, "401|signature or token is wrong"),
    "no body": (body_changed("github", FROM_GITHUB, b""), R, "401|signature or token is wrong"),
    "half a signature": (
        sent("github", FROM_GITHUB, X_Hub_Signature_256=FROM_GITHUB.headers["X-Hub-Signature-256"][:40]),
        R,
        "401|signature or token is wrong",
    ),
    "a signature in capitals": (
        sent("github", FROM_GITHUB, X_Hub_Signature_256=FROM_GITHUB.headers["X-Hub-Signature-256"].upper()),
        R,
        "401|signature or token is wrong",
    ),
    "a signature with SHA-1": (sent("github", FROM_GITHUB, X_Hub_Signature_256=sha1(BODY)), R, "401|wrong"),
    "GitHub's old header alone": (
        sent("github", FROM_GITHUB, X_Hub_Signature_256=None, X_Hub_Signature=sha1(BODY)),
        R,
        "401|is missing",
    ),
    "a signature that is no text": (sent("github", FROM_GITHUB, X_Hub_Signature_256="\xff\xfe"), R, "401|wrong"),
    "the signature twice": (
        sent("github", FROM_GITHUB, X_Hub_Signature_256=", ".join([FROM_GITHUB.headers["X-Hub-Signature-256"]] * 2)),
        R,
        "401|signature or token is wrong",
    ),
    "no event": (sent("github", FROM_GITHUB, X_GitHub_Event=None), R, "400|x-github-event is missing|check"),
    "an event of two lines": (sent("github", github(event="push\tx", identity="g-4")), R, "400|x-github-event|check"),
    "no id": (sent("github", FROM_GITHUB, X_GitHub_Delivery=None), R, "400|x-github-delivery is missing|check"),
    "an id of 300 characters": (sent("github", github(identity="x" * 300)), R, "400|x-github-delivery|short word"),
    "signed, and no JSON": (sent("github", github(b"{" + CANARY.encode(), identity="g-5")), R, "400|not JSON|send"),
    "signed, and a list": (sent("github", github([PUSH], identity="g-6")), R, "400|not a JSON object|send"),
    "signed, and no UTF-8": (sent("github", github(b'{"a": "\xff"}', identity="g-7")), R, "400|not UTF-8|send"),
    "signed, and deep": (sent("github", github(DEEP, identity="g-8")), R, "400|nested deeper than 32"),
    "signed, and a key twice": (
        sent("github", github(TWICE, identity="g-9")),
        R,
        "400|says a key twice|send each key once",
    ),
    "signed, and a form": (sent("github", github(b"payload=%7B%7D", identity="g-10")), R, "400|not JSON|send"),
    "signed, and over 64 KiB": (sent("github", github(b" " * (65 << 10), identity="g-11")), R, "413|larger than 64"),
}
FROM_GITLAB = gitlab(PIPELINE, identity="l-1")
GITLAB: dict[str, Row] = {
    "no token": (sent("gitlab", FROM_GITLAB, X_Gitlab_Token=None), R, "401|x-gitlab-token is missing"),
    "another token": (sent("gitlab", gitlab(PIPELINE, token=OTHER)), R, "401|signature or token is wrong"),
    "half of the token": (sent("gitlab", gitlab(PIPELINE, token=SECRET[:-1])), R, "401|signature or token is wrong"),
    "the token and more": (sent("gitlab", gitlab(PIPELINE, token=SECRET + b"x")), R, "401|signature or token is"),
    "the token in capitals": (sent("gitlab", gitlab(PIPELINE, token=SECRET.upper())), R, "401|signature or token is"),
    "a token that is no text": (sent("gitlab", FROM_GITLAB, X_Gitlab_Token="\xff" * 40), R, "401|signature or token"),
    "the token as Bearer": (
        sent("gitlab", FROM_GITLAB, X_Gitlab_Token=None, Authorization=f"Bearer {SECRET.decode()}"),
        R,
        "401|x-gitlab-token is missing",
    ),
    "proven, and no JSON": (sent("gitlab", gitlab(CANARY.encode())), R, "400|not JSON|send"),
    "proven, and a text": (sent("gitlab", gitlab(CANARY)), R, "400|not a JSON object|send"),
    "proven, and deep": (sent("gitlab", gitlab(b'{"object_kind":' + DEEP + b"}")), R, "400|nested deeper than 32"),
    "proven, and 64 KiB": (sent("gitlab", gitlab(b"[" * (65 << 10))), R, "413|larger than 64 KiB"),
}
FROM_ARGOCD = argocd(TOLD)
ARGOCD: dict[str, Row] = {
    "no authorization": (sent("argocd", FROM_ARGOCD, Authorization=None), R, "401|authorization is missing"),
    "another token": (sent("argocd", argocd(TOLD, token=OTHER)), R, "401|signature or token is wrong"),
    "an empty token": (sent("argocd", argocd(TOLD, token=b"")), R, "401|signature or token is wrong"),
    "Basic": (
        sent("argocd", FROM_ARGOCD, Authorization="Basic " + base64.b64encode(b"a:" + SECRET).decode()),
        R,
        "401|not of the scheme Bearer",
    ),
    "the bare token": (sent("argocd", FROM_ARGOCD, Authorization=SECRET.decode()), R, "401|not of the scheme Bearer"),
    "proven, and no application": (sent("argocd", argocd({"app": CANARY})), R, "400|names no application|template"),
    "proven, and an application that is a list": (
        sent("argocd", argocd({"application": [CANARY]})),
        R,
        "400|names no application|template",
    ),
    "proven, and an application of 2000 characters": (
        sent("argocd", argocd({"application": "x" * 2000})),
        R,
        "400|names no application|template",
    ),
    "proven, and a template that was not rendered": (
        sent("argocd", argocd(b'{"application": {{.app.metadata.name}}}')),
        R,
        "400|not JSON|send",
    ),
}
FROM_FLUX = flux(RECONCILED)
FLUX: dict[str, Row] = {
    "no signature": (sent("flux", FROM_FLUX, X_Signature=None), R, "401|x-signature is missing"),
    "another secret": (sent("flux", flux(RECONCILED, secret=OTHER)), R, "401|signature or token is wrong"),
    "another body": (body_changed("flux", FROM_FLUX, js(RECONCILED) + b"\n"), R, "401|signature or token is wrong"),
    "SHA-1": (sent("flux", flux(RECONCILED, name="sha1")), R, "401|not made with sha256, sha384 or sha512"),
    "MD5": (sent("flux", flux(RECONCILED, name="md5")), R, "401|not made with sha256, sha384 or sha512"),
    "SHA-512 under the name of SHA-256": (
        sent("flux", FROM_FLUX, X_Signature=hex_signature(SECRET, FROM_FLUX.body, "sha512").replace("512", "256", 1)),
        R,
        "401|signature or token is wrong",
    ),
    "a hash that Python has and Flux has not": (
        sent("flux", FROM_FLUX, X_Signature="shake_128=00"),
        R,
        "401|not made with sha256",
    ),
    "proven, and nothing involved": (sent("flux", flux({"severity": "info"})), R, "400|names no involvedObject|Flux"),
    "proven, and an object that is a text": (
        sent("flux", flux({"involvedObject": CANARY})),
        R,
        "400|names no involvedObject|Flux",
    ),
    "proven, and no JSON": (sent("flux", flux(b"\x00" + CANARY.encode())), R, "400|not JSON|send"),
}
GOOD = standard(TOLD, at=NOW, identity="msg_1")
STANDARD: dict[str, Row] = {
    "no id": (sent("standard", GOOD, webhook_id=None), R, "401|webhook-id is missing"),
    "no time": (sent("standard", GOOD, webhook_timestamp=None), R, "401|webhook-timestamp is missing"),
    "no signature": (sent("standard", GOOD, webhook_signature=None), R, "401|webhook-signature is missing"),
    "another key": (sent("standard", standard(TOLD, at=NOW, key=b"k" * 24)), R, "401|no signature"),
    "another body": (body_changed("standard", GOOD, b"{}"), R, "401|no signature of webhook-signature is right"),
    "another id": (sent("standard", GOOD, webhook_id="msg_2"), R, "401|no signature of webhook-signature is right"),
    "another time": (sent("standard", GOOD, webhook_timestamp=str(int(NOW) + 1)), R, "401|no signature"),
    "six minutes old": (sent("standard", standard(TOLD, at=NOW - 360)), R, "401|-360 s from now|replay"),
    "six minutes ahead": (sent("standard", standard(TOLD, at=NOW + 360)), R, "401|360 s from now|clocks"),
    "a year old": (sent("standard", standard(TOLD, at=NOW - 31_536_000)), R, "401|s from now|replay"),
    "a time below zero": (sent("standard", GOOD, webhook_timestamp="-1"), R, "401|not a number of seconds"),
    "a time in powers": (sent("standard", GOOD, webhook_timestamp="1e9"), R, "401|not a number of seconds"),
    "a time of 5000 digits": (sent("standard", GOOD, webhook_timestamp="9" * 5000), R, "401|not a number of seconds"),
    "an id with a blank": (sent("standard", GOOD, webhook_id="msg 1"), R, "401|webhook-id is not a short word"),
    "a signature of version 2": (sent("standard", GOOD, webhook_signature="v2,AAAA"), R, "401|no signature"),
    "a signature that is no Base64": (sent("standard", GOOD, webhook_signature="v1,%%%"), R, "401|no signature"),
    "an empty signature of version 1": (sent("standard", GOOD, webhook_signature="v1,"), R, "401|no signature"),
    "forty signatures": (
        sent("standard", GOOD, webhook_signature=" ".join(["v1,AAAA"] * 40)),
        R,
        "401|more than 16 signatures",
    ),
    "proven, and a list": (sent("standard", standard([TOLD], at=NOW)), R, "400|not a JSON object|send"),
    "proven, and infinity": (sent("standard", standard(b'{"a": Infinity}', at=NOW)), R, "400|Infinity|send"),
}


def _anywhere() -> dict[str, Row]:
    """What no sender does, whoever it says to be."""
    body: Any = FROM_GITHUB
    return {
        "a webhook that nobody has": (sent(CANARY, body), R, "404|no such webhook"),
        "a path that goes on": (sent("github/../../etc", body), R, "404|no such webhook"),
        "a webhook of a platform, from a stranger": (sent("ocir", body), R, "404|no such webhook"),
    }


INPUTS: list[Hostile] = [
    *cases("webhook of github", GITHUB),
    *cases("webhook of gitlab", GITLAB),
    *cases("webhook of argocd", ARGOCD),
    *cases("webhook of flux", FLUX),
    *cases("webhook of standard", STANDARD),
    *cases("webhook", _anywhere()),
]
