"""Likely secrets in the fields of objects: told by name and field, as the group wants it, and never by value."""

from typing import Any

import pytest

from functions.export.likely_secrets import SecretScan, likely_secrets
from kubestandby.errors import LikelySecretsError
from kubestandby.groups import LikelySecrets, ProtectionGroup, ScanSettings
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import GroupName, LikelySecret


def config_map(**data: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop"},
        "data": data,
    }


def workload(kind: str, template: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1" if kind == "Deployment" else "batch/v1",
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": template,
    }


ENV = [
    {"name": "DB_PASSWORD", "value": "correct-horse"},
    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
    {"name": "LOG_LEVEL", "value": "info"},
]
POD = {"containers": [{"name": "main", "env": ENV}], "initContainers": [{"name": "init", "env": ENV[:1]}]}


def found_in(manifest: dict[str, Any]) -> list[LikelySecret]:
    return list(likely_secrets(ObjectRef.of(manifest), manifest))


def test_a_config_map_is_told_by_name_and_field() -> None:
    found = found_in(
        config_map(
            **{
                "db.password": "correct-horse",
                "app.properties": "tea=1\nspring.datasource.password=correct-horse\n",
                "tea": "1",
            }
        )
    )

    assert [str(one) for one in found] == [
        "ConfigMap shop/settings data.db.password (is called like a secret)",
        "ConfigMap shop/settings data.app.properties, line 2 (spring.datasource.password) (is called like a secret)",
    ]
    assert "correct-horse" not in repr(found)


@pytest.mark.parametrize(
    "manifest",
    [
        workload("Deployment", {"template": {"spec": POD}}),
        workload("CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD}}}}),
    ],
    ids=["Deployment", "CronJob"],
)
def test_values_in_environments_of_pod_templates_are_told(manifest: dict[str, Any]) -> None:
    assert [one.field for one in found_in(manifest)] == [
        "initContainers[init].env.DB_PASSWORD",
        "containers[main].env.DB_PASSWORD",
    ]


@pytest.mark.parametrize(
    "manifest",
    [
        config_map(),
        {**config_map(), "data": None},
        {**config_map(), "data": ["password"]},
        {**config_map(), "data": {"password": 1}},
        workload("Deployment", {"template": {"spec": {"containers": [None, {"name": "a", "env": [1, {"value": 2}]}]}}}),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"password": "correct-horse"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"password": "correct-horse"}},
    ],
    ids=range(7),
)
def test_nothing_is_told_of_what_holds_none(manifest: dict[str, Any]) -> None:
    assert found_in(manifest) == []


def scan(action: LikelySecrets, *allow: str) -> SecretScan:
    settings = ScanSettings(likely_secrets=action, allow=allow)
    looked = SecretScan(ProtectionGroup(name=GroupName("shop"), scan=settings))
    for manifest in (workload("Deployment", {"template": {"spec": POD}}), config_map(password="correct-horse")):
        looked.look(ObjectRef.of(manifest), manifest)
    return looked


def test_a_group_that_refuses_them_names_them_and_what_to_do() -> None:
    with pytest.raises(LikelySecretsError) as raised:
        scan(LikelySecrets.REFUSE).found()

    reason = "(is called like a secret)"
    assert str(raised.value) == (
        "group shop: likely secrets are in clear, and spec.scan refuses that:"
        f" ConfigMap shop/settings data.password {reason};"
        f" Deployment.apps shop/web containers[main].env.DB_PASSWORD {reason};"
        f" Deployment.apps shop/web initContainers[init].env.DB_PASSWORD {reason};"
        " move them to a Secret, or name what is none in spec.scan.allow"
    )


def test_a_group_that_ignores_them_looks_for_none() -> None:
    assert scan(LikelySecrets.IGNORE).found() == ()


@pytest.mark.parametrize(
    ("allow", "left"),
    [
        (("ConfigMap shop/settings data.password",), 2),
        (("Deployment.apps shop/web containers[main].env.DB_PASSWORD",), 2),
        (("Deployment.apps shop/*",), 1),
        (("*",), 0),
        (("ConfigMap shop/settings",), 3),
        (("ConfigMap shop/?ettings data.password",), 3),
    ],
)
def test_what_the_group_allows_is_not_told(allow: tuple[str, ...], left: int) -> None:
    assert len(scan(LikelySecrets.REPORT, *allow).found()) == left


def test_many_are_counted_and_not_all_kept() -> None:
    looked = SecretScan(ProtectionGroup(name=GroupName("shop"), scan=ScanSettings(likely_secrets=LikelySecrets.REFUSE)))
    manifest = config_map(**{f"password{number}": "correct-horse" for number in range(600)})
    looked.look(ObjectRef.of(manifest), manifest)

    with pytest.raises(LikelySecretsError, match="; and 595 more; move them"):
        looked.found()
