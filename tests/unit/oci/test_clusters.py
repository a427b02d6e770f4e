"""Clusters without a file: OKE by signed tokens, others by what is in a Vault secret."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.kube_reach import secret_kubeconfig, server_of
from kubestandby.adapters.oci import calling, oke
from kubestandby.errors import ClusterError, ClusterUnavailableError, ConfigError, VaultError, VaultUnavailableError
from kubestandby.groups import ClusterAccess, OkeCluster, OkeEndpoint, TokenAccess
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.clusters import OkeCluster as FakeCluster
from tests.fakes.oci_server.faults import Fault
from tests.fakes.oci_server.wire import Answer, RefusedError
from tests.testbed.pki import Authority

OCID = "ocid1.cluster.oc1.us-ashburn-1.aaaatest"
VAULT = "ocid1.vault.oc1.us-phoenix-1.aaaatest"
WITHOUT_PATIENCE = pytest.mark.usefixtures("impatient")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wait would be longer than anybody has the patience for."""
    monkeypatch.setattr(calling.Caller, "_wait", lambda *_: 1e6)


@pytest.fixture
def authority(tmp_path: Path) -> str:
    return Authority("oke-ca", tmp_path).certificate.read_text()


@pytest.fixture
def cluster(server: OciServer, authority: str) -> FakeCluster:
    servers = {"PUBLIC_ENDPOINT": "https://203.0.113.7:6443", "PRIVATE_ENDPOINT": "https://10.0.0.7:6443"}
    made = server.clusters.clusters[OCID] = FakeCluster(OCID, servers, authority.encode())
    return made


def put_secret(server: OciServer, content: bytes) -> str:
    return server.vault.add_secret("us-phoenix-1", VAULT, "kubeconfig", content).id


