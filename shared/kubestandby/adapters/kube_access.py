"""Says what is wrong with a kubeconfig before anything is sent, and puts failures of the connection into words.

Fields: kubernetes.io/docs/reference/config-api/kubeconfig.v1. Of the file's contents only names get into an error.
"""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kubestandby.adapters.kube_http import NoReplyError
from kubestandby.errors import ConfigError


def check_kubeconfig(path: Path | None, context: str, *, where: str) -> None:
    """Makes sure that the file is there, is a kubeconfig and has the context ("" = its current one).

    Raises:
        ConfigError: it is not; the message names the file and the contexts that it has.
    """
    if path is None:
        raise ConfigError(f"{where} has no kubeconfig; set cluster.kubeconfig of the site")
    config = _read(path, where)
    contexts = _named(config, "contexts")
    chosen = context or str(config.get("current-context") or "")
    known = ", ".join(sorted(contexts)) or "none"
    if not chosen:
        raise ConfigError(f"{where}: the file has no current context; set cluster.context to one of: {known}")
    if chosen not in contexts:
        raise ConfigError(f"{where}: there is no context {chosen!r} in the file; its contexts are: {known}")
    _check_parts(config, contexts[chosen].get("context") or {}, chosen, where)


def _read(path: Path, where: str) -> Mapping[str, Any]:
    try:
        config = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except FileNotFoundError as error:
        raise ConfigError(f"{where}: there is no file {path}; set cluster.kubeconfig to one") from error
    except OSError as error:
        raise ConfigError(f"{where}: the file cannot be read ({error.strerror}); check its owner and mode") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{where}: the file is not YAML; put a kubeconfig there") from error
    if not isinstance(config, dict) or not isinstance(config.get("clusters"), list):
        raise ConfigError(f"{where}: the file is not a kubeconfig (it has no clusters); put one there")
    return config


def _named(config: Mapping[str, Any], section: str) -> dict[str, Mapping[str, Any]]:
    entries = config.get(section)
    listed = entries if isinstance(entries, list) else []
    return {str(entry["name"]): entry for entry in listed if isinstance(entry, dict) and "name" in entry}


def _check_parts(config: Mapping[str, Any], context: Mapping[str, Any], name: str, where: str) -> None:
    for part, section in (("cluster", "clusters"), ("user", "users")):
        wanted = context.get(part)
        if wanted not in _named(config, section):
            raise ConfigError(
                f"{where}: context {name!r} names the {part} {str(wanted or '')!r}, which the file does not have; "
                "add it or choose another context"
            )


def no_reply(error: Exception) -> NoReplyError:
    """Puts an exception of the connection into a few words; a certificate that is not trusted stays so."""
    chain = list(_chain(error))
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return NoReplyError(f"its certificate is not trusted: {link.verify_message}", lasting=True)
    for link in chain:
        words = _words_for(link)
        if words:
            return NoReplyError(words)
    return NoReplyError(type(chain[-1]).__name__)


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 10:
        found.append(error)
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return found


def _words_for(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "its host name is not known"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "timed out"
    if isinstance(error, ConnectionError) or type(error).__name__ in ("ProtocolError", "IncompleteRead"):
        return "the connection broke off"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return error.strerror.lower()
    return "the TLS handshake failed" if isinstance(error, ssl.SSLError) else ""
