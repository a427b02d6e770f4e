"""Who a process is to OCI, and that nothing is asked or loaded before it is needed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from oci import regions
from oci.auth import rpt_path_providers

from kubestandby.adapters.oci import endpoints, principals
from kubestandby.adapters.oci.object_store import OciStore
from kubestandby.adapters.oci.principals import AUTH_VARIABLE, PrincipalKind, chosen_kind, principal
from kubestandby.errors import ConfigError, StoreError
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.identity import key_pem, session_token, throwaway_key, write_profile
from tests.fakes.oci_server.instance import METADATA, Instance
from tests.fakes.oci_server.proxymux import Proxymux
from tests.unit.oci.conftest import URL


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that knows nothing of itself yet, on a machine that is not OCI's."""
    monkeypatch.setattr(principals, "_FOUND", {})
    monkeypatch.setattr(principals, "CHASSIS", tmp_path / "chassis")
    for name in (AUTH_VARIABLE, "OCI_RESOURCE_PRINCIPAL_VERSION", "KUBERNETES_SERVICE_HOST", "OCI_CLI_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_function_is_a_resource_principal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")

    assert chosen_kind() == (PrincipalKind.RESOURCE, "")


def test_machine_of_oci_is_an_instance_principal_and_a_pod_on_it_has_an_identity_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "chassis").write_text("OracleCloud.com\n")

    assert chosen_kind() == (PrincipalKind.INSTANCE, "")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert chosen_kind() == (PrincipalKind.WORKLOAD, "")


def test_anything_else_uses_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_kind() == (PrincipalKind.PROFILE, "DEFAULT")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("OCI_CLI_PROFILE", "STANDBY")
    assert chosen_kind() == (PrincipalKind.PROFILE, "STANDBY")


@pytest.mark.parametrize("kind", [*PrincipalKind])
def test_variable_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, kind: PrincipalKind) -> None:
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
    monkeypatch.setenv(AUTH_VARIABLE, kind)

    assert chosen_kind()[0] is kind


def test_variable_names_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AUTH_VARIABLE, "profile:WEST")

    assert chosen_kind() == (PrincipalKind.PROFILE, "WEST")


