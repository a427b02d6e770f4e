"""Events as they come over HTTP: CloudEvents 1.0 (binary and structured) and OCI Events' own 0.1 JSON.

The only door to the `cloudevents` library. What that library lets through (a list as event, an empty id, any time)
is checked here first; what it raises, with the input in the text, ends here. Sources: CloudEvents 1.0.2, its HTTP
binding and JSON format; OCI's "Contents of an Event Message".
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from cloudevents.abstract import CloudEvent as AnyEvent
from cloudevents.conversion import to_structured
from cloudevents.http import CloudEvent, from_http

from kubestandby.adapters import wire_json
from kubestandby.errors import BadInputError
from kubestandby.events import Deployed, ObjectCreated, PlatformDeployment

CREATED_TYPE = "dev.kubestandby.object.created.v1"
OCI_TYPES = frozenset(
    ("com.oraclecloud.objectstorage.createobject", "com.oraclecloud.objectstorage.updateobject"),
)
OCI_DEPLOYMENT_TYPES = {
    "com.oraclecloud.devopsdeploy.createdeployment": "oci-devops",
    "com.oraclecloud.devopsdeploy.updatedeployment": "oci-devops",
    "com.oraclecloud.artifacts.uploaddockerimage": "ocir",
}
"""Event types to the kinds of webhook that stand for them. Compared without regard to case: OCI writes both."""

STRUCTURED = "application/cloudevents+json"
TIMER_TYPE = "dev.knative.sources.ping"
"""Of the events that a PingSource of Knative sends on its schedule, in binary mode: their data is a call of ours."""

_REQUIRED = ("specversion", "id", "source", "type")
_MAX_TEXT = 2048
_UNKNOWN_TYPE = "the event's type is not one that this function knows; send it those of objects that were created"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_RFC3339 = re.compile(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$", re.ASCII)
_OCI_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,256}$")


def is_event(headers: Mapping[str, str], body: Mapping[str, Any] | None) -> bool:
    """Whether a call says of itself that it is an event, well made or not; a timer's is a call like any other."""
    lower = _lower(headers)
    if lower.get("ce-type") == TIMER_TYPE:
        return False
    if _media_type(lower) == STRUCTURED or any(name.startswith("ce-") for name in lower):
        return True
    return body is not None and ("specversion" in body or "cloudEventsVersion" in body or "eventType" in body)


def decode(headers: Mapping[str, str], body: bytes) -> ObjectCreated | PlatformDeployment:
    """Reads the event of an HTTP call.

    Raises:
        BadInputError: it is no event, a malformed one, or one of a type that we do not know. Never echoes the input.
    """
    lower = _lower(headers)
    if any(name.startswith("ce-") for name in lower):
        return _created(_binary(lower, body))
    value = wire_json.parse_object(body)
    if "cloudEventsVersion" in value or "specversion" not in value:
        return _oci(value)
    return _created(_structured(value, body))


def encode(event: ObjectCreated) -> tuple[dict[str, str], bytes]:
    """The event as structured CloudEvent 1.0: HTTP headers and body."""
    attributes = {
        "id": event.event_id,
        "source": event.bucket,
        "type": CREATED_TYPE,
        "subject": event.key,
        "datacontenttype": "application/json",
    }
    headers, body = to_structured(CloudEvent(attributes, {}))
    return dict(headers), bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _binary(headers: Mapping[str, str], body: bytes) -> AnyEvent:
    """Attributes are in `ce-` headers, percent-encoded UTF-8 (HTTP binding, section 3.1.3)."""
    if len(body) > wire_json.MAX_BYTES:
        raise BadInputError(f"the body is larger than {wire_json.MAX_BYTES >> 10} KiB; send less")
    try:
        attributes = {name: unquote(v, errors="strict") for name, v in headers.items() if name.startswith("ce-")}
    except UnicodeError:
        raise BadInputError("a ce- header is not percent-encoded UTF-8; send it so, as the HTTP binding says") from None
    _check_attributes({name.removeprefix("ce-"): value for name, value in attributes.items()})
    if body and _media_type(headers) in ("application/json", ""):
        wire_json.parse_object(body)
    return _from_http(attributes, b"")


def _structured(value: Mapping[str, Any], body: bytes) -> AnyEvent:
    _check_attributes(value)
    if "data" in value and "data_base64" in value:
        raise BadInputError("the event has both data and data_base64; send one of them")
    _check_base64(value.get("data_base64", ""))
    return _from_http({"content-type": STRUCTURED}, body)


