"""The HTTP server: every service of every region under `http://127.0.0.1:PORT/SERVICE/REGION`."""

from __future__ import annotations

import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.fakes.oci_server import faults
from tests.fakes.oci_server.clusters import Clusters
from tests.fakes.oci_server.events import Events
from tests.fakes.oci_server.faults import Fault, Faults, LostError
from tests.fakes.oci_server.identity import Identities, write_profile
from tests.fakes.oci_server.multipart import Multipart
from tests.fakes.oci_server.object_storage import Bucket, ObjectStorage, StoredObject
from tests.fakes.oci_server.routes import ObjectStorageRoutes
from tests.fakes.oci_server.vault import Vault
from tests.fakes.oci_server.wire import Answer, RefusedError, Request

NAMESPACE = "axtest"


class OciServer:
    """A context manager: the server runs inside it.

    `environment(folder)` is what a process of kubestandby needs to talk to it.
    """

    def __init__(
        self, *, events: Events | None = None, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.identities = Identities()
        self.events = events or Events()
        self.storage = ObjectStorage(self._changed)
        self.multipart = Multipart(self.storage)
        self.vault = Vault()
        self.clusters = Clusters(self.identities)
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []
        """Method and target of every request, in the order of their arrival."""
        self._objects = ObjectStorageRoutes(self.storage, self.multipart)
        self._stop = threading.Event()
        self._http = _Server((host, 0), self._handler())
        self._tls = tls
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), name="oci-server", daemon=True)

    def __enter__(self) -> OciServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop.set()
        self.events.close()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        host, port = self._http.server_address[:2]
        return f"{'https' if self._tls else 'http'}://{host!s}:{port}"

    @property
    def endpoints(self) -> str:
        return f"{self.url}/{{service}}/{{region}}"

    def environment(self, folder: Path) -> dict[str, str]:
        """Variables for a process, with a profile that is written to the folder."""
        return {
            "KUBESTANDBY_OCI_ENDPOINTS": self.endpoints,
            "KUBESTANDBY_OCI_AUTH": "profile",
            "OCI_CONFIG_FILE": str(write_profile(folder)),
        }

    def add_bucket(self, name: str, region: str = "us-ashburn-1", *, namespace: str = NAMESPACE) -> Bucket:
        bucket = self.storage.buckets[region, namespace, name] = Bucket(namespace, name, region)
        return bucket

    def fail(self, fault: Fault) -> None:
        self.faults.add(fault)

    def answer(self, request: Request) -> Answer:
        """What the service says; the fault that fits comes before or after what was asked for is done."""
        self.requests.append((request.method, request.target))
        objects = request.service == "objectstorage"
        has_body = request.method in ("POST", "PUT", "PATCH")
        self.identities.check(request, body_is_signed=self._objects.signs_body(request) if objects else has_body)
        fault = self.faults.take(request)
        faults.before(fault)
        answer = self._objects.answer(request) if objects else self._other(request)
        if fault and fault.lost:
            raise LostError
        if fault and max(fault.cut, fault.stalled) >= 0:
            answer.content_length = len(answer.body)
            answer.body = answer.body[: max(fault.cut, fault.stalled)]
            answer.stalls = fault.stalled >= 0
        return answer

    def wait_for_end(self, seconds: float) -> None:
        """Until the server is closed."""
        self._stop.wait(seconds)

    def _other(self, request: Request) -> Answer:
        services = {
            "secrets": self.vault.read,
            "vaults": self.vault.manage,
            "kms-crypto": self.vault.sign,
            "kms-management": self.vault.describe,
            "containerengine": self.clusters.kubeconfig,
        }
        if request.service not in services:
            raise RefusedError(404, "NotFound")
        return services[request.service](request)

    def _changed(self, kind: str, bucket: Bucket, name: str, stored: StoredObject) -> None:
        self.events.tell(kind, bucket, name, stored)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(_Handler):
            oci = server

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    oci: OciServer

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = Request.of(self.command, self.path, dict(self.headers.items()), body)
        try:
            self._send(self.oci.answer(request))
        except RefusedError as refused:
            self._send(refused.answer)
        except LostError:
            self.close_connection = True
        self.wfile.flush()

    def _send(self, answer: Answer) -> None:
        length = len(answer.body) if answer.content_length is None else answer.content_length
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("opc-request-id", os.urandom(8).hex())
        if answer.status != 204:
            self.send_header("content-length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
            self.wfile.flush()
            if answer.stalls:
                self.oci.wait_for_end(60)
            self.close_connection = self.close_connection or length != len(answer.body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 - the names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Nothing: what was asked is in `OciServer.requests`."""
