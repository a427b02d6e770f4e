"""The OCI store against the loopback server, at once and in parts; and against a real bucket where one is named."""

import os
import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubestandby.adapters.oci.object_store import OciStore
from kubestandby.adapters.stores import open_store
from kubestandby.ports import ObjectStore
from tests.contract.store_suite import StoreSuite
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.object_storage import Bucket
from tests.testbed.pki import SERVER, Authority

LIVE_VARIABLE = "KUBESTANDBY_LIVE_OCI"


@pytest.fixture(scope="module")
def server() -> Iterator[OciServer]:
    with OciServer() as running:
        yield running


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OciServer, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority("oci-ca", folder)
    pair = authority.issue("server", "objectstorage", usages=(SERVER,), hosts=("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with OciServer(tls=context) as running:
        yield running, authority.certificate


@pytest.fixture
def bucket(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    return empty_bucket(server, tmp_path, monkeypatch)


def empty_bucket(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, whose lists come in pages of three, and an environment that leads to it."""
    for name, value in server.environment(tmp_path / "oci").items():
        monkeypatch.setenv(name, value)
    bucket = server.add_bucket(f"b-{uuid.uuid4().hex}")
    bucket.page_keys = 3
    return bucket


def url_of(bucket: Bucket, prefix: str = "") -> str:
    return f"oci://{bucket.namespace}/{bucket.name}{prefix}?region={bucket.region}"


class TestOciStore(StoreSuite):
    @pytest.fixture
    def store(self, bucket: Bucket) -> ObjectStore:
        return open_store(url_of(bucket))


class TestOciStoreUnderAPrefix(StoreSuite):
    @pytest.fixture
    def store(self, bucket: Bucket) -> ObjectStore:
        open_store(url_of(bucket)).put_if_absent("shop-2/raw/x", b"a neighbour's")
        return open_store(url_of(bucket, "/shop"))


class TestOciStoreOverTls(StoreSuite):
    """As OCI itself is spoken to."""

    @pytest.fixture
    def store(self, tls_server: tuple[OciServer, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
        server, authority = tls_server
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        return open_store(url_of(empty_bucket(server, tmp_path, monkeypatch)))


class TestOciStoreInParts(StoreSuite):
    @pytest.fixture
    def store(self, server: OciServer, bucket: Bucket) -> ObjectStore:
        server.multipart.smallest_part = 1_000_000
        return OciStore(url_of(bucket), single_put_bytes=0, part_bytes=1_000_000)


if os.environ.get(LIVE_VARIABLE):

    class TestLiveOciStore(StoreSuite):
        """Against OCI itself, under a prefix of its own that is emptied afterwards."""

        @pytest.fixture
        def store(self) -> Iterator[ObjectStore]:
            place, _, query = os.environ[LIVE_VARIABLE].partition("?")
            store = open_store(f"{place}/kubestandby-test-{uuid.uuid4().hex}?{query}")
            yield store
            for key in store.list(""):
                store.delete(key)

else:

    def test_live_oci_store() -> None:
        pytest.skip(f"{LIVE_VARIABLE} names no bucket (oci://NAMESPACE/BUCKET?region=REGION): OCI itself is not tried")
