"""What a server says when it refuses (metav1.Status), in words that hold no manifest data."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

LONGEST = 400
"""Characters of the server's own words."""

NAMES_ONLY = frozenset({"AlreadyExists", "Conflict", "Expired", "NotFound", "Unauthorized"})
"""Reasons whose messages hold nothing but names (k8s.io/apimachinery/pkg/api/errors)."""

_OF_THE_SERVER_ITSELF = re.compile(
    r' is forbidden: (?:User "|exceeded quota|unable to create new content in namespace)'
)
"""Refusals by RBAC, by a quota and by a namespace that goes away: they hold names only, whatever the object."""

_REPEATED = re.compile(r"\b(?:Invalid|Unsupported|Duplicate) value: ")
"""What a field error says before it repeats the value (field.ErrorType)."""

_QUOTED = re.compile(r'^"(?:[^"\\]|\\.)*"(?:: |$)')
_PLAIN = re.compile(r"^[^\s{}\[\]\":]+(?:: |$)")
_TYPED = re.compile(r"got &.*?\}+|, error found in #.*")
"""Values that structured-merge-diff and the JSON decoder repeat."""


def reason_of(status: int, body: Mapping[str, Any]) -> str:
    """One word: `reason` of the Status object, or the name of the HTTP status."""
    reason = body.get("reason")
    if isinstance(reason, str) and reason:
        return reason[:60]
    try:
        return HTTPStatus(status).phrase.replace(" ", "")
    except ValueError:
        return "Unknown"


def server_words(body: Mapping[str, Any], *, secret: bool) -> str:
    """The server's explanation. Field values are taken out; of a Secret only names of fields are kept."""
    reason, message = reason_of(0, body), str(body.get("message") or "")
    causes = [cause for cause in _causes(body) if cause.get("field")]
    if causes and reason == "Invalid":
        words = "; ".join(_of_cause(cause, secret=secret) for cause in causes)
    elif secret and not _holds_names_only(reason, message):
        words = ""
    else:
        words = _without_value(message)
    return " ".join(words.split())[:LONGEST]


def _holds_names_only(reason: str, message: str) -> bool:
    return reason in NAMES_ONLY or (reason == "Forbidden" and bool(_OF_THE_SERVER_ITSELF.search(message)))


def _causes(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = body.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []


def _of_cause(cause: Mapping[str, Any], *, secret: bool) -> str:
    if secret:
        return f"{cause['field']}: {cause.get('reason', '')}"
    return f"{cause['field']}: {_without_value(str(cause.get('message', '')))}"


def _without_value(message: str) -> str:
    """Takes the value out of `Invalid value: <value>: <explanation>` (field.Error): it may be a whole pod template."""
    message = _TYPED.sub("got another type", message)
    repeated = _REPEATED.search(message)
    if repeated is None:
        return message
    head, rest = message[: repeated.end()].removesuffix(": "), message[repeated.end() :]
    for pattern in (_QUOTED, _PLAIN):
        match = pattern.match(rest)
        if match:
            explanation = _without_value(rest[match.end() :])
            return f"{head}: {explanation}" if explanation else head
    _, closing, explanation = rest.rpartition("}: ")
    return f"{head}: {explanation}" if closing else head
