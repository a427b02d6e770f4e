"""The one door to the `kubernetes` package: requests go out through its authentication, TLS and connections.

Its discovery and typed models turn a failing server into "no resources", and its retries know neither budgets nor
writes: of all that nothing is used.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from kubestandby import __version__
from kubestandby.adapters import kube_credentials, kube_reach
from kubestandby.adapters.kube_access import check_kubeconfig, client_words, no_reply
from kubestandby.adapters.kube_http import Call, Reply, ReplyTooLargeError
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterAccess
from kubestandby.resources import FIELD_MANAGER

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3 import BaseHTTPResponse, HTTPConnectionPool, PoolManager, Timeout

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
"""Between two pieces of an answer; `ANSWER_SECONDS` is for the whole of it."""
ANSWER_SECONDS = 180.0
CHUNK_BYTES = 1 << 18
RENEW_AT_MOST_EVERY_SECONDS = 5.0


def _body(response: "BaseHTTPResponse", max_bytes: int) -> bytes:
    """Reads an answer to its end; one that comes too slowly, or is too large, is broken off."""
    deadline = time.monotonic() + ANSWER_SECONDS
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(CHUNK_BYTES):
        pieces.append(piece)
        size += len(piece)
        if max_bytes and size > max_bytes:
            response.close()
            raise ReplyTooLargeError
        if time.monotonic() > deadline:
            response.close()
            raise TimeoutError
        if response.length_remaining == 0:
            break  # one more look for an end that is known costs a twentieth of a small request
    return b"".join(pieces)


def load_library() -> None:
    """Imports the package now, so that the first request does not wait for it."""
    import kubernetes.client
    import kubernetes.config  # noqa: F401 - imported for later


@dataclass(frozen=True, slots=True)
class _Connections:
    """Where requests go, what comes before their paths there, and how long each may take."""

    pool: "HTTPConnectionPool | PoolManager"
    before_path: str
    timeout: "Timeout"

    @classmethod
    def of(cls, client: "ApiClient") -> "_Connections":
        """Straight to the connections of the one server: looking them up anew costs a fifth of a request's CPU time.

        A proxy's manager is asked each time, for it knows what to add.
        """
        import urllib3

        manager, host = client.rest_client.pool_manager, str(client.configuration.host)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        if manager.proxy is not None:
            return cls(manager, host, timeout)
        return cls(manager.connection_from_url(host), urlsplit(host).path.rstrip("/"), timeout)


@dataclass(slots=True)
class ApiSender:
    """Sends requests through an `ApiClient`, which it makes afresh when credentials have to be read again."""

    access: ClusterAccess
    site: str
    connections_kept: int
    _client: "ApiClient" = field(init=False)
    _connections: _Connections = field(init=False)
    _renewed: float = field(init=False)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        self._set_up(renewed=False)

    @property
    def where(self) -> str:
        """`cluster of site east (kubeconfig /path, context east)`."""
        return kube_reach.name_of(self.access, self.site)

    @property
    def host(self) -> str:
        """The API server's address."""
        return str(self._client.configuration.host)

    def renew(self) -> None:
        """Reads the credentials afresh, unless another thread just did."""
        with self._lock:
            if time.monotonic() - self._renewed < RENEW_AT_MOST_EVERY_SECONDS:
                return
            self._set_up(renewed=True)

    def send(self, call: Call) -> Reply:
        """Sends it once."""
        import urllib3.exceptions

        try:
            return self._send(call)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise no_reply(error) from error

    def _send(self, call: Call) -> Reply:
        client, connections = self._client, self._connections
        headers = {"Accept": call.accept, "User-Agent": f"{FIELD_MANAGER}/{__version__}"}
        if call.body:
            headers["Content-Type"] = call.content_type
        client.update_params_for_auth(headers, [], ["BearerToken"], call.path, call.method, None)
        query = _query_text(call.query) if call.query else ""
        response = connections.pool.urlopen(
            call.method,
            f"{connections.before_path}{call.path}{query}",
            body=call.body or None,
            headers=headers,
            timeout=connections.timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return Reply(response.status, response.headers, _body(response, call.max_bytes))
        finally:
            response.release_conn()

    def _set_up(self, *, renewed: bool) -> None:
        self._client = self._make(renewed=renewed)
        try:
            self._connections = _Connections.of(self._client)
        except ValueError as error:  # also urllib3's
            raise ConfigError(
                f"{self.where} cannot be set up: its server is not the URL of an API server; put one such as"
                " https://10.0.0.1:6443 there"
            ) from error
        self._renewed = time.monotonic()

    def _make(self, *, renewed: bool) -> "ApiClient":
        from kubernetes import client, config

        configuration = client.Configuration()
        configuration.connection_pool_maxsize = self.connections_kept
        configuration.retries = False
        try:
            if self.access.in_cluster:
                config.load_incluster_config(  # type: ignore[no-untyped-call]
                    client_configuration=configuration
                )
            elif server := kube_reach.server_of(self.access, self.where, renewed=renewed):
                _go_to(server, configuration)
            else:
                return self._from_kubeconfig(configuration)
        except config.ConfigException as error:
            raise ConfigError(f"{self.where} cannot be set up: {client_words(error)}; correct it") from error
        except ValueError as error:  # base64 that is none, of which the exception may repeat a part
            raise ConfigError(f"{self.where} cannot be set up: its credentials are not base64; correct them") from error
        except OSError as error:  # of ssl, which never repeats what it has read
            raise ConfigError(
                f"{self.where} cannot be set up: its certificates and key cannot be used ({type(error).__name__});"
                " put a kubeconfig with others there"
            ) from error
        return client.ApiClient(configuration)

    def _from_kubeconfig(self, configuration: Any) -> "ApiClient":
        """What the package writes to files of what stands in the kubeconfig goes at once: only TLS has to read it."""
        from kubernetes import client, config

        access = self.access
        given = kube_reach.secret_kubeconfig(access, self.where) if access.kubeconfig_secret else None
        with kube_credentials.passing_folder() as folder:
            try:
                self._load_kubeconfig(given, configuration, folder)
                api = client.ApiClient(configuration)
                kube_credentials.keep_in_memory(folder, configuration, api.rest_client.pool_manager)
            finally:
                # It would give the same file to whoever has the same credentials again.
                config.kube_config._temp_files.clear()  # noqa: SLF001 - this version is pinned
        return api

    def _load_kubeconfig(self, given: Mapping[str, Any] | None, configuration: Any, folder: Path) -> None:
        """Loads the one that was given, or that of the file; certificates and keys in it pass through the folder."""
        from kubernetes import config

        access = self.access
        options = {
            "context": access.context or None,
            "client_configuration": configuration,
            "persist_config": False,
            "temp_file_path": str(folder),
        }
        if given is not None:
            config.load_kube_config_from_dict(dict(given), **options)  # type: ignore[no-untyped-call]
            return
        check_kubeconfig(access.kubeconfig, access.context, where=self.where)
        config.load_kube_config(str(access.kubeconfig), **options)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=64)
def _query_text(query: tuple[tuple[str, str], ...]) -> str:
    """The query of a URL: all writes of a restore have the same one."""
    return f"?{urlencode(query)}"


def _go_to(server: kube_reach.Server, configuration: Any) -> None:
    """Sets a server and its authority; its token is asked for again before every request."""

    def refresh(target: Any) -> None:
        target.api_key["authorization"] = f"Bearer {server.token()}"

    configuration.host = server.url
    configuration.ca_cert_data = server.authority or None
    configuration.refresh_api_key_hook = refresh
    refresh(configuration)
