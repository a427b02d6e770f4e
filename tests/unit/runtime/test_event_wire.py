"""What is an event and what is not; nothing of what is not is ever repeated."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubestandby.adapters import event_wire
from kubestandby.adapters.event_wire import CREATED_TYPE, STRUCTURED, decode, encode
from kubestandby.errors import BadInputError
from kubestandby.events import ObjectCreated

EVENT = ObjectCreated(bucket="file:///var/east/data", key="raw/shop/1-7/index.json", event_id="e-1")
OURS = {"specversion": "1.0", "id": "e-1", "source": EVENT.bucket, "type": CREATED_TYPE, "subject": EVENT.key}
BINARY = {f"Ce-{name}": value for name, value in OURS.items()}
ORACLE: dict[str, Any] = {
    "eventType": "com.oraclecloud.objectstorage.createobject",
    "cloudEventsVersion": "0.1",
    "eventTypeVersion": "2.0",
    "source": "ObjectStorage",
    "eventTime": "2026-01-21T16:26:30.849Z",
    "contentType": "application/json",
    "data": {
        "resourceName": "raw/shop/1-7/index.json",
        "resourceId": "/n/NS/b/east-data/o/raw/shop/1-7/index.json",
        "additionalDetails": {"bucketName": "east-data", "namespace": "NS", "eTag": "x"},
    },
    "eventID": "e-2",
}


def structured(**changes: Any) -> bytes:
    return json.dumps({**OURS, **changes}).encode()


def oracle(**changes: Any) -> bytes:
    return json.dumps({**ORACLE, **changes}).encode()


def test_what_is_encoded_is_decoded():
    headers, body = encode(EVENT)

    assert headers["content-type"] == STRUCTURED
    assert decode(headers, body) == EVENT


@given(
    st.builds(
        ObjectCreated,
        bucket=st.from_regex(r"\Afile:///[a-zé/ %]{1,40}\Z"),
        key=st.from_regex(r"\A[a-z0-9./é%-]{1,60}\Z"),
        event_id=st.from_regex(r"\A[a-z0-9]{1,20}\Z"),
    )
)
def test_any_event_survives_the_wire(event: ObjectCreated):
    assert decode(*encode(event)) == event


def test_binary_mode_is_read_with_its_percent_encoding():
    headers = {**BINARY, "Ce-Subject": quote("raw/sho p/é")}

    assert decode(headers, b"").key == "raw/sho p/é"


def test_structured_mode_is_known_without_its_media_type():
    assert decode({}, structured()) == EVENT


def test_an_event_of_oracle_names_its_bucket():
    event = decode({"content-type": "application/json"}, oracle())

    assert (event.bucket, event.key, event.event_id) == ("oci://NS/east-data", "raw/shop/1-7/index.json", "e-2")


def test_an_updated_object_of_oracle_counts_as_created():
    body = oracle(eventType="com.oraclecloud.objectstorage.updateobject")

    assert decode({}, body).bucket == "oci://NS/east-data"


SECRET = "hunter2"
BAD_BODIES = {
    "empty": b"",
    "blanks": b"  \n",
    "not json": b"{hunter2",
    "a list": b'["hunter2"]',
    "a text": b'"hunter2"',
    "a number": b"7",
    "bad utf-8": b'{"specversion": "1.0", "id": "hunter2\xff"}',
    "utf-16": '{"specversion": "1.0"}'.encode("utf-16"),
    "nan": b'{"specversion": NaN}',
    "lone surrogate": b'{"specversion": "1.0", "id": "\\ud800hunter2"}',
    "huge number": b'{"specversion": ' + b"9" * 5000 + b"}",
    "duplicate key": b'{"specversion": "1.0", "specversion": "1.0", "id": "hunter2"}',
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "rather deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "64 KiB and one": b'{"a": "' + b"x" * (64 << 10) + b'"}',
    "an empty object": b"{}",
    "empty id": structured(id=""),
    "no id": json.dumps({name: value for name, value in OURS.items() if name != "id"}).encode(),
    "id is a number": structured(id=7),
    "id is null": structured(id=None),
    "long id": structured(id="x" * 3000),
    "line break in id": structured(id="a\nb"),
    "version 0.3": structured(specversion="0.3"),
    "version 1": structured(specversion=1.0),
    "unknown type": structured(type="hunter2"),
    "no subject": structured(subject=""),
    "subject is a list": structured(subject=["hunter2"]),
    "source is an object": structured(source={"hunter2": 1}),
    "bad time": structured(time="hunter2"),
    "time without zone": structured(time="2026-01-21T16:26:30"),
    "impossible time": structured(time="2026-13-45T16:26:30Z"),
    "data twice": structured(data={}, data_base64="aHVudGVyMg=="),
    "bad base64": structured(data_base64="!!"),
    "oracle version 0.2": oracle(cloudEventsVersion="0.2"),
    "oracle deletes": oracle(eventType="com.oraclecloud.objectstorage.deleteobject"),
    "oracle type is a list": oracle(eventType=["hunter2"]),
    "oracle without data": oracle(data=None),
    "oracle without bucket": oracle(data={"resourceName": "x", "additionalDetails": {"namespace": "NS"}}),
    "oracle bucket with a slash": oracle(
        data={"resourceName": "x", "additionalDetails": {"namespace": "NS", "bucketName": "a/hunter2"}}
    ),
    "oracle without key": oracle(data={"additionalDetails": {"namespace": "NS", "bucketName": "b"}}),
    "oracle empty id": oracle(eventID=""),
    "oracle bad time": oracle(eventTime="hunter2"),
    "legacy background event": b'{"context": {"eventId": "hunter2"}, "data": {}}',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_what_is_no_event_is_refused_without_an_echo(body: bytes):
    with pytest.raises(BadInputError) as caught:
        decode({"content-type": STRUCTURED}, body)

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["Ce-specversion", "Ce-id", "Ce-source", "Ce-type", "Ce-subject"])
def test_a_binary_event_without_an_attribute_is_refused(name: str):
    with pytest.raises(BadInputError):
        decode({key: value for key, value in BINARY.items() if key != name}, b"")


def test_a_binary_event_with_bad_percent_encoding_is_refused():
    with pytest.raises(BadInputError):
        decode({**BINARY, "Ce-subject": "%ff"}, b"")


def test_a_binary_event_with_a_large_body_is_refused():
    with pytest.raises(BadInputError):
        decode(BINARY, b"x" * (1 << 20))


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_event_or_bad_input(body: bytes):
    with pytest.raises(BadInputError):
        decode({}, body)


@pytest.mark.parametrize(
    ("headers", "body", "says"),
    [
        ({"Content-Type": "application/cloudevents+json; charset=utf-8"}, None, True),
        ({"ce-id": "x"}, None, True),
        ({}, {"specversion": "1.0"}, True),
        ({}, {"cloudEventsVersion": "0.1"}, True),
        ({"Content-Type": "application/json"}, {"action": "export"}, False),
    ],
)
def test_a_call_says_whether_it_is_an_event(headers: dict[str, str], body: dict[str, str] | None, says: bool):
    assert event_wire.is_event(headers, body) is says


def test_what_a_timer_of_knative_sends_is_a_call_and_no_event() -> None:
    headers = {
        "Ce-Id": "1",
        "Ce-Specversion": "1.0",
        "Ce-Source": "/apis/v1/namespaces/kubestandby-system/pingsources/tick",
        "Ce-Type": "dev.knative.sources.ping",
        "Content-Type": "application/json",
    }

    assert not event_wire.is_event(headers, {"action": "tick"})
    assert event_wire.is_event({**headers, "Ce-Type": "another"}, {"action": "tick"})
