"""A server of an aggregated API whose one type can only be read, for an APIService of the corpus."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.testbed.pki import SERVER, Authority

GROUP, VERSION = "aggregated.corpus.example.com", "v1"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = json.dumps(_ANSWERS.get(self.path.partition("?")[0], {})).encode()
        self.send_response(200 if body != b"{}" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Says nothing: the servers ask every few seconds."""


_GROUP_VERSION = {"groupVersion": f"{GROUP}/{VERSION}", "version": VERSION}
_ANSWERS: dict[str, object] = {
    f"/apis/{GROUP}": {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": GROUP,
        "versions": [_GROUP_VERSION],
        "preferredVersion": _GROUP_VERSION,
    },
    f"/apis/{GROUP}/{VERSION}": {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{GROUP}/{VERSION}",
        "resources": [
            {"name": "readings", "singularName": "", "namespaced": True, "kind": "Reading", "verbs": ["get", "list"]}
        ],
    },
    f"/apis/{GROUP}/{VERSION}/readings": {
        "kind": "ReadingList",
        "apiVersion": f"{GROUP}/{VERSION}",
        "metadata": {"resourceVersion": "1"},
        "items": [],
    },
}


@contextlib.contextmanager
def aggregated_api(directory: Path, authority: Authority, host: str) -> Iterator[int]:
    """Serves until the end of the block.

    Args:
        directory: of the authority.
        authority: signs the certificate.
        host: the name that its clients expect.

    Yields:
        The port, on loopback.
    """
    pair = authority.issue("aggregated", host, usages=(SERVER,), hosts=[host])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / pair.certificate, directory / pair.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
