"""Deliveries as their senders make them, and a world whose group takes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import HealthCheck, settings

from kubestandby.groups import SecretReference, Webhook, WebhookKind, WebhookMatch
from kubestandby.layout import Function
from kubestandby.runtime.answers import Answer
from kubestandby.runtime.webhooks.signatures import Delivery
from tests.unit.runtime.world import SHOP, World

ANYTHING = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
"""For properties: a machine under load is no failure, and the one fixture is the same secret each time."""

SECRET = b"It's a Secret to Everybody"
OTHER = b"another secret, as long"
SIGNING_KEY = bytes(range(24))
SIGNING = b"whsec_" + base64.b64encode(SIGNING_KEY)
SECRET_VARIABLE = "HOOKS_SECRET"
SIGNING_VARIABLE = "HOOKS_SIGNING"
STRANGER = "203.0.113.7"
PUSH: dict[str, Any] = {"ref": "refs/heads/main", "repository": {"full_name": "acme/shop"}}
_IDS = itertools.count(1)


@dataclass(frozen=True)
class Sent:
    """A delivery on its way."""

    headers: dict[str, str]
    body: bytes

    def with_headers(self, **headers: str | None) -> Sent:
        """With these headers (`_` for `-`) in place of its own; None leaves one out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={n: v for n, v in {**self.headers, **named}.items() if v is not None})

    @property
    def delivery(self) -> Delivery:
        return Delivery({name.lower(): value for name, value in self.headers.items()}, self.body)


def hex_signature(secret: bytes, body: bytes, name: str = "sha256") -> str:
    return f"{name}={hmac.new(secret, body, name).hexdigest()}"


def github(payload: Any = None, *, event: str = "push", secret: bytes = SECRET, identity: str = "") -> Sent:
    body = encoded(PUSH if payload is None else payload)
    return Sent(
        {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": identity or f"guid-{next(_IDS)}",
            "X-Hub-Signature-256": hex_signature(secret, body),
        },
        body,
    )


def gitlab(payload: Any, *, token: bytes = SECRET, identity: str = "") -> Sent:
    headers = {"X-Gitlab-Token": token.decode("latin-1"), "X-Gitlab-Event-UUID": identity or f"uuid-{next(_IDS)}"}
    return Sent(headers, encoded(payload))


def argocd(payload: Any, *, token: bytes = SECRET) -> Sent:
    return Sent({"Authorization": f"Bearer {token.decode('latin-1')}"}, encoded(payload))


def flux(payload: Any, *, secret: bytes = SECRET, name: str = "sha256") -> Sent:
    body = encoded(payload)
    return Sent({"X-Signature": hex_signature(secret, body, name)}, body)


def standard(payload: Any, *, at: float, key: bytes = SIGNING_KEY, identity: str = "") -> Sent:
    body, identity = encoded(payload), identity or f"msg_{next(_IDS)}"
    signature = hmac.new(key, b".".join((identity.encode(), str(int(at)).encode(), body)), hashlib.sha256).digest()
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    return Sent(headers, body)


def encoded(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


def webhook(kind: str = "github", *, name: str = "", match: WebhookMatch | None = None, env: str = "") -> Webhook:
    secrets = () if WebhookKind(kind).is_event else (SecretReference(env=env or SECRET_VARIABLE),)
    return Webhook(name=name or kind, kind=WebhookKind(kind), secrets=secrets, match=match or WebhookMatch())


class HookedWorld(World):
    """Two sites in memory whose group has these webhooks."""

    def __init__(self, *webhooks: Webhook) -> None:
        super().__init__()
        self.context.groups = (replace(self.group, webhooks=webhooks or (webhook(),)),)

    def send(self, sent: Sent, path: str = "/webhooks/shop/github", *, method: str = "POST") -> Answer:
        return self.apps[Function.EXPORT].answer(method, sent.headers, sent.body, path=path, peer=STRANGER)

    def asked(self) -> tuple[str, ...]:
        """Names of all requests at the primary."""
        return self.requests("east").requests(SHOP)
