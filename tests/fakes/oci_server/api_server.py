"""What stands before an OKE cluster: takes tokens of ours, and passes requests on to a real API server as somebody."""

from __future__ import annotations

import base64
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import urllib3
import yaml

from tests.fakes.oci_server.clusters import Clusters
from tests.fakes.oci_server.wire import RefusedError
from tests.testbed.pki import SERVER, Authority

_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host", "authorization", "keep-alive"})
_REFUSAL = b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}'


class OkeApiServer:
    """A context manager; `kubeconfig` leads to the real API server, with an embedded client certificate."""

    def __init__(self, clusters: Clusters, cluster: str, kubeconfig: Path, folder: Path) -> None:
        self.clusters = clusters
        self.cluster = cluster
        self.tokens: list[str] = []
        """Every token that was taken, in order."""
        folder.mkdir()
        authority = Authority("oke-ca", folder)
        self.ca_pem = authority.certificate.read_bytes()
        self._upstream, self._pool = _pool(kubeconfig, folder)
        pair = authority.issue("server", "kube-apiserver", usages=(SERVER,), hosts=("127.0.0.1",))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> OkeApiServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)
        self._pool.clear()

    def take(self, authorization: str) -> None:
        """Raises where the token is not one for this cluster."""
        token = authorization.removeprefix("Bearer ")
        self.clusters.check_token(token, self.cluster)
        self.tokens.append(token)

    def pass_on(self, method: str, target: str, headers: dict[str, str], body: bytes) -> urllib3.BaseHTTPResponse:
        return self._pool.request(method, f"{self._upstream}{target}", headers=headers, body=body, redirect=False)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16
            disable_nagle_algorithm = True

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    front.take(self.headers.get("authorization", ""))
                except (RefusedError, ValueError, KeyError):
                    self._send(401, {"content-type": "application/json"}, _REFUSAL)
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                answer = front.pass_on(self.command, self.path, headers, body)
                self._send(answer.status, dict(answer.headers), answer.data)

            def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in (*_HOP, "content-encoding"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing."""

        return Handler


def _pool(kubeconfig: Path, folder: Path) -> tuple[str, urllib3.PoolManager]:
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    files = {
        "ca": cluster["certificate-authority-data"],
        "cert": user["client-certificate-data"],
        "key": user["client-key-data"],
    }
    for name, data in files.items():
        (folder / name).write_bytes(base64.b64decode(data))
    pool = urllib3.PoolManager(
        ca_certs=str(folder / "ca"), cert_file=str(folder / "cert"), key_file=str(folder / "key"), maxsize=8
    )
    return cluster["server"], pool
