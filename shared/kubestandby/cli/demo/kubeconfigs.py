"""A kubeconfig of one context alone, whose server is the demo's forwarder.

Sources of the fields: kubeconfig v1 (k8s.io/client-go/tools/clientcmd/api/v1: Cluster, AuthInfo).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from kubestandby.errors import ConfigError

_CLUSTER_FILES = ("certificate-authority",)
_USER_FILES = ("client-certificate", "client-key", "tokenFile")
_NAME = "demo-primary"


@dataclass(frozen=True, slots=True)
class OneContext:
    """What one context of a kubeconfig means: paths in it are absolute."""

    name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the API server."""
        parts = urlsplit(str(self.cluster.get("server", "")))
        return str(parts.hostname), parts.port or (80 if parts.scheme == "http" else 443)


def read_context(kubeconfig: Path, context: str) -> OneContext:
    """Reads one context ("" = the current one).

    Raises:
        ConfigError: the file or the context is missing or wrong, or its cluster cannot be cut off.
    """
    document = _document(kubeconfig)
    name = context or str(document.get("current-context") or "")
    chosen = _named(document, "contexts", name, kubeconfig).get("context") or {}
    cluster = _named(document, "clusters", str(chosen.get("cluster")), kubeconfig).get("cluster") or {}
    user = _named(document, "users", str(chosen.get("user")), kubeconfig).get("user") or {}
    if not urlsplit(str(cluster.get("server", ""))).hostname:
        raise ConfigError(f"{kubeconfig}: context {name!r} has no server with a host name")
    if cluster.get("proxy-url"):
        raise ConfigError(
            f"{kubeconfig}: context {name!r} has a proxy-url, so the demo cannot cut it off; use another cluster"
        )
    folder = kubeconfig.absolute().parent
    return OneContext(name, _absolute(cluster, _CLUSTER_FILES, folder), _absolute(user, _USER_FILES, folder))


def forwarded(one: OneContext, port: int) -> bytes:
    """The kubeconfig for the forwarder; the server's certificate is verified for the name that it was made for."""
    parts = urlsplit(str(one.cluster["server"]))
    cluster = {**one.cluster, "server": f"{parts.scheme}://127.0.0.1:{port}{parts.path}"}
    if parts.scheme == "https" and not cluster.get("insecure-skip-tls-verify"):
        cluster.setdefault("tls-server-name", str(parts.hostname))
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": _NAME,
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
        "clusters": [{"name": _NAME, "cluster": cluster}],
        "users": [{"name": _NAME, "user": dict(one.user)}],
    }
    return yaml.safe_dump(document).encode()


def _document(kubeconfig: Path) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"kubeconfig {kubeconfig} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"kubeconfig {kubeconfig} is not YAML") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{kubeconfig} is not a kubeconfig")
    return document


def _named(document: Mapping[str, Any], part: str, name: str, kubeconfig: Path) -> Mapping[str, Any]:
    entries = [entry for entry in document.get(part) or [] if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("name") == name:
            return entry
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise ConfigError(f"{kubeconfig} has no {part.removesuffix('s')} {name!r}; it has {known}")


def _absolute(section: Mapping[str, Any], names: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Files named in a kubeconfig are relative to it."""
    return {key: str(folder / str(value)) if key in names else value for key, value in section.items()}
