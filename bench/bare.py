"""The barest client of an API server: one `http.client` connection per thread, kept open, and nothing around it."""

import base64
import http.client
import queue
import ssl
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import yaml

CONNECTIONS = 16
PAGE_SIZE = 500
_WARM = "/version"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"


class Server:
    """An API server, as a kubeconfig with embedded certificates tells."""

    def __init__(self, kubeconfig: Path) -> None:
        config: Any = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write((_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"])).encode())
            pem.flush()
            self._tls.load_cert_chain(pem.name)

    def connect(self) -> "Connection":
        """Opens a connection."""
        return Connection(http.client.HTTPSConnection(self._address.netloc, context=self._tls, timeout=60))


class Connection:
    """One connection, for one thread."""

    def __init__(self, connection: http.client.HTTPSConnection) -> None:
        self._connection = connection
        self.send(Request("GET", _WARM))

    def send(self, request: Request) -> bytes:
        """Sends one request and reads its answer.

        Raises:
            BenchError: the server refused it.
        """
        headers = {"Content-Type": request.content_type} if request.body else {}
        self._connection.request(request.method, request.path, request.body or None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if not 200 <= answer.status <= 299:
            raise BenchError(f"{request.method} {request.path}: {answer.status}: {body[:300]!r}")
        return body

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All pages of a list, decoded."""
        token = ""
        while True:
            query = f"?limit={PAGE_SIZE}" + (f"&continue={token}" if token else "")
            page: dict[str, Any] = orjson.loads(self.send(Request("GET", path + query)))
            yield page
            token = page["metadata"].get("continue", "")
            if not token:
                return

    def close(self) -> None:
        """Closes it."""
        self._connection.close()


class BenchError(Exception):
    """What is measured does not work, so there is nothing to measure."""


def send_all(server: Server, requests: Iterable[Request], connections: int = CONNECTIONS) -> float:
    """Sends all requests over so many connections at once; returns the seconds from the first to the last answer.

    Raises:
        BenchError: the server refused one, or broke off.
    """
    opened = [server.connect() for _ in range(connections)]
    waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()
    for request in requests:
        waiting.put(request)
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(lambda connection: _send_from(waiting, connection), opened))
    seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()
    return seconds


def _send_from(waiting: "queue.SimpleQueue[Request]", connection: Connection) -> None:
    while True:
        try:
            request = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            connection.send(request)
        except (OSError, http.client.HTTPException) as error:
            raise BenchError(f"{request.method} {request.path}: {error!r}") from error


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