def _check_base64(data: Any) -> None:
    """The library takes what it can of damaged Base64 (JSON format, section 3.1)."""
    try:
        base64.b64decode(data.encode("ascii"), validate=True)
    except (AttributeError, ValueError):
        raise BadInputError("the event's data_base64 is not Base64; send it so, or send data") from None


def _from_http(headers: Mapping[str, str], body: bytes) -> AnyEvent:
    try:
        event: AnyEvent = from_http(dict(headers), body)
    except Exception:  # noqa: BLE001 - the library raises what it likes, with the input in the text
        raise BadInputError("the event is not a CloudEvent 1.0; send it in the form of that specification") from None
    return event


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    for name in _REQUIRED:
        _text(attributes.get(name), f"the event's {name}")
    if attributes["specversion"] != "1.0":
        raise BadInputError("the event's specversion is not 1.0; send CloudEvents 1.0")
    if "time" in attributes:
        _check_time(attributes["time"])


def _check_time(time: Any) -> None:
    text = _text(time, "the event's time")
    try:
        known = bool(_RFC3339.match(text) and datetime.fromisoformat(text.upper()))
    except ValueError:
        known = False
    if not known:
        raise BadInputError("the event's time is not in the form of RFC 3339; send it as 2026-11-22T12:00:00Z")


def _created(event: AnyEvent) -> ObjectCreated:
    attributes = {name: event[name] for name in event}
    if attributes["type"] != CREATED_TYPE:
        raise BadInputError(_UNKNOWN_TYPE)
    return ObjectCreated(
        bucket=attributes["source"],
        key=_text(attributes.get("subject"), "the event's subject"),
        event_id=attributes["id"],
    )


def _oci(value: Mapping[str, Any]) -> ObjectCreated | PlatformDeployment:
    if value.get("cloudEventsVersion") != "0.1":
        raise BadInputError(
            "the body is no event that this function knows; send CloudEvents 1.0, or events of OCI in version 0.1"
        )
    kind = _text(value.get("eventType"), "the event's eventType")
    sender = OCI_DEPLOYMENT_TYPES.get(kind.lower())
    if sender is None and kind not in OCI_TYPES:
        raise BadInputError(_UNKNOWN_TYPE)
    _check_time(value.get("eventTime"))
    data = _mapping(value.get("data"), "the event's data")
    name = _text(data.get("resourceName"), "the event's data.resourceName")
    identity = _text(value.get("eventID"), "the event's eventID")
    if sender is None:
        return ObjectCreated(bucket=_oci_bucket(data), key=name, event_id=identity)
    return PlatformDeployment(sender=sender, deployed=_oci_deployed(sender, name, data), event_id=identity)


def _oci_bucket(data: Mapping[str, Any]) -> str:
    """OCI Events: the bucket is in `data.additionalDetails`, the key is `data.resourceName`."""
    details = _mapping(data.get("additionalDetails"), "the event's data.additionalDetails")
    names = [details.get(name) for name in ("namespace", "bucketName")]
    if not all(isinstance(name, str) and _OCI_NAME.fullmatch(name) for name in names):
        raise BadInputError(
            "the event does not name its bucket (data.additionalDetails.namespace and bucketName);"
            " send events of Object Storage as they are"
        )
    return f"oci://{names[0]}/{names[1]}"


def _oci_deployed(sender: str, name: str, data: Mapping[str, Any]) -> Deployed:
    """An image is named `team/api:1.2.3`, a deployment by its display name; what they have in common is where it is."""
    compartment = data.get("compartmentName")
    environments = (compartment,) if isinstance(compartment, str) and compartment else ()
    if sender == "ocir":
        return Deployed(images=(name,), repositories=(name.partition(":")[0],), environments=environments)
    return Deployed(applications=(name,), environments=environments)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadInputError(f"{what} is missing or not an object; send the event as OCI made it")
    return value


def _text(value: Any, what: str) -> str:
    """A text that is there, not too long, and without control characters."""
    if not isinstance(value, str) or not value:
        raise BadInputError(f"{what} is missing, empty or not text; send it as text")
    if len(value) > _MAX_TEXT or _CONTROL.search(value):
        raise BadInputError(f"{what} is too long or holds control characters; send a short one of plain text")
    return value