@pytest.mark.parametrize("value", ["api-key", "resource-principal:x", ":"])
def test_other_values_of_the_variable_are_a_sentence(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(AUTH_VARIABLE, value)

    with pytest.raises(ConfigError, match="is no way to prove who one is; write one of resource-principal"):
        chosen_kind()


def test_missing_profile_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCI_CONFIG_FILE", str(write_profile(tmp_path)))
    monkeypatch.setenv(AUTH_VARIABLE, "profile:NO")

    with pytest.raises(ConfigError, match=r"profile NO of .*/config cannot be used \(ProfileNotFound\); set up one"):
        principal()


def test_profile_may_be_a_session_of_the_command_line(
    server: OciServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, token = write_profile(tmp_path / "session", "SESSION"), session_token()
    (tmp_path / "token").write_text(f"{token}\n")
    file.write_text(f"{file.read_text()}security_token_file={tmp_path}/token\n")
    monkeypatch.setenv("OCI_CONFIG_FILE", str(file))
    monkeypatch.setenv(AUTH_VARIABLE, "profile:SESSION")
    server.identities.known.clear()
    server.identities.accept(f"ST${token}", throwaway_key().public_key())

    OciStore(URL).put_if_absent("a", b"1")

    assert list(OciStore(URL).list("")) == ["a"]


def test_broken_resource_principal_is_a_sentence_without_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", "canary-token-4711")
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "canary-key-4711")

    with pytest.raises(ConfigError, match="cannot prove by resource-principal who it is") as raised:
        principal()

    assert "4711" not in str(raised.value)


def test_resource_principal_signs_and_reads_a_renewed_token_after_a_401(
    server: OciServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    old, new = session_token(jti="old"), session_token(jti="new")
    token_file, key_file = tmp_path / "rpst", tmp_path / "key.pem"
    token_file.write_text(old)
    key_file.write_bytes(key_pem(key))
    monkeypatch.delenv(AUTH_VARIABLE)
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_REGION", "us-ashburn-1")
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_RPST", str(token_file))
    monkeypatch.setenv("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", str(key_file))
    server.identities.known.clear()
    server.identities.accept(f"ST${old}", key.public_key())
    store = OciStore(URL)
    store.put_if_absent("a", b"1")

    server.identities.known.clear()
    server.identities.accept(f"ST${new}", key.public_key())
    with pytest.raises(StoreError, match="401"):
        store.put_if_absent("b", b"2")
    token_file.write_text(new)
    store.put_if_absent("b", b"2")

    assert list(store.list("")) == ["a", "b"]


@pytest.mark.parametrize(
    "endpoint", ["http://storage.example/{service}", "ftp://127.0.0.1", "storage.example", "https://"]
)
def test_endpoint_that_would_send_in_clear_is_refused(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv(endpoints.ENDPOINTS_VARIABLE, endpoint)

    with pytest.raises(ConfigError, match="is no endpoint of OCI; write https://"):
        OciStore(URL).list("")


@pytest.fixture
def mux(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxymux]:
    """This process is a pod of an enhanced OKE cluster."""
    host = f"127.{os.getpid() % 200 + 20}.{os.getpid() // 200 % 250}.{os.getpid() % 250 + 1}"
    account_token, folder = session_token(sub="system:serviceaccount:shop:export"), tmp_path / "pod"
    folder.mkdir()
    (folder / "token").write_text(account_token)
    (tmp_path / "chassis").write_text("OracleCloud.com\n")
    monkeypatch.delenv(AUTH_VARIABLE)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setattr(rpt_path_providers, "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", str(folder / "token"))
    with Proxymux(host, server.identities, account_token, folder) as running:
        monkeypatch.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", str(running.authority))
        yield running


def test_pod_of_an_enhanced_cluster_signs_as_its_service_account(mux: Proxymux) -> None:
    store = OciStore(URL)

    store.put_if_absent("a", b"1")

    assert principal().kind is PrincipalKind.WORKLOAD
    assert list(store.list("")) == ["a"]
    assert mux.given == 1


def test_pod_gets_a_new_token_where_the_old_one_is_refused(server: OciServer, mux: Proxymux) -> None:
    store = OciStore(URL)
    store.put_if_absent("a", b"1")
    server.identities.known.clear()

    store.put_if_absent("b", b"2")

    assert list(store.list("")) == ["a", "b"]
    assert mux.given == 2


def test_pod_of_a_basic_cluster_is_told_what_is_missing(mux: Proxymux) -> None:
    mux.status = 403

    with pytest.raises(ConfigError, match="it is given to pods in enhanced OKE clusters: check that"):
        OciStore(URL).list("")


@pytest.fixture
def instance(server: OciServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """This process is on a virtual machine of OCI's."""
    (tmp_path / "chassis").write_text("OracleCloud.com\n")
    monkeypatch.delenv(AUTH_VARIABLE)
    with Instance(server.identities) as running:
        monkeypatch.setenv("OCI_METADATA_BASE_URL", f"{running.url}{METADATA}")
        monkeypatch.setattr(regions, "endpoint_for", lambda *_, **__: running.url)
        yield running


def test_virtual_machine_signs_as_itself_and_gets_a_new_token_where_the_old_one_is_refused(
    server: OciServer, instance: Instance
) -> None:
    store = OciStore(URL)
    store.put_if_absent("a", b"1")
    assert (principal().kind, instance.given) == (PrincipalKind.INSTANCE, 1)
    server.identities.known.clear()

    store.put_if_absent("b", b"2")

    assert list(store.list("")) == ["a", "b"]
    assert instance.given == 2


def test_region_is_read_from_an_ocid() -> None:
    assert endpoints.region_of("ocid1.cluster.oc1.iad.aaaatest") == "us-ashburn-1"
    assert endpoints.region_of("ocid1.cluster.oc1.us-chicago-1.aaaatest") == "us-chicago-1"
    for wrong in ("ocid1.tenancy.oc1..aaaatest", "cluster", "ocid1.cluster.oc1.iad/../x.aaaa"):
        with pytest.raises(ConfigError, match="is no OCID of something in a region"):
            endpoints.region_of(wrong)


def test_opening_a_store_and_loading_our_modules_loads_no_sdk() -> None:
    code = f"""
import importlib, pkgutil, sys
import kubestandby.adapters.oci as ours
for module in pkgutil.iter_modules(ours.__path__, ours.__name__ + "."):
    importlib.import_module(module.name)
from kubestandby.adapters.stores import open_store
open_store({URL!r})
assert "oci" not in sys.modules
"""

    subprocess.run([sys.executable, "-c", code], check=True)
