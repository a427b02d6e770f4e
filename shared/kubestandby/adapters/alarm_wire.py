"""Messages of OCI Monitoring's alarms, which can drive the timer: an alarm that never ends repeats its message.

What a schedule would have sent as its body is the alarm's body here. Source: OCI's "Alarm Message Format".
"""

from collections.abc import Mapping
from typing import Any

from kubestandby.adapters import wire_json
from kubestandby.errors import BadInputError

_BEGINS_OR_GOES_ON = ("OK_TO_FIRING", "REPEAT")


def is_alarm(value: Mapping[str, Any]) -> bool:
    """Whether a call's body is an alarm's message."""
    return isinstance(value.get("alarmMetaData"), list) and isinstance(value.get("type"), str)


def is_over(value: Mapping[str, Any]) -> bool:
    """Whether the message says that the alarm has ended or was reset: then it asks for nothing."""
    return value["type"] not in _BEGINS_OR_GOES_ON


def call_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """The call in the alarm's body.

    Raises:
        BadInputError: there is none. Never echoes the input.
    """
    body = value.get("body")
    if not isinstance(body, str):
        raise BadInputError('the alarm has no body; write the call there, such as {"action": "tick"}')
    return wire_json.parse_object(body.encode())
