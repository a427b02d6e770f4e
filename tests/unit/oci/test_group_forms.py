"""What a group's document says of OCI: buckets and clusters, and the sentences for what is wrong with it."""

import base64
from pathlib import Path

import pytest

from kubestandby.adapters.group_file import load_groups
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterAccess, KmsKey, OkeCluster, OkeEndpoint, ProtectionGroup, TokenAccess
from tests.testbed.pki import Authority

OKE = "ocid1.cluster.oc1.iad.aaaatest"
SECRET = "ocid1.vaultsecret.oc1.phx.amaatest"
DOCUMENT = """
apiVersion: kubestandby.dev/v1
kind: ProtectionGroup
metadata: {name: shop}
spec:
  namespaces: [shop]
  sites:
    east:
      cluster: EAST
      data: oci://axtest/shop-east-data?region=us-ashburn-1
      control: oci://axtest/shop-east-control?region=us-ashburn-1
    west:
      cluster: {inCluster: true}
      data: oci://axtest/shop-west-data?region=us-phoenix-1
      control: oci://axtest/shop-west-control?region=us-phoenix-1
  primary: east
  standby: west
"""


def load(tmp_path: Path, cluster: str, *, old: str = "", new: str = "") -> ProtectionGroup:
    file = tmp_path / "shop.yaml"
    file.write_text(
        DOCUMENT.replace("EAST", cluster).replace(old, new, 1) if old else DOCUMENT.replace("EAST", cluster)
    )
    (group,) = load_groups(file)
    return group


def test_buckets_of_oci_stay_as_they_are_written(tmp_path: Path) -> None:
    assert load(tmp_path, f"{{oke: {OKE}}}").site("west").data == "oci://axtest/shop-west-data?region=us-phoenix-1"


@pytest.mark.parametrize(
    ("text", "access"),
    [
        (f"{{oke: {OKE}}}", ClusterAccess(oke=OkeCluster(id=OKE))),
        (f"{{oke: {OKE}, endpoint: private}}", ClusterAccess(oke=OkeCluster(id=OKE, endpoint=OkeEndpoint.PRIVATE))),
        (f"{{kubeconfigFrom: {{vault: {SECRET}}}}}", ClusterAccess(kubeconfig_secret=SECRET)),
        (
            f"{{kubeconfigFrom: {{vault: {SECRET}}}, context: dc}}",
            ClusterAccess(kubeconfig_secret=SECRET, context="dc"),
        ),
        (
            f"{{server: 'https://10.0.0.10:6443', tokenFrom: {{vault: {SECRET}}}}}",
            ClusterAccess(token=TokenAccess(server="https://10.0.0.10:6443", secret=SECRET)),
        ),
    ],
    ids=["oke", "oke-private", "kubeconfig", "kubeconfig-context", "token"],
)
def test_ways_to_a_cluster(tmp_path: Path, text: str, access: ClusterAccess) -> None:
    assert load(tmp_path, text).site("east").cluster == access


def test_authority_of_a_server_is_as_in_a_kubeconfig(tmp_path: Path) -> None:
    pem = Authority("ca", tmp_path).certificate.read_bytes()
    data = base64.b64encode(pem).decode()

    site = load(tmp_path, f"{{server: 'https://a', certificateAuthority: {data}, tokenFrom: {{vault: {SECRET}}}}}")

    assert site.site("east").cluster.token == TokenAccess(
        server="https://a", secret=SECRET, certificate_authority=pem.decode()
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{oke: ocid1.instance.oc1.iad.aaaa}", "cluster.oke: "),
        (f"{{oke: {OKE}, endpoint: internal}}", "none of public, private, vcn-hostname"),
        (f"{{oke: {OKE}, inCluster: true}}", "not one way to reach it"),
        (f"{{oke: {OKE}, context: x}}", "context without kubeconfig; leave it out"),
        ("{inCluster: true, endpoint: private}", "endpoint without oke"),
        ("{server: 'https://a'}", "server without tokenFrom"),
        (f"{{server: 'http://a', tokenFrom: {{vault: {SECRET}}}}}", "such as https://10.0.0.10:6443"),
        (f"{{server: 'https://a', tokenFrom: {{file: {SECRET}}}}}", "there is no such field"),
        (
            f"{{server: 'https://a', certificateAuthority: aGVsbG8=, tokenFrom: {{vault: {SECRET}}}}}",
            "not certificates in base64; copy certificate-authority-data of a kubeconfig",
        ),
        ("{kubeconfigFrom: {vault: my-secret}}", "such as ocid1.vaultsecret."),
    ],
    ids=lambda value: "",
)
def test_wrong_way_is_a_sentence_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)

    assert f"{tmp_path}/shop.yaml:9: spec.sites.east.cluster" in str(raised.value)
    assert problem in str(raised.value)


