"""Secrets of webhooks in a vault."""

import pytest

from kubestandby.adapters import webhook_secrets
from kubestandby.adapters.oci import calling
from kubestandby.adapters.webhook_secrets import read_secret, usable_secrets
from kubestandby.errors import ConfigError, VaultError, VaultUnavailableError
from kubestandby.groups import SecretReference
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.faults import Fault

GOOD = b"0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_secrets, "_KEPT", {})


def in_vault(server: OciServer, content: bytes) -> SecretReference:
    return SecretReference(vault=server.vault.add_secret("us-ashburn-1", "v", "github", content).id)


def test_secret_is_read_without_its_line_break(server: OciServer) -> None:
    assert read_secret(in_vault(server, GOOD + b"\n")) == GOOD


def test_many_deliveries_are_one_question_a_minute(server: OciServer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(webhook_secrets.time, "monotonic", lambda: now)
    reference = in_vault(server, GOOD)

    for _ in range(5):
        read_secret(reference)
    assert len(server.requests) == 1
    server.vault.secrets[reference.vault].contents.append(GOOD[::-1])
    now += 60

    assert read_secret(reference) == GOOD[::-1]


def test_short_secret_is_a_sentence_that_does_not_repeat_it(server: OciServer) -> None:
    with pytest.raises(ConfigError, match=r"the webhook secret in ocid1.* has 7 bytes") as raised:
        read_secret(in_vault(server, b"hunter2"))

    assert "hunter2" not in str(raised.value)


def test_other_secret_is_enough_while_one_is_gone(server: OciServer) -> None:
    gone = SecretReference(vault="ocid1.vaultsecret.oc1.us-ashburn-1.none")

    assert usable_secrets([gone, in_vault(server, GOOD)]) == (GOOD,)
    with pytest.raises(VaultError, match="read secret-bundles"):
        usable_secrets([gone])


def test_vault_that_does_not_answer_is_tried_again_later(server: OciServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling.Caller, "_wait", lambda *_: 1e6)
    server.fail(Fault(status=503, times=-1))

    with pytest.raises(VaultUnavailableError):
        usable_secrets([in_vault(server, GOOD)])
