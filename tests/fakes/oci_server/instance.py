"""What makes a virtual machine an instance principal: its metadata service, and the service that gives it tokens."""

from __future__ import annotations

import datetime as dt
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID

from tests.fakes.oci_server.identity import TENANCY, Identities, key_pem, session_token

METADATA = "/opc/v2"
TOKENS = "/v1/x509"


class Instance:
    """A context manager. Each token that it gives is the only one that the services take from then on."""

    def __init__(self, identities: Identities) -> None:
        self.identities = identities
        self.given = 0
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = _certificate(key)
        self._files = {
            f"{METADATA}/instance/region": b"iad",
            f"{METADATA}/identity/cert.pem": certificate,
            f"{METADATA}/identity/key.pem": key_pem(key),
            f"{METADATA}/identity/intermediate.pem": certificate,
        }
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Instance:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def metadata(self, path: str, authorization: str) -> tuple[int, bytes]:
        if authorization != "Bearer Oracle" or path not in self._files:
            return 404, b""
        return 200, self._files[path]

    def token(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path != TOKENS:
            return 404, b"{}"
        pem = f"-----BEGIN PUBLIC KEY-----\n{json.loads(body)['publicKey']}\n-----END PUBLIC KEY-----\n"
        key = load_pem_public_key(pem.encode())
        assert isinstance(key, RSAPublicKey)
        self.given += 1
        token = session_token(jti=str(self.given))
        self.identities.known.clear()
        self.identities.accept(f"ST${token}", key)
        return 200, json.dumps({"token": token}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send(*instance.metadata(self.path, self.headers.get("authorization", "")))

            def do_POST(self) -> None:
                self._send(*instance.token(self.path, self.rfile.read(int(self.headers["content-length"]))))

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing."""

        return Handler


def _certificate(key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "ocid1.instance.oc1.iad.aaaatest"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"opc-tenant:{TENANCY}"),
        ]
    )
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)