def test_bucket_without_a_region_is_a_sentence_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"shop.yaml:10: spec\.sites\.east\.data: .* does not say its region; add"):
        load(tmp_path, f"{{oke: {OKE}}}", old="?region=us-ashburn-1")


def test_buckets_of_one_name_in_two_regions_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"shop.yaml:14: .*shares its place .* also across regions: OCI's events"):
        load(tmp_path, f"{{oke: {OKE}}}", old="shop-west-data", new="shop-east-data")


def test_one_cluster_by_two_endpoints_is_one_cluster(tmp_path: Path) -> None:
    other = f"{{oke: {OKE}, endpoint: private}}"

    with pytest.raises(ConfigError, match="the same cluster as that of east"):
        load(tmp_path, f"{{oke: {OKE}}}", old="{inCluster: true}", new=other)


VAULT = "ocid1.vault.oc1.phx.bbbb.aaaatest"
KMS = "{endpoint: 'https://b-crypto.kms.us-phoenix-1.oraclecloud.com', restore: {key: KEY, version: VERSION}}"


def with_keys(tmp_path: Path, text: str) -> ProtectionGroup:
    written = KMS.replace("KEY", "ocid1.key.oc1.phx.b.aaaa").replace("VERSION", "ocid1.keyversion.oc1.phx.b.aaaa")
    cluster = f"{{oke: {OKE}}}\n      keys: {text.replace('KMS', written)}"
    return load(tmp_path, cluster)


def test_keys_of_a_site_may_be_in_a_vault(tmp_path: Path) -> None:
    site = with_keys(tmp_path, f"{{vault: {VAULT}, prefix: shop-, kms: KMS}}").site("east")

    assert site.vault is not None
    assert (site.vault.vault, site.vault.prefix) == (VAULT, "shop-")
    assert site.vault.kms_endpoint == "https://b-crypto.kms.us-phoenix-1.oraclecloud.com"
    restore = KmsKey(role="restore", key="ocid1.key.oc1.phx.b.aaaa", version="ocid1.keyversion.oc1.phx.b.aaaa")
    assert site.vault.kms_key("restore") == restore
    assert site.vault.kms_key("export") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{prefix: shop-}", "vault is missing; write it (OCID of the vault, such as ocid1.vault."),
        ("{vault: my-vault}", "such as ocid1.vault.oc1.iad."),
        (f"{{vault: {VAULT}, prefix: a/b}}", "such as shop-"),
        (
            f"{{vault: {VAULT}, kms: {{restore: {{key: ocid1.key.oc1.a.b, version: ocid1.keyversion.oc1.a.b}}}}}}",
            "endpoint is missing",
        ),
        (f"{{vault: {VAULT}, kms: {{endpoint: 'http://x', export: x}}}}", "such as https://abcd-crypto.kms."),
        (f"{{vault: {VAULT}, key: x}}", "there is no such field"),
    ],
    ids=lambda value: "",
)
def test_wrong_vault_is_a_sentence(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        with_keys(tmp_path, text)

    assert "spec.sites.east.keys" in str(raised.value)
    assert problem in str(raised.value)


def test_two_sites_have_two_vaults(tmp_path: Path) -> None:
    west = f"{{inCluster: true}}\n      keys: {{vault: {VAULT}}}"
    cluster = f"{{oke: {OKE}}}\n      keys: {{vault: {VAULT}}}"

    with pytest.raises(
        ConfigError, match=r"sites\.west\.keys\.vault: the vault of east, too; a vault goes with its reg"
    ):
        load(tmp_path, cluster, old="{inCluster: true}", new=west)
