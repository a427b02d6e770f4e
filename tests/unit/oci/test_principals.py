"""Who a process is to OCI, and that nothing is asked or loaded before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kubestandby.adapters.oci import endpoints, principals
from kubestandby.adapters.oci.object_store import OciStore
from kubestandby.adapters.oci.principals import AUTH_VARIABLE, PrincipalKind, chosen_kind, principal
from kubestandby.errors import ConfigError, StoreError
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.identity import key_pem, session_token, write_profile
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


def test_region_is_read_from_an_ocid() -> None:
    assert endpoints.region_of("ocid1.cluster.oc1.iad.aaaatest") == "us-ashburn-1"
    assert endpoints.region_of("ocid1.cluster.oc1.us-chicago-1.aaaatest") == "us-chicago-1"
    for wrong in ("ocid1.tenancy.oc1..aaaatest", "cluster", "ocid1.cluster.oc1.iad/../x.aaaa"):
        with pytest.raises(ConfigError, match="is no OCID of something in a region"):
            endpoints.region_of(wrong)


def test_opening_a_store_loads_no_sdk() -> None:
    code = f"""
from kubestandby.adapters.stores import open_store
open_store({URL!r})
import sys
assert "oci" not in sys.modules
"""

    subprocess.run([sys.executable, "-c", code], check=True)
