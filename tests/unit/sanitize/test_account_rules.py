"""A token is signed by one cluster for itself and does not cross; a user's own Secret does, whatever its keys."""

import pytest

from tests.unit.sanitize.samples import Json, bare, clean, fired, served

TOKEN = "kubernetes.io/service-account-token"


def test_generated_secrets_of_an_account_are_dropped() -> None:
    generated = [{"name": "robot-token-x7k2z"}, {"name": "robot-dockercfg-4x9tz"}, {"name": "mine"}]

    manifest = served("v1", "ServiceAccount", "robot", secrets=generated, imagePullSecrets=generated[1:])

    assert clean(manifest)["secrets"] == [{"name": "mine"}]
    assert clean(manifest)["imagePullSecrets"] == [{"name": "mine"}]
    assert fired(manifest) == {"drop_generated_secrets"}


@pytest.mark.parametrize("name", ["robot-token", "robot-token-abcde", "robot-token-x7k2z9", "other-token-x7k2z"])
def test_secrets_that_only_look_generated_stay(name: str) -> None:
    assert clean(served("v1", "ServiceAccount", "robot", secrets=[{"name": name}]))["secrets"] == [{"name": name}]


def test_a_secret_of_the_snapshot_stays_even_where_its_name_looks_generated() -> None:
    manifest = served("v1", "ServiceAccount", "robot", secrets=[{"name": "robot-token-x7k2z"}])
    mine = ("", "Secret", "shop", "robot-token-x7k2z")

    assert clean(manifest, identities=frozenset({mine}))["secrets"] == [{"name": "robot-token-x7k2z"}]


def test_the_generated_name_of_a_long_account_is_known_although_it_is_cut() -> None:
    account = "a" * 60
    secrets = [{"name": "a" * 58 + "x7k2z"}]

    assert "secrets" not in clean(served("v1", "ServiceAccount", account, secrets=secrets))


def test_an_authored_token_secret_crosses_without_its_token() -> None:
    annotations = {"kubernetes.io/service-account.name": "robot"}
    data = {"token": "ZXlK", "ca.crt": "LS0t", "namespace": "c2hvcA=="}
    labels = {"kubernetes.io/legacy-token-last-used": "2026-11-22", "app": "ci"}
    notes = {"labels": labels, "annotations": {**annotations, "kubernetes.io/service-account.uid": "a"}}

    cleaned = clean(
        served("v1", "Secret", "robot-token", metadata=notes, type=TOKEN, data={**data, "extra": "bWluZQ=="})
    )

    wanted = bare("v1", "Secret", "robot-token", type=TOKEN, data={"extra": "bWluZQ=="})
    wanted["metadata"] |= {"annotations": annotations, "labels": {"app": "ci"}}
    assert cleaned == wanted


@pytest.mark.parametrize("kind", ["Opaque", "kubernetes.io/tls", "example.com/mine", None])
def test_a_users_secret_keeps_keys_that_are_called_like_a_tokens(kind: str | None) -> None:
    data: Json = {"token": "YWJj", "ca.crt": "ZGVm", "namespace": "Z2hp", "uid": "a2VwdA=="}
    fields: Json = {"data": data, "stringData": {"token": "abc"}, **({"type": kind} if kind else {})}

    assert clean(served("v1", "Secret", **fields)) == bare("v1", "Secret", **fields)
