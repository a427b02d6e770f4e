"""The deployment pipeline of the demo: the webhook that it sends at the end of a release, signed as GitHub signs."""

import json
import secrets
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from kubestandby.errors import StandbyError
from kubestandby.runtime.webhooks.signatures import github_signature

NAME = "deploys"
_REPOSITORY, _BRANCH = "example/shop", "main"
_ANSWER_SECONDS = 30.0


def new_secret() -> bytes:
    """What the pipeline and the export function share."""
    return secrets.token_hex(32).encode()


def settings(secret: Path) -> list[dict[str, Any]]:
    """`spec.webhooks` of the demo's group."""
    match = {"repositories": [_REPOSITORY], "branches": [_BRANCH]}
    return [{"name": NAME, "kind": "github", "secretsFrom": [{"file": str(secret)}], "match": match}]


def send(export_url: str, group: str, secret: bytes) -> str:
    """Sends the webhook; returns the name of the request that it became.

    Raises:
        StandbyError: the export function does not take it.
    """
    body = json.dumps({"ref": f"refs/heads/{_BRANCH}", "repository": {"full_name": _REPOSITORY}}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": github_signature(secret, body),
    }
    url = f"{export_url.rstrip('/')}/webhooks/{group}/{NAME}"
    call = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - the URL is that of our own process
    # Never through a proxy: it is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=_ANSWER_SECONDS) as answer:
            return str(json.load(answer)["request"])
    except (OSError, ValueError, KeyError) as error:
        raise StandbyError(f"the export function did not take the webhook: {error}") from error
