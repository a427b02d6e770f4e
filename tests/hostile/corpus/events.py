"""Calls with events: OCI's 0.1 messages, and CloudEvents 1.0 in both modes; raw HTTP messages."""

from __future__ import annotations

from typing import Any

from kubestandby.adapters.event_wire import CREATED_TYPE, STRUCTURED
from kubestandby.errors import BadInputError
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases, js, nested, said_twice, without

OURS: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "memory://east/data",
    "type": CREATED_TYPE,
    "subject": "raw/shop/1-7/index.json",
}
DETAILS = {"bucketName": "east-data", "namespace": "NS", "eTag": CANARY}
DATA = {"resourceName": "raw/shop/1-7/index.json", "resourceId": "/n/NS/b/x", "additionalDetails": DETAILS}
ORACLE: dict[str, Any] = {
    "eventType": "com.oraclecloud.objectstorage.createobject",
    "cloudEventsVersion": "0.1",
    "eventTypeVersion": "2.0",
    "source": "ObjectStorage",
    "eventTime": "2026-01-21T16:26:30.849Z",
    "contentType": "application/json",
    "data": DATA,
    "eventID": "e-2",
}
IMAGE = {
    **ORACLE,
    "eventType": "com.oraclecloud.artifacts.uploaddockerimage",
    "data": {"resourceName": "team/api:1.2.3", "compartmentName": "prod"},
}


