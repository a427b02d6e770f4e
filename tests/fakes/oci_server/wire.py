"""A request as it came, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """`path` holds the decoded segments after service and region; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    service: str
    region: str
    path: Sequence[str]
    query: Mapping[str, str]

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        parts = urlsplit(target)
        segments = [unquote(part) for part in parts.path.split("/")[1:]]
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        service, region = [*segments, "", ""][:2]
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method, target, lower, body, service, region, tuple(segments[2:]), query)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_length: int | None = None
    """Where it is not the body's: of a HEAD, or of a body that is cut."""
    stalls: bool = False
    """Whether nothing comes after the body, and the connection stays open."""


class RefusedError(Exception):
    """The service says no."""

    def __init__(self, status: int, code: str, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.answer = Answer(status, {"content-type": "application/json", **(headers or {})})
        self.answer.body = json.dumps({"code": code, "message": message or f"{code}."}).encode()


def as_json(value: Any, **headers: str) -> Answer:
    return Answer(200, {"content-type": "application/json", **headers}, json.dumps(value).encode())
