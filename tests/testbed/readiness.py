"""Asks an API server whether a test could begin."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

from tests.testbed.pki import KeyPair
from tests.testbed.ports import LOOPBACK

REQUEST_SECONDS = 5.0


class Probe:
    """A client for the few questions of a starting cluster."""

    def __init__(self, port: int, authority: Path, client: KeyPair) -> None:
        """Prepares the client.

        Args:
            port: Of the API server, on loopback.
            authority: The certificate of the authority that signed the server's.
            client: Of an administrator.
        """
        self._port = port
        self._context = ssl.create_default_context(cafile=str(authority))
        self._context.load_cert_chain(client.certificate, client.key)

    def serves(self) -> bool:
        """Whether the API server has finished starting."""
        return self._get("/readyz") is not None

    def serves_tests(self, nodes: int, storage_class: str) -> bool:
        """Whether there is all that a new namespace's first Pod needs.

        Args:
            nodes: How many nodes must be ready.
            storage_class: The name of the StorageClass that must exist, if any.
        """
        return (
            self._ready_nodes() >= nodes
            and self._exists("/api/v1/namespaces/default/serviceaccounts/default")
            and self._exists("/api/v1/namespaces/default/configmaps/kube-root-ca.crt")
            and self._exists("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
            and (not storage_class or self._exists(f"/apis/storage.k8s.io/v1/storageclasses/{storage_class}"))
        )

    def _ready_nodes(self) -> int:
        answer = self._get("/api/v1/nodes")
        nodes: list[dict[str, Any]] = json.loads(answer)["items"] if answer else []
        return sum(_is_ready(node) and not node["spec"].get("taints") for node in nodes)

    def _exists(self, path: str) -> bool:
        return self._get(path) is not None

    def _get(self, path: str) -> bytes | None:
        connection = http.client.HTTPSConnection(LOOPBACK, self._port, context=self._context, timeout=REQUEST_SECONDS)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if response.status == http.HTTPStatus.OK else None


def _is_ready(node: dict[str, Any]) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in node["status"]["conditions"]
    )