def message(body: bytes, path: str = "/", **headers: str) -> bytes:
    """An HTTP message; `_` in a header's name stands for `-`."""
    lines = [f"POST {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def structured(**changes: Any) -> bytes:
    return message(js({**OURS, "data": {"password": CANARY}, **changes}), content_type=STRUCTURED)


def binary(body: bytes = b"", media_type: str = "application/json", **changes: str | None) -> bytes:
    attributes = {f"ce-{name}": value for name, value in {**OURS, **changes}.items() if value is not None}
    return message(body, content_type=media_type, authorization=CANARY, **attributes)


def oracle(**changes: Any) -> bytes:
    return message(js({**ORACLE, **changes}), content_type="application/json")


def oracle_data(**changes: Any) -> bytes:
    return oracle(data={**DATA, **changes})


def raw(body: bytes) -> bytes:
    return message(body, content_type=STRUCTURED)


B = BadInputError
BODIES: dict[str, Row] = {
    "nothing at all": (raw(b""), B, "body is empty|send"),
    "blanks": (raw(b" \r\n\t "), B, "body is empty|send"),
    "no JSON": (raw(b"{" + CANARY.encode()), B, "body is not JSON|send"),
    "a list of events": (raw(js([OURS])), B, "body is not a JSON object|send"),
    "a text": (raw(js(CANARY)), B, "body is not a JSON object|send"),
    "a number": (raw(b"7"), B, "body is not a JSON object|send"),
    "null": (raw(b"null"), B, "body is not a JSON object|send"),
    "an empty object": (raw(b"{}"), B, "no event that this function knows|send"),
    "two objects": (raw(js(OURS) * 2), B, "body is not JSON|send"),
    "a comment": (raw(b"{/* " + CANARY.encode() + b" */}"), B, "body is not JSON|send"),
    "single quotes": (raw(str(OURS).encode()), B, "body is not JSON|send"),
    "a comma at the end": (raw(js(OURS)[:-1] + b",}"), B, "body is not JSON|send"),
    "bytes that are no UTF-8": (raw(b'{"id": "' + CANARY.encode() + b'\xff"}'), B, "not UTF-8|send"),
    "UTF-16": (raw(str(OURS).encode("utf-16")), B, "not UTF-8|send"),
    "UTF-8 with a byte order mark": (raw(b"\xef\xbb\xbf" + js(OURS)), B, "body is not JSON|send"),
    "overlong UTF-8": (raw(b'{"id": "\xc0\xaf"}'), B, "not UTF-8|send"),
    "half of a surrogate pair": (raw(b'{"specversion": "1.0", "id": "\\ud800"}'), B, "not UTF-8|send"),
    "NUL in a text": (structured(id="a\x00b"), B, "event's id|control characters|send"),
    "NUL between": (raw(b'{\x00"id": 1}'), B, "body is not JSON|send"),
    "not a number": (raw(b'{"specversion": NaN}'), B, "NaN|send"),
    "infinity": (raw(b'{"specversion": -Infinity}'), B, "Infinity|send"),
    "an integer of 5000 digits": (raw(b'{"specversion": ' + b"9" * 5000 + b"}"), B, "body is not JSON|send"),
    "a key twice": (raw(said_twice(js(OURS), "id")), B, "says a key twice|send each key once"),
    "a key twice far down": (raw(b'{"data": {"a": 1, "a": 2}}'), B, "says a key twice|send each key once"),
    "the same key in other letters of Unicode": (
        raw(b'{"i\\u0064": 1, "id": 2}'),
        B,
        "says a key twice|send each key once",
    ),
    "lists 30,000 deep": (raw(nested(b"[", 30_000, b"]")), B, "nested deeper than 32"),
    "objects 10,000 deep": (raw(nested(b'{"a":', 10_000, b"}", b"1")), B, "nested deeper than 32"),
    "objects 40 deep": (raw(nested(b'{"a":', 40, b"}", b"1")), B, "nested deeper than 32"),
    "brackets that are never closed": (raw(b"[" * 60_000), B, "nested deeper than 32"),
    "one byte over 64 KiB": (raw(b'{"a": "' + b"x" * ((64 << 10) - 8) + b'"}'), B, "larger than 64 KiB|send"),
    "blanks over 64 KiB": (raw(b" " * ((64 << 10) + 1)), B, "larger than 64 KiB|send"),
}
STRUCTURED_EVENTS: dict[str, Row] = {
    "no id": (message(js(without(OURS, "id"))), B, "event's id|missing|send"),
    "an empty id": (structured(id=""), B, "event's id|empty|send"),
    "an id that is a number": (structured(id=7), B, "event's id|not text|send"),
    "an id that is a list": (structured(id=[CANARY]), B, "event's id|not text|send"),
    "an id of 3000 characters": (structured(id="x" * 3000), B, "event's id|too long|send"),
    "a line break in the id": (structured(id=f"a\r\nx: {CANARY}"), B, "event's id|control characters|send"),
    "an escape for terminals in the id": (structured(id=f"\x1b]0;{CANARY}\x07"), B, "event's id|control|send"),
    "version 0.3": (structured(specversion="0.3"), B, "specversion is not 1.0|send"),
    "a version that is a number": (structured(specversion=1.0), B, "event's specversion|not text|send"),
    "version 1.0 with a blank": (structured(specversion="1.0 "), B, "specversion is not 1.0|send"),
    "an unknown type": (structured(type=f"com.example.{CANARY}"), B, "event's type|not one|send"),
    "a type of Kubernetes": (structured(type="dev.kubestandby.object.deleted.v1"), B, "event's type|not one|send"),
    "no subject": (message(js(without(OURS, "subject"))), B, "event's subject|missing|send"),
    "a subject that is a list": (structured(subject=[CANARY]), B, "event's subject|not text|send"),
    "a subject of 64 KiB less a bit": (structured(subject="x" * 60_000), B, "event's subject|too long|send"),
    "a source that is an object": (structured(source={CANARY: 1}), B, "event's source|not text|send"),
    "a time that is none": (structured(time=CANARY), B, "event's time|RFC 3339"),
    "a time without a zone": (structured(time="2026-01-21T16:26:30"), B, "event's time|RFC 3339"),
    "a month 13": (structured(time="2026-13-45T16:26:30Z"), B, "event's time|RFC 3339"),
    "a time in digits of Arabic": (structured(time="٢٠٢٦-01-21T16:26:30Z"), B, "event's time|RFC 3339"),
    "a time that is a number": (structured(time=1795348800), B, "event's time|not text|send"),
    "data twice": (structured(data_base64="aHVudGVyMg=="), B, "both data and data_base64|send"),
    "data that is no Base64": (
        message(js({**OURS, "data_base64": f"!{CANARY}!"}), content_type=STRUCTURED),
        B,
        "data_base64 is not Base64|send",
    ),
    "Base64 that is a number": (
        message(js({**OURS, "data_base64": 7}), content_type=STRUCTURED),
        B,
        "data_base64 is not Base64|send",
    ),
}
BINARY_EVENTS: dict[str, Row] = {
    "binary without a version": (binary(specversion=None), B, "event's specversion|missing|send"),
    "binary without an id": (binary(id=None), B, "event's id|missing|send"),
    "binary without a source": (binary(source=None), B, "event's source|missing|send"),
    "binary without a type": (binary(type=None), B, "event's type|missing|send"),
    "binary without a subject": (binary(subject=None), B, "event's subject|missing|send"),
    "binary with half an escape": (binary(subject="raw/%ff%fe"), B, "ce- header|percent-encoded|send"),
    "binary with an escaped line break": (binary(id="a%0d%0ax: y"), B, "event's id|control characters|send"),
    "binary with a bad time": (binary(time=CANARY), B, "event's time|RFC 3339"),
    "binary with a body that is no JSON": (binary(b"{" + CANARY.encode()), B, "body is not JSON|send"),
    "binary with a body over 64 KiB": (binary(b"x" * ((64 << 10) + 1), "text/plain"), B, "larger than 64 KiB|send"),
    "binary in version 0.3": (binary(specversion="0.3"), B, "specversion is not 1.0|send"),
}
ORACLE_EVENTS: dict[str, Row] = {
    "Oracle's in version 0.2": (oracle(cloudEventsVersion="0.2"), B, "no event that this function knows|send"),
    "Oracle's with a version that is a number": (oracle(cloudEventsVersion=0.1), B, "no event that|send"),
    "Oracle's of a deletion": (oracle(eventType="com.oraclecloud.objectstorage.deleteobject"), B, "type|not one|send"),
    "Oracle's of a type that is a list": (oracle(eventType=[CANARY]), B, "eventType|not text|send"),
    "Oracle's without a type": (message(js(without(ORACLE, "eventType"))), B, "eventType|missing|send"),
    "Oracle's without data": (oracle(data=None), B, "event's data is missing|send"),
    "Oracle's with a list as data": (oracle(data=[CANARY]), B, "event's data|not an object|send"),
    "Oracle's without details": (oracle_data(additionalDetails=None), B, "additionalDetails is missing|send"),
    "Oracle's without a bucket": (
        oracle_data(additionalDetails={"namespace": "NS"}),
        B,
        "does not name its bucket|bucketName",
    ),
    "Oracle's with a path as bucket": (
        oracle_data(additionalDetails={**DETAILS, "bucketName": f"../{CANARY}"}),
        B,
        "does not name its bucket|bucketName",
    ),
    "Oracle's with a namespace that is a URL": (
        oracle_data(additionalDetails={**DETAILS, "namespace": f"user:{CANARY}@host"}),
        B,
        "does not name its bucket|namespace",
    ),
    "Oracle's without a key": (oracle_data(resourceName=None), B, "data.resourceName|missing|send"),
    "Oracle's with a key of control characters": (oracle_data(resourceName="a\x1bb"), B, "resourceName|control|send"),
    "Oracle's with an empty id": (oracle(eventID=""), B, "event's eventID|empty|send"),
    "Oracle's with an id that is an object": (oracle(eventID={CANARY: 1}), B, "event's eventID|not text|send"),
    "Oracle's without a time": (message(js(without(ORACLE, "eventTime"))), B, "event's time|missing|send"),
    "Oracle's with a time that is none": (oracle(eventTime=CANARY), B, "event's time|RFC 3339"),
    "an image without a name": (message(js({**IMAGE, "data": {}})), B, "data.resourceName|missing|send"),
    "an image with a name of 3000 characters": (
        message(js({**IMAGE, "data": {"resourceName": "x" * 3000}})),
        B,
        "data.resourceName|too long|send",
    ),
    "an event that says to be of both kinds": (
        message(js({**OURS, **ORACLE, "eventType": CANARY}), content_type=STRUCTURED),
        B,
        "event's type|not one|send",
    ),
}
INPUTS: list[Hostile] = cases("event", {**BODIES, **STRUCTURED_EVENTS, **BINARY_EVENTS, **ORACLE_EVENTS})
