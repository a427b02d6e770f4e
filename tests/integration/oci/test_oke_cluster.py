"""A real API server as an OKE cluster: behind a front that takes tokens of ours only, as OKE's does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kubestandby.adapters import kube_cluster, kube_sender
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.oci import endpoints, principals
from kubestandby.errors import ClusterError
from kubestandby.groups import ClusterAccess as Access
from kubestandby.groups import OkeCluster
from kubestandby.resources import ResourceType
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.api_server import OkeApiServer
from tests.fakes.oci_server.clusters import OkeCluster as FakeCluster
from tests.fakes.oci_server.identity import key_pem, session_token
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = pytest.mark.clusters
OCID = "ocid1.cluster.oc1.us-ashburn-1.aaaatest"


class Platform:
    """The platform gives this process a session's token, and takes no other."""

    def __init__(self, server: OciServer, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._server = server
        self._token = folder / "rpst"
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (folder / "key.pem").write_bytes(key_pem(self._key))
        monkeypatch.setattr(principals, "_FOUND", {})
        monkeypatch.setattr(endpoints, "_CLIENTS", {})
        monkeypatch.setenv("KUBESTANDBY_OCI_AUTH", "resource-principal")
        monkeypatch.setenv("KUBESTANDBY_OCI_ENDPOINTS", server.endpoints)
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-ashburn-1")
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", str(self._token))
        monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", str(folder / "key.pem"))
        self.give("first")

    def give(self, name: str) -> None:
        token = session_token(jti=name)
        self._server.identities.known.clear()
        self._server.identities.accept(f"ST${token}", self._key.public_key())
        self._token.write_text(token)


@pytest.fixture
def server() -> Iterator[OciServer]:
    with OciServer() as running:
        yield running


@pytest.fixture
def platform(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    return Platform(server, tmp_path, monkeypatch)


@pytest.fixture
def front(server: OciServer, primary: ClusterAccess, tmp_path: Path) -> Iterator[OkeApiServer]:
    with OkeApiServer(server.clusters, OCID, primary.kubeconfig, tmp_path / "front") as running:
        server.clusters.clusters[OCID] = FakeCluster(OCID, {"PUBLIC_ENDPOINT": running.url}, running.ca_pem)
        yield running


def test_oke_cluster_is_read_and_written_and_outlasts_the_platforms_token(
    platform: Platform,
    front: OkeApiServer,
    primary: ClusterAccess,
    namespace_factory: NamespaceFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kube_sender, "RENEW_AT_MOST_EVERY_SECONDS", 0.0)
    namespace = namespace_factory(primary, prefix="oke")
    cluster = connect(Access(oke=OkeCluster(id=OCID)), site="east")

    config_maps = cluster.discover().find("", "ConfigMap")
    assert config_maps is not None
    cluster.create(config_maps, config_map(namespace, "written"))
    platform.give("second")
    cluster.apply(config_maps, config_map(namespace, "after"))

    assert {"written", "after"} <= names(cluster, config_maps, namespace)
    assert primary.kubectl("-n", namespace, "get", "configmap", "after", "-o", "name").strip() == "configmap/after"
    assert len(set(front.tokens)) == 2


def test_token_that_the_cluster_does_not_take_is_a_sentence(
    platform: Platform, front: OkeApiServer, server: OciServer
) -> None:
    cluster = connect(Access(oke=OkeCluster(id=OCID)), site="east")
    server.identities.known.clear()

    with pytest.raises(ClusterError, match=rf"cluster of site east \(OKE {OCID}, public endpoint\) refuses the cred"):
        cluster.identity()


def config_map(namespace: str, name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def names(cluster: kube_cluster.KubeCluster, resource: ResourceType, namespace: str) -> set[str]:
    return {item["metadata"]["name"] for page in cluster.pages(resource, namespace=namespace) for item in page.items}
