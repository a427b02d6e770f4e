"""Calls that ask for something: raw HTTP messages to the export function."""

from __future__ import annotations

from typing import Any

from tests.hostile.corpus.case import CANARY, Hostile, RefusedError, Row, cases, js, nested
from tests.hostile.corpus.events import OURS, message

R = RefusedError
CALL = {"action": "export", "group": "shop"}
ELSEWHERE = {
    "Host": "kubestandby.attacker.example",
    "X-Forwarded-For": "203.0.113.7",
    "Forwarded": "for=203.0.113.7",
    "Via": "1.1 gateway",
    "Origin": "https://attacker.example",
    "Sec-Fetch-Site": "cross-site",
    "Fn-Intent": "httprequest",
}


def call(**fields: Any) -> bytes:
    return message(js({**CALL, **fields}), content_type="application/json")


CALLS: dict[str, Row] = {
    "no action": (message(js({"group": "shop"})), R, "400|knows the actions export; send one"),
    "an action of another function": (
        call(action="failover", to="west"),
        R,
        "400|knows the actions export; send one",
    ),
    "an import, which a call cannot bring": (call(action="import"), R, "400|knows the actions export; send one"),
    "an action that is a list": (call(action=["export"]), R, "400|action is not a short text"),
    "an action of 300 characters": (call(action="x" * 300), R, "400|action is not a short text"),
    "no group": (message(js({"action": "export"})), R, "400|no group of that name"),
    "a group that leads out": (call(group=f"../{CANARY}"), R, "400|no group of that name"),
    "a group that is null": (call(group=None), R, "400|group is not a short text"),
    "a field that does not exist": (call(content=CANARY), R, "400|has a field that a request does not have"),
    "manifests in the call": (call(manifests=[{"kind": "Secret"}]), R, "400|has a field that a request does not"),
    "a snapshot that is none": (
        call(snapshot="latest"),
        R,
        "400|snapshot is not a snapshot's number|send EPOCH-GENERATION, such as 1-7",
    ),
    "a snapshot below zero": (
        call(snapshot="-1-7"),
        R,
        "400|snapshot is not a snapshot's number|send EPOCH-GENERATION",
    ),
    "a snapshot with zeros before it": (
        call(snapshot="01-7"),
        R,
        "400|snapshot is not a snapshot's number|send EPOCH-GENERATION",
    ),
    "a snapshot in other digits": (
        call(snapshot="\u0661-\u0667"),
        R,
        "400|snapshot is not a snapshot's number|send EPOCH-GENERATION",
    ),
    "a mode that is none": (call(mode=CANARY), R, "400|mode is none of rehearse, warm, hot"),
    "an origin that only the functions have": (
        call(origin="tick"),
        R,
        "400|origin is none of operator, timer",
    ),
    "a site that is none": (call(to=CANARY), R, "400|`to` is no site of the group; its sites are east, west"),
    "the standby's export": (call(to="west"), R, "409|east is primary, so only it can be asked"),
    "a tick with more in it": (message(js({"action": "tick", "group": CANARY})), R, "400|tick has no field but"),
    "a call that is deep": (message(nested(b'{"action":', 5000, b"}", b"1")), R, "400|nested deeper than 32"),
    "a call over 64 KiB": (call(mode="x" * (65 << 10)), R, "400|larger than 64 KiB"),
    "a call that says a key twice": (
        message(b'{"action": "export", "group": "shop", "action": "export"}'),
        R,
        "400|says a key twice",
    ),
    "a form of a browser": (message(b"action=export&group=shop"), R, "400|body is not JSON"),
    "XML": (message(b"<export group='shop'/>"), R, "400|body is not JSON"),
    "YAML": (message(b"action: export\ngroup: shop\n"), R, "400|body is not JSON"),
    "another path": (message(js(CALL), path="/admin"), R, "404|nothing here"),
    "a path that leads out": (message(js(CALL), path="/../../etc/passwd"), R, "404|nothing here"),
    **{
        f"passed on by a proxy or a page ({name})": (
            message(js(CALL), **{name: value}),
            R,
            "403|from the machine itself only; send a signed webhook",
        )
        for name, value in ELSEWHERE.items()
    },
    "an event of a bucket that nobody has": (
        message(js({**OURS, "source": f"oci://{CANARY}/bucket"})),
        R,
        "400|bucket that is in no group of the configuration",
    ),
}
INPUTS: list[Hostile] = cases("call", CALLS)
