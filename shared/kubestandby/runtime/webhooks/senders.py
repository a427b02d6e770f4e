"""What each kind of sender tells of a deployment. Read only after the proof; used only to decide whether to export.

Whatever else a payload holds, an action or a manifest, is not looked at.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from kubestandby.errors import BadInputError
from kubestandby.events import Deployed
from kubestandby.groups import WebhookKind
from kubestandby.runtime.webhooks.signatures import Delivery

_MAX_TEXT = 1024
_MAX_IMAGES = 100
_BRANCH = "refs/heads/"
_ID = re.compile(r"[\x21-\x7e]{1,256}")
_SCP_FORM = re.compile(r"[A-Za-z0-9._-]+@[^/:]+:(?P<path>.+)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery says.

    Attributes:
        id: the sender's name for the delivery, the same when it comes again; "" where it has none.
        deployed: what was deployed.
        refusal: why it is no reason to export, whatever was deployed; "" where it is one.
    """

    id: str
    deployed: Deployed
    refusal: str = ""


def read(kind: WebhookKind, delivery: Delivery, payload: Mapping[str, Any]) -> Told:
    """What a delivery that has proven itself tells.

    Raises:
        BadInputError: it lacks what this kind of sender always sends.
    """
    return _READERS[kind](delivery, payload)


def _github(delivery: Delivery, payload: Mapping[str, Any]) -> Told:
    """GitHub's "Webhook events and payloads"."""
    event, identity = _needed(delivery, "x-github-event"), _needed(delivery, "x-github-delivery")
    branch, environment, refusal = "", "", ""
    if event == "push":
        branch, refusal = _pushed(payload)
    elif event == "workflow_run":
        branch = _text(payload, "workflow_run", "head_branch")
        refusal = _unless(_text(payload, "workflow_run", "conclusion") == "success", "the run has not succeeded")
    elif event == "deployment_status":
        branch = _text(payload, "deployment", "ref")
        environment = _text(payload, "deployment", "environment")
        refusal = _unless(_text(payload, "deployment_status", "state") == "success", "the deployment is not through")
    else:
        refusal = "it is a ping, and its signature is right" if event == "ping" else "it is no event of a deployment"
    deployed = Deployed(
        repositories=_filled(_text(payload, "repository", "full_name")),
        branches=_filled(branch),
        environments=_filled(environment),
    )
    return Told(identity, deployed, refusal)


def _gitlab(delivery: Delivery, payload: Mapping[str, Any]) -> Told:
    """GitLab's "Webhook events"; before 17.4 there is no `Idempotency-Key`."""
    headers = ("webhook-id", "idempotency-key", "x-gitlab-event-uuid")
    identity = next((identity for identity in (_word(delivery, name) for name in headers) if identity), "")
    event, branch, environment, refusal = _text(payload, "object_kind"), "", "", ""
    if event == "push":
        branch, refusal = _pushed(payload)
    elif event == "pipeline":
        branch = _text(payload, "object_attributes", "ref")
        refusal = _unless(_text(payload, "object_attributes", "status") == "success", "the pipeline has not succeeded")
    elif event == "deployment":
        branch, environment = _text(payload, "ref"), _text(payload, "environment")
        refusal = _unless(_text(payload, "status") == "success", "the deployment is not through")
    else:
        refusal = "it is no event of a deployment"
    deployed = Deployed(
        repositories=_filled(_text(payload, "project", "path_with_namespace")),
        branches=_filled(branch),
        environments=_filled(environment),
    )
    return Told(identity, deployed, refusal)


def _pushed(payload: Mapping[str, Any]) -> tuple[str, str]:
    """The branch of a push, and what keeps it from being a deployment."""
    ref = _text(payload, "ref")
    if not ref.startswith(_BRANCH):
        return "", "it is a push to no branch"
    return ref.removeprefix(_BRANCH), _unless(payload.get("deleted") is not True, "the branch was deleted")