class TestOke:
    def test_token_is_a_signed_request_for_this_cluster(self, server: OciServer) -> None:
        token = oke.signed_token(OCID)

        server.clusters.check_token(token, OCID)
        with pytest.raises(RefusedError):
            server.clusters.check_token(token, f"{OCID}x")

    def test_token_of_somebody_else_is_refused(self, server: OciServer) -> None:
        token = oke.signed_token(OCID)
        server.identities.known.clear()

        with pytest.raises(RefusedError):
            server.clusters.check_token(token, OCID)

    def test_token_goes_to_the_services_own_address(self, server: OciServer) -> None:
        url = base64.urlsafe_b64decode(oke.signed_token(OCID)).decode()

        assert url.startswith(
            f"https://containerengine.us-ashburn-1.oraclecloud.com/cluster_request/{OCID}?authorization=Signature"
        )

    def test_token_is_renewed_before_it_expires(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []
        monkeypatch.setattr(oke, "signed_token", lambda cluster: made.append(cluster) or f"token-{len(made)}")
        time = 1000.0
        token = oke.OkeToken(OCID, now=lambda: time)

        seen = [token()]
        time += 179
        seen.append(token())
        time += 1
        seen.append(token())

        assert seen == ["token-1", "token-1", "token-2"]

    @pytest.mark.parametrize(
        ("endpoint", "url"),
        [(OkeEndpoint.PUBLIC, "https://203.0.113.7:6443"), (OkeEndpoint.PRIVATE, "https://10.0.0.7:6443")],
        ids=["public", "private"],
    )
    def test_server_and_authority_come_from_the_service(
        self, cluster: FakeCluster, authority: str, endpoint: OkeEndpoint, url: str
    ) -> None:
        assert oke.server_of(OkeCluster(id=OCID, endpoint=endpoint), "cluster of east") == (url, authority)

    def test_endpoint_that_the_cluster_has_not_is_a_sentence(self, cluster: FakeCluster) -> None:
        wanted = OkeCluster(id=OCID, endpoint=OkeEndpoint.VCN_HOSTNAME)

        with pytest.raises(ClusterError, match=r"400 InvalidParameter\); check that the cluster has a vcn-hostname"):
            oke.server_of(wanted, "cluster of east")

    def test_unknown_cluster_is_a_sentence(self, server: OciServer) -> None:
        with pytest.raises(ClusterError, match=r"404 NotAuthorizedOrNotFound\); .* no right to `use clusters`"):
            oke.server_of(OkeCluster(id=OCID), "cluster of east")

    @WITHOUT_PATIENCE
    def test_service_that_fails_is_tried_again_later(self, server: OciServer) -> None:
        server.fail(Fault("POST", status=503, times=-1))

        with pytest.raises(ClusterUnavailableError, match="cluster of east: OCI does not say where it is"):
            oke.server_of(OkeCluster(id=OCID), "cluster of east")

    def test_answer_that_breaks_off_is_asked_for_again(
        self, server: OciServer, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(calling.Caller, "_wait", lambda *_: 0.0)
        server.fail(Fault("POST", cut=40))

        assert oke.server_of(OkeCluster(id=OCID), "cluster of east")[0] == "https://203.0.113.7:6443"

    @pytest.mark.parametrize("answer", [b"", b"clusters: []", b"[", b"clusters: [{cluster: {server: 'http://x'}}]"])
    def test_answer_that_is_no_kubeconfig_is_a_sentence(
        self, server: OciServer, monkeypatch: pytest.MonkeyPatch, answer: bytes
    ) -> None:
        monkeypatch.setattr(server.clusters, "kubeconfig", lambda request: Answer(200, {}, answer))

        with pytest.raises(ClusterError, match="OCI's answer names no server"):
            oke.server_of(OkeCluster(id=OCID), "cluster of east")

    def test_cluster_is_set_up_with_a_fresh_token_for_every_request(self, cluster: FakeCluster, authority: str) -> None:
        reached = connect(ClusterAccess(oke=OkeCluster(id=OCID)), site="east")

        sender: Any = reached._http.sender
        configuration = sender._client.configuration
        configuration.refresh_api_key_hook = None
        assert sender.host == "https://203.0.113.7:6443"
        assert sender.where == f"cluster of site east (OKE {OCID}, public endpoint)"
        assert configuration.ca_cert_data == authority
        assert configuration.api_key["authorization"].startswith("Bearer aHR0cHM6Ly9jb250YWluZXJlbmdpbmUu")


KUBECONFIG: dict[str, Any] = {
    "current-context": "dc",
    "clusters": [{"name": "dc", "cluster": {"server": "https://10.9.0.1:6443"}}],
    "users": [{"name": "dc", "user": {"token": "canary-4711"}}],
    "contexts": [{"name": "dc", "context": {"cluster": "dc", "user": "dc"}}],
}


def kubeconfig(*, cluster: dict[str, Any] | None = None, user: dict[str, Any] | None = None) -> bytes:
    config = yaml.safe_load(yaml.safe_dump(KUBECONFIG))
    config["clusters"][0]["cluster"] |= cluster or {}
    config["users"][0]["user"] |= user or {}
    return yaml.safe_dump(config).encode()


class TestKubeconfigInAVault:
    def test_cluster_is_set_up_by_it(self, server: OciServer) -> None:
        secret = put_secret(server, kubeconfig())

        reached = connect(ClusterAccess(kubeconfig_secret=secret), site="west")

        sender: Any = reached._http.sender
        assert sender.host == "https://10.9.0.1:6443"
        assert sender.where == f"cluster of site west (kubeconfig in secret {secret}, context its current one)"

    @pytest.mark.parametrize(
        ("cluster", "user", "problem"),
        [
            ({}, {"exec": {"command": "/bin/canary-4711"}}, "its user has exec, a program to run here; use a service"),
            ({}, {"auth-provider": {"name": "gcp"}}, "its user has auth-provider, a program to run here"),
            ({}, {"client-certificate": "/etc/x"}, "client-certificate, a file of some other machine; put what is in"),
            ({}, {"client-key": "/etc/x"}, "client-key, a file of some other machine; put what is in it into client-"),
            ({}, {"tokenFile": "/etc/x"}, "tokenFile, a file of some other machine; put the token itself into token"),
            ({"certificate-authority": "/etc/x"}, {}, "its cluster has certificate-authority, a file of some other"),
            ({"insecure-skip-tls-verify": True}, {}, "so that anybody could be that server"),
        ],
        ids=lambda value: "",
    )
    def test_what_leads_to_files_and_programs_is_refused(
        self, server: OciServer, cluster: dict[str, Any], user: dict[str, Any], problem: str
    ) -> None:
        secret = put_secret(server, kubeconfig(cluster=cluster, user=user))

        with pytest.raises(ConfigError) as raised:
            secret_kubeconfig(ClusterAccess(kubeconfig_secret=secret), "cluster of west")

        assert str(raised.value).startswith("cluster of west: its ")
        assert problem in str(raised.value)
        assert "4711" not in str(raised.value)

    @pytest.mark.parametrize("content", [b"", b"canary-4711", b"a: [", b"\xff\xfe", b"clusters: []"], ids=repr)
    def test_what_is_none_is_refused_and_not_shown(self, server: OciServer, content: bytes) -> None:
        with pytest.raises(ConfigError, match="cluster of west: ") as raised:
            secret_kubeconfig(ClusterAccess(kubeconfig_secret=put_secret(server, content)), "cluster of west")

        assert "4711" not in str(raised.value)

    def test_missing_secret_is_a_sentence(self, server: OciServer) -> None:
        access = ClusterAccess(kubeconfig_secret="ocid1.vaultsecret.oc1.us-phoenix-1.none")

        with pytest.raises(VaultError, match=r"secret ocid1.* cannot be read: .* no right to `read secret-bundles`"):
            secret_kubeconfig(access, "cluster of west")

    @WITHOUT_PATIENCE
    def test_vault_that_fails_is_tried_again_later(self, server: OciServer) -> None:
        secret = put_secret(server, kubeconfig())
        server.fail(Fault("GET", status=500, times=-1))

        with pytest.raises(VaultUnavailableError, match="try again later"):
            secret_kubeconfig(ClusterAccess(kubeconfig_secret=secret), "cluster of west")


class TestTokenInAVault:
    def test_token_is_the_secrets_content(self, server: OciServer) -> None:
        access = TokenAccess(server="https://10.9.0.1:6443", secret=put_secret(server, b"canary-token-of-an-account\n"))

        found = server_of(ClusterAccess(token=access), "cluster of west", renewed=False)

        assert found is not None
        assert (found.url, found.token()) == ("https://10.9.0.1:6443", "canary-token-of-an-account")

    @pytest.mark.parametrize(
        "content", [b"", b"short", b"two words of canary-4711", b"kind: Config\nusers: []"], ids=repr
    )
    def test_what_is_no_token_is_refused_and_not_shown(self, server: OciServer, content: bytes) -> None:
        access = TokenAccess(server="https://10.9.0.1:6443", secret=put_secret(server, content))

        with pytest.raises(ConfigError, match="the secret holds no token; write") as raised:
            server_of(ClusterAccess(token=access), "cluster of west", renewed=False)

        assert "4711" not in str(raised.value)
