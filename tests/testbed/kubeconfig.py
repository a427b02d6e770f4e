"""Writes and reads kubeconfigs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.errors import TestbedError
from tests.testbed.pki import KeyPair


def write_kubeconfig(path: Path, *, name: str, server: str, authority: Path, client: KeyPair) -> Path:
    """Writes a kubeconfig with one context, all certificates embedded.

    Args:
        path: Where it goes.
        name: What its context, cluster and user are called.
        server: The URL of the API server.
        authority: The certificate of the authority that signed the server's.
        client: The certificate and key of the user.

    Returns:
        The path.
    """
    user = {
        "client-certificate-data": _embedded(client.certificate),
        "client-key-data": _embedded(client.key),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": _embedded(authority)}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def current_context(path: Path) -> str:
    """The name of the context that a kubeconfig selects.

    Raises:
        TestbedError: The file cannot be read, or it selects none.
    """
    try:
        content: Any = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise TestbedError(f"The kubeconfig {path} cannot be read: {error}") from error
    context = content.get("current-context") if isinstance(content, dict) else None
    if not isinstance(context, str) or not context:
        raise TestbedError(f"The kubeconfig {path} selects no context; set its current-context.")
    return context


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
