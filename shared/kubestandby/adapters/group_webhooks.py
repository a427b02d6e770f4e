"""`spec.webhooks` of a group's document: typed, and checked beyond what the JSON Schema can say."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from kubestandby.adapters.marked_yaml import shown
from kubestandby.groups import SecretReference, Webhook, WebhookKind, WebhookMatch

Fault = Callable[[tuple[str | int, ...], str], NoReturn]
_Path = tuple[str | int, ...]
Absolute = Callable[[str, _Path], Path]
"""Resolves a path of the file; the second argument is the field's."""

_NAMED_BY = {
    WebhookKind.GITHUB: ("repositories", "branches", "environments"),
    WebhookKind.GITLAB: ("repositories", "branches", "environments"),
    WebhookKind.ARGOCD: ("repositories", "branches", "applications", "environments", "images"),
    WebhookKind.FLUX: ("applications", "branches"),
    WebhookKind.STANDARD: ("repositories", "branches", "applications", "environments", "images"),
    WebhookKind.OCI_DEVOPS: ("applications", "environments"),
    WebhookKind.OCIR: ("repositories", "images", "environments"),
}
"""What the deliveries of each kind can name; `runtime.webhooks.senders` reads it."""


def webhooks_of(spec: Mapping[str, Any], absolute: Absolute, fault: Fault) -> tuple[Webhook, ...]:
    """The webhooks of a document that holds to the schema.

    Raises:
        ConfigError: by `fault`, which is given the field's path and the sentence.
    """
    found: list[Webhook] = []
    for position, value in enumerate(spec.get("webhooks", ())):
        path: _Path = ("spec", "webhooks", position)
        webhook = _webhook(value, path, absolute, fault)
        if any(webhook.name == other.name for other in found):
            fault((*path, "name"), f"{shown(webhook.name)} is the name of two webhooks; give each its own")
        found.append(webhook)
    return tuple(found)


def _webhook(value: Mapping[str, Any], path: _Path, absolute: Absolute, fault: Fault) -> Webhook:
    kind = WebhookKind(value["kind"])
    references = value.get("secretsFrom", ())
    if kind.is_event and references:
        fault((*path, "secretsFrom"), f"{kind} comes as an event of the platform, which has no secret; leave it out")
    if not kind.is_event and not references:
        fault(path, "secretsFrom is missing; write [{file: PATH}], [{env: NAME}] or [{vault: OCID}]")
    secrets = tuple(
        _reference(reference, (*path, "secretsFrom", position), absolute)
        for position, reference in enumerate(references)
    )
    return Webhook(name=value["name"], kind=kind, secrets=secrets, match=_match(value, kind, path, fault))


def _reference(value: Mapping[str, Any], path: _Path, absolute: Absolute) -> SecretReference:
    return SecretReference(
        file=absolute(value["file"], (*path, "file")) if "file" in value else None,
        env=value.get("env", ""),
        vault=value.get("vault", ""),
    )


def _match(value: Mapping[str, Any], kind: WebhookKind, path: _Path, fault: Fault) -> WebhookMatch:
    globs = value.get("match", {})
    for name in globs:
        if name not in _NAMED_BY[kind]:
            # It would never be met: the webhook would be silent for ever.
            fault((*path, "match", name), f"{kind} names no {name}; write {', '.join(_NAMED_BY[kind])}")
    return WebhookMatch(**{name: tuple(patterns) for name, patterns in globs.items()})
