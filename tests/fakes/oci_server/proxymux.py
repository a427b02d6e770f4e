"""What gives pods of an enhanced OKE cluster their identity: at the API server's address, port 12250."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.fakes.oci_server.identity import Identities, session_token
from tests.testbed.pki import SERVER, Authority

PORT = 12250


class Proxymux:
    """A context manager. Takes one service account's token, and gives session tokens for the keys of pods."""

    def __init__(self, host: str, identities: Identities, account_token: str, folder: Path) -> None:
        self.identities = identities
        self.account_token = account_token
        self.status = 200
        self.given = 0
        authority = Authority("cluster-ca", folder)
        self.authority = authority.certificate
        pair = authority.issue("proxymux", "kubernetes", usages=(SERVER,), hosts=(host,))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._http = ThreadingHTTPServer((host, PORT), self._handler())
        self._http.daemon_threads = True
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Proxymux:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, bytes]:
        if path != "/resourcePrincipalSessionTokens" or authorization != f"Bearer {self.account_token}":
            return 401, b"{}"
        if self.status != 200:
            return self.status, b"{}"
        pem = f"-----BEGIN PUBLIC KEY-----\n{json.loads(body)['podKey']}\n-----END PUBLIC KEY-----\n"
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, RSAPublicKey)
        self.given += 1
        token = session_token(jti=str(self.given))
        self.identities.known.clear()
        self.identities.accept(f"ST${token}", key)
        return 200, base64.b64encode(json.dumps({"token": f"ST${token}"}).encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mux = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, answer = mux.answer(self.path, self.headers.get("authorization", ""), body)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing."""

        return Handler
