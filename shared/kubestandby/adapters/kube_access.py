"""Says what is wrong with a kubeconfig before anything is sent, and puts failures of the connection into words.

Fields: kubernetes.io/docs/reference/config-api/kubeconfig.v1. Of the file's contents only names get into an error.
"""

import socket
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from kubestandby.adapters.kube_http import NoReplyError
from kubestandby.errors import ConfigError

MAX_BYTES = 4 << 20
_MAX_DEPTH = 64
_MAX_EVENTS = 200_000
"""Of the parser: some thousands of clusters. What is made of one takes about a thousand times its bytes."""

_TEXTS = frozenset(
    {
        "server",
        "certificate-authority",
        "certificate-authority-data",
        "client-certificate",
        "client-certificate-data",
        "client-key",
        "client-key-data",
        "token",
        "tokenFile",
        "username",
        "password",
    }
)
"""Fields of clusters and users that are text."""

_BY_DATA = "a file of some other machine; put what is in it into {}-data"
_FOREIGN = {
    "exec": "a program to run here; use a service account's token or a client certificate",
    "auth-provider": "a program to run here; use a service account's token or a client certificate",
    "certificate-authority": _BY_DATA.format("certificate-authority"),
    "client-certificate": _BY_DATA.format("client-certificate"),
    "client-key": _BY_DATA.format("client-key"),
    "tokenFile": "a file of some other machine; put the token itself into token",
    "insecure-skip-tls-verify": "so that anybody could be that server; put its authority into"
    " certificate-authority-data",
}
"""Fields that a kubeconfig from elsewhere may not have, and why."""


def check_kubeconfig(path: Path | None, context: str, *, where: str) -> None:
    """Makes sure that the file is there, is a kubeconfig and has the context ("" = its current one).

    Raises:
        ConfigError: it is not; the message names the file and the contexts that it has.
    """
    if path is None:
        raise ConfigError(f"{where} has no kubeconfig; set cluster.kubeconfig of the site")
    _check(_read(path, where), context, where)


def given_kubeconfig(data: bytes, context: str, *, where: str) -> Mapping[str, Any]:
    """A kubeconfig that somebody else keeps, once nothing in it leads to this machine's files and programs.

    Raises:
        ConfigError: it is none, has no such context, or names a program, a file, or a server that proves nothing.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{where}: the file is larger than {MAX_BYTES >> 20} MiB; put a kubeconfig there")
    config = _parsed(data, where)
    cluster, user = _check(config, context, where)
    for part, fields in (("cluster", cluster), ("user", user)):
        for field in fields:
            if fields[field] and field in _FOREIGN:
                raise ConfigError(f"{where}: its {part} has {field}, {_FOREIGN[field]}")
    return config


def _check(config: Mapping[str, Any], context: str, where: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The fields of the cluster and of the user that the context names."""
    contexts = _named(config, "contexts")
    chosen = context or str(config.get("current-context") or "")
    known = ", ".join(sorted(contexts)) or "none"
    if not chosen:
        raise ConfigError(f"{where}: the file has no current context; set cluster.context to one of: {known}")
    if chosen not in contexts:
        raise ConfigError(f"{where}: there is no context {chosen!r} in the file; its contexts are: {known}")
    context_named = _part(contexts[chosen], "context", f"context {chosen!r}", where)
    found: list[Mapping[str, Any]] = []
    for part, section in (("cluster", "clusters"), ("user", "users")):
        name, known_parts = context_named.get(part), _named(config, section)
        if not isinstance(name, str) or name not in known_parts:
            raise ConfigError(
                f"{where}: context {chosen!r} names the {part} {_shown(name)}, which the file does not have; "
                "add it or choose another context"
            )
        _check_part(known_parts[name], part, name, where)
        found.append(_part(known_parts[name], part, f"{part} {name!r}", where))
    return found[0], found[1]


def _read(path: Path, where: str) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"{where}: the file is larger than {MAX_BYTES >> 20} MiB; put a kubeconfig there")
    except FileNotFoundError as error:
        raise ConfigError(f"{where}: there is no file {path}; set cluster.kubeconfig to one") from error
    except OSError as error:
        raise ConfigError(f"{where}: the file cannot be read ({error.strerror}); check its owner and mode") from error
    return _parsed(data, where)


def _parsed(data: bytes, where: str) -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_shape(yaml.parse(data, Loader=loader), where)
        config = yaml.load(data, Loader=loader)  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{where}: the file is not YAML; put a kubeconfig there") from error
    if not isinstance(config, dict) or not isinstance(config.get("clusters"), list):
        raise ConfigError(f"{where}: the file is not a kubeconfig (it has no clusters); put one there")
    return config


def _check_shape(events: Iterable[yaml.Event], where: str) -> None:
    """Looks at the parser's events first: what builds the values is recursive, and repeats what aliases name."""
    depth = 0
    for number, event in enumerate(events):
        if number > _MAX_EVENTS:
            raise ConfigError(f"{where}: the file has more values than any kubeconfig; put a kubeconfig there")
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{where}: the file has aliases (*), as no kubeconfig needs; write the values out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise ConfigError(f"{where}: the file is nested deeper than {_MAX_DEPTH} levels; put a kubeconfig there")


def _named(config: Mapping[str, Any], section: str) -> dict[str, Mapping[str, Any]]:
    entries = config.get(section)
    listed = entries if isinstance(entries, list) else []
    return {str(entry["name"]): entry for entry in listed if isinstance(entry, dict) and "name" in entry}


def _check_part(named: Mapping[str, Any], part: str, name: str, where: str) -> None:
    """What the client of Kubernetes takes for granted, and would fail on with the value in its message."""
    fields = _part(named, part, f"{part} {name!r}", where)
    for field, value in fields.items():
        if field in _TEXTS and value is not None and not isinstance(value, str):
            raise ConfigError(f"{where}: {field} of {part} {name!r} is not text; correct it in the file")
    if part == "cluster" and not fields.get("server"):
        raise ConfigError(f"{where}: cluster {name!r} has no server; add it to the file")


def _part(named: Mapping[str, Any], part: str, what: str, where: str) -> Mapping[str, Any]:
    """What is under a name; never a word of it in the message."""
    value = named.get(part) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: {what} is not a mapping; correct it in the file")
    return value


def _shown(name: object) -> str:
    return repr(name if isinstance(name, str) else "")


def client_words(error: Exception) -> str:
    """What the client of Kubernetes says of a configuration, one line, cut before it would repeat what is in it.

    `Invalid kube-config file. Expected key user in /path/config/{'name': 'admin', 'token': ...`
    """
    first = (str(error).splitlines() or [""])[0]
    return first.partition(" in ")[0][:200].rstrip(". ")


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
