"""The readers of HTTP messages: events, calls and webhooks, as the functions are called."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubestandby.adapters import event_wire
from kubestandby.groups import WebhookKind
from kubestandby.layout import Function
from tests.hostile.corpus.case import RefusedError
from tests.unit.webhooks import hooks

Read = Callable[[], Any]
"""Reads what was placed before; the value, or the reader's error."""


def event(data: bytes, _: Path) -> Read:
    _, headers, body = http_message(data)
    return lambda: event_wire.decode(headers, body)


def http_call(data: bytes, _: Path) -> Read:
    """A call of the export function, whose group has a webhook of every kind."""
    hooked = hooks.HookedWorld(*(hooks.webhook(kind, env=_variable(kind)) for kind in WebhookKind))
    path, headers, body = http_message(data)

    def read() -> Any:
        before = {url: dict(store.objects) for url, store in hooked.stores.items()}
        with _Heard() as heard:
            answer = hooked.apps[Function.EXPORT].answer("POST", headers, body, path=path)
        if answer.status >= 400:
            assert {url: dict(store.objects) for url, store in hooked.stores.items()} == before, "something was stored"
            raise RefusedError(f"{answer.status} {answer.body['error']} ({'; '.join(heard.said)})")
        return answer

    return read


def http_message(data: bytes) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of a raw HTTP message; headers as WSGI hands them over (PEP 3333)."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = (line.partition(": ") for line in lines)
    return first.split(" ")[1] if " " in first else "/", {name: value for name, _, value in fields}, body


def _variable(kind: str) -> str:
    """Standard Webhooks have secrets of a form of their own."""
    return hooks.SIGNING_VARIABLE if kind == WebhookKind.STANDARD else hooks.SECRET_VARIABLE


class _Heard(logging.Handler):
    """What the log says of a call that is told nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        facts = vars(record)
        self.said.append(str(facts.get("reason") or facts.get("error") or record.getMessage()))

    def __enter__(self) -> _Heard:
        logging.getLogger("kubestandby").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("kubestandby").removeHandler(self)