def _flux(delivery: Delivery, payload: Mapping[str, Any]) -> Told:
    """Flux' events. They have no id, but a time: the same bytes are the same event."""
    identity = hashlib.sha256(delivery.body).hexdigest() if _text(payload, "timestamp") else ""
    name, namespace = _text(payload, "involvedObject", "name"), _text(payload, "involvedObject", "namespace")
    if not name:
        raise BadInputError("the event names no involvedObject; is this Flux' provider of type generic-hmac?")
    deployed = Deployed(
        applications=(name, *([f"{namespace}/{name}"] if namespace else [])),
        branches=_filled(_flux_branch(payload.get("metadata"))),
    )
    return Told(identity, deployed, _unless(_text(payload, "severity") == "info", "it tells of a failure"))


def _flux_branch(metadata: Any) -> str:
    """The branch of a revision `main@sha1:...`, under `revision` or a controller's name and `/revision`."""
    for name, value in metadata.items() if isinstance(metadata, dict) else ():
        if name.rpartition("/")[2] == "revision" and isinstance(value, str) and "@" in value:
            return value.rpartition("@")[0].removeprefix(_BRANCH)[:_MAX_TEXT]
    return ""


def _argocd(_: Delivery, payload: Mapping[str, Any]) -> Told:
    """The body is what the notification's template makes of it; ours is in docs/webhooks.md."""
    told = _own_form(_optional_id(payload), payload)
    if not told.deployed.applications:
        raise BadInputError("the body names no application; use the template of docs/webhooks.md")
    return told


def _standard(delivery: Delivery, payload: Mapping[str, Any]) -> Told:
    """The fields are in `data`, where there is one, as Standard Webhooks proposes."""
    data = payload.get("data")
    return _own_form(_needed(delivery, "webhook-id"), data if isinstance(data, dict) else payload)


def _own_form(identity: str, payload: Mapping[str, Any]) -> Told:
    images = payload.get("images")
    deployed = Deployed(
        repositories=_filled(_repository_path(_text(payload, "repository"))),
        branches=_filled(_text(payload, "branch").removeprefix(_BRANCH)),
        applications=_filled(_text(payload, "application")),
        environments=_filled(_text(payload, "environment")),
        images=_filled(*images[:_MAX_IMAGES]) if isinstance(images, list) else (),
    )
    return Told(identity, deployed)


def _repository_path(repository: str) -> str:
    """`acme/shop` of `https://github.com/acme/shop.git`, `git@github.com:acme/shop.git` and `acme/shop`."""
    scp = _SCP_FORM.fullmatch(repository)
    try:
        path = scp["path"] if scp else urlsplit(repository).path
    except ValueError:
        return ""
    return path.strip("/").removesuffix(".git")


def _optional_id(payload: Mapping[str, Any]) -> str:
    identity = _text(payload, "id")
    return identity if _ID.fullmatch(identity) else ""


def _word(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(name, "")
    return value if _ID.fullmatch(value) else ""


def _needed(delivery: Delivery, name: str) -> str:
    value = _word(delivery, name)
    if not value:
        raise BadInputError(f"the header {name} is missing or not a short word; check the webhook's kind and who sends")
    return value


def _text(payload: Mapping[str, Any], *path: str) -> str:
    """The text at this place; "" where there is none, or one too long to be meant."""
    value: Any = payload
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and len(value) <= _MAX_TEXT else ""


def _filled(*texts: Any) -> tuple[str, ...]:
    return tuple(text for text in texts if isinstance(text, str) and 0 < len(text) <= _MAX_TEXT)


def _unless(holds: bool, refusal: str) -> str:
    return "" if holds else refusal


_READERS: Mapping[WebhookKind, Callable[[Delivery, Mapping[str, Any]], Told]] = {
    WebhookKind.GITHUB: _github,
    WebhookKind.GITLAB: _gitlab,
    WebhookKind.ARGOCD: _argocd,
    WebhookKind.FLUX: _flux,
    WebhookKind.STANDARD: _standard,
}
