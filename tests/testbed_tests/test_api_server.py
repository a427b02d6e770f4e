"""The API server is a real one: TLS, RBAC, custom resources, aggregation."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory
from tests.testbed.kubectl import KubectlError, kubectl
from tests.testbed.pki import SERVER, Authority

pytestmark = pytest.mark.clusters

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.testbed.example}
spec:
  group: testbed.example
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {lit: {type: boolean}}}}
"""
LAMP = """
apiVersion: testbed.example/v1
kind: Lamp
metadata: {name: desk}
spec: {lit: true}
"""
WEATHER = """
apiVersion: v1
kind: Service
metadata: {{name: weather, namespace: {namespace}}}
spec: {{type: ExternalName, externalName: localhost}}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {{name: v1.weather.example}}
spec:
  group: weather.example
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: {authority}
  service: {{name: weather, namespace: {namespace}, port: {port}}}
"""


class WeatherServer:
    """An extension API server that trusts only the front proxy and answers who asks."""

    def __init__(self, directory: Path, host: str, proxy_authority: str) -> None:
        authority = Authority("weather-ca", directory)
        pair = authority.issue("weather", "weather", usages=(SERVER,), hosts=[host])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=proxy_authority)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(pair.certificate, pair.key)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WeatherHandler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.authority_file = authority.certificate
        self.authority = base64.b64encode(authority.certificate.read_bytes()).decode()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


class WeatherHandler(http.server.BaseHTTPRequestHandler):
    """Answers everything like the discovery of an empty group."""

    def do_GET(self) -> None:
        body = json.dumps(
            {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": "weather.example/v1",
                "resources": [],
                "user": self.headers.get("X-Remote-User"),
            }
        ).encode()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Says nothing."""


def _front_proxy_authority(cluster: ClusterAccess) -> str:
    text = cluster.kubectl("-n", "kube-system", "get", "configmap", "extension-apiserver-authentication", "-ojson")
    return str(json.loads(text)["data"]["requestheader-client-ca-file"])


def test_both_clusters_are_ready_and_are_two(primary: ClusterAccess, standby: ClusterAccess) -> None:
    nodes = [
        cluster.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=10s", "-oname")
        for cluster in (primary, standby)
    ]
    assert [text.split() for text in nodes] == [
        [f"node/{cluster.context}-node-1", f"node/{cluster.context}-node-2"] for cluster in (primary, standby)
    ]


def test_a_client_that_trusts_another_authority_refuses_the_server(
    primary: ClusterAccess, standby: ClusterAccess, tmp_path: Path
) -> None:
    mixed, other = (yaml.safe_load(cluster.kubeconfig.read_text()) for cluster in (primary, standby))
    authority = "certificate-authority-data"
    mixed["clusters"][0]["cluster"][authority] = other["clusters"][0]["cluster"][authority]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(mixed))

    with pytest.raises(KubectlError, match="certificate signed by unknown authority"):
        kubectl(path, "get", "namespaces")


def test_a_certificate_of_the_other_cluster_is_nobody_here(
    primary: ClusterAccess, standby: ClusterAccess, tmp_path: Path
) -> None:
    mixed, other = (yaml.safe_load(cluster.kubeconfig.read_text()) for cluster in (primary, standby))
    mixed["users"] = [{**other["users"][0], "name": mixed["users"][0]["name"]}]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(mixed))

    with pytest.raises(KubectlError, match=r"Unauthorized|must be logged in"):
        kubectl(path, "get", "namespaces")


def test_a_service_account_may_do_only_what_a_role_allows(
    primary: ClusterAccess, namespace_factory: NamespaceFactory, tmp_path: Path
) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "create", "serviceaccount", "reader")
    primary.kubectl("-n", namespace, "create", "role", "reader", "--verb=list", "--resource=configmaps")
    primary.kubectl(
        "-n", namespace, "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader"
    )
    config = yaml.safe_load(primary.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": primary.kubectl("-n", namespace, "create", "token", "reader").strip()}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))

    assert "kube-root-ca.crt" in kubectl(path, "-n", namespace, "get", "configmaps", "-oname")
    with pytest.raises(KubectlError, match="forbidden"):
        kubectl(path, "-n", namespace, "get", "secrets")


def test_anonymous_requests_are_forbidden(primary: ClusterAccess) -> None:
    cluster = yaml.safe_load(primary.kubeconfig.read_text())["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)

    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{cluster['server']}/api/v1/namespaces", context=context, timeout=10)


def test_a_custom_resource_is_served(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("apply", "-f", "-", stdin=CRD)
    try:
        primary.kubectl("wait", "crd/lamps.testbed.example", "--for=condition=Established", "--timeout=30s")
        primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=LAMP)

        assert primary.kubectl("-n", namespace, "get", "lamp", "desk", "-ojsonpath={.spec.lit}") == "true"
    finally:
        primary.kubectl("delete", "crd", "lamps.testbed.example")


def test_an_aggregated_api_on_loopback_is_served(
    primary: ClusterAccess, namespace_factory: NamespaceFactory, tmp_path: Path
) -> None:
    namespace = namespace_factory(primary)
    server = WeatherServer(tmp_path, f"weather.{namespace}.svc", _front_proxy_authority(primary))
    with server.running():
        manifest = WEATHER.format(namespace=namespace, port=server.port, authority=server.authority)
        primary.kubectl("apply", "-f", "-", stdin=manifest)
        try:
            primary.kubectl("wait", "apiservice/v1.weather.example", "--for=condition=Available", "--timeout=30s")

            answer = json.loads(primary.kubectl("get", "--raw", "/apis/weather.example/v1"))
            assert answer["user"] == "testbed-admin"
        finally:
            primary.kubectl("delete", "apiservice", "v1.weather.example")


def test_no_request_of_a_stranger_reaches_an_aggregated_api(primary: ClusterAccess, tmp_path: Path) -> None:
    server = WeatherServer(tmp_path, "localhost", _front_proxy_authority(primary))
    context = ssl.create_default_context(cafile=str(server.authority_file))

    with server.running(), pytest.raises((urllib.error.URLError, ConnectionError, ssl.SSLError)):
        urllib.request.urlopen(f"https://localhost:{server.port}/", context=context, timeout=5)
