"""Likely secrets in clear: what is told, what is not, and that no value ever is."""

from typing import Any

import pytest

from functions.export.likely_secrets import SecretScan, likely_secrets
from functions.export.secret_shapes import is_called_secret, secrets_in_lines, why_secret
from kubestandby.errors import LikelySecretsError
from kubestandby.groups import LikelySecrets, ProtectionGroup, ScanSettings
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import GroupName, LikelySecret

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
KNOWN = {
    "AKIA" + "IOSFODNN7EXAMPLE": "an AWS access key",
    "ghp_" + "a1B2c3D4" * 5: "a GitHub token",
    "github_pat_" + "a1B2c3D4_" * 6: "a GitHub token",
    "glpat-" + "a1B2c3D4e5F6g7H8i9J0": "a GitLab token",
    "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q": "a Google API key",
    "hvs." + "CAESIA1b2C3d4E5f6G7h8I9j0": "a HashiCorp Vault token",
    JWT: "a JSON web token",
    "-----BEGIN EC PRIVATE KEY-----": "a private key",
    "-----BEGIN PRIVATE KEY-----": "a private key",
    "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2: "a private key",
    "SG." + "a1B2c3D4e5F6g7H8i9J0k1" + "." + "a1B2c3D4e5F6g7H8i9J0k1": "a SendGrid key",
    "xoxb-" + "123456789012-abcdefghijkl": "a Slack token",
    "sk_" + "live_a1B2c3D4e5F6g7H8": "a Stripe key",
    "npm_" + "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8": "an npm token",
    "pypi-" + "AgEIcHlwaS5vcmcCJGExYjJjM2Q0LWU1ZjYtN2c4aC05aTBq": "a PyPI token",
    "DefaultEndpointsProtocol=https;AccountKey=" + "a1B2c3D4" * 10 + "==": "an Azure storage key",
    "postgres://shop:s3cr3t-horse@db:5432/shop": "a URL with a password",
    "amqp://:s3cr3t-horse@queue": "a URL with a password",
}


@pytest.mark.parametrize(("value", "what"), KNOWN.items(), ids=range(len(KNOWN)))
def test_known_credentials_are_told_whatever_they_are_called(value: str, what: str) -> None:
    assert why_secret("setting", value) == f"looks like {what}"
    assert why_secret("setting", f"prefix {value} suffix") == f"looks like {what}"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PASSWORD",
            "DB_PASSWORD",
            "db.password",
            "dbPassword",
            "dbpassword",
            "spring.datasource.password",
            "PGPASSWORD",
        ),
        *(
            "TOKEN",
            "githubToken",
            "AUTH_TOKEN",
            "API_KEY",
            "apiKey",
            "x-api-key",
            "apikey",
            "STRIPE_SECRET_KEY",
            "PASSWORD2",
        ),
        *(
            "client-secret",
            "clientSecret",
            "CLIENT_SECRET",
            "aws_secret_access_key",
            "PRIVATE_KEY",
            "passphrase",
            "MYSQL_PWD",
        ),
        *("ENCRYPTION_KEY", "signing.key", "credentials", "webhookSecret", "DJANGO_SECRET_KEY"),
    ],
)
def test_what_is_called_like_a_secret_is_told(name: str) -> None:
    assert is_called_secret(name)
    assert why_secret(name, "correct-horse") == "is called like a secret"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PASSWORD_FILE",
            "passwordFile",
            "TOKEN_URL",
            "token.endpoint",
            "tokenTTL",
            "secretName",
            "SECRET_NAME",
            "secretRef",
        ),
        *(
            "password.min.length",
            "PASSWORD_POLICY",
            "tokenType",
            "credentials.path",
            "API_KEY_HEADER",
            "token_issuer",
            "KEY",
        ),
        *(
            "key",
            "partition.key",
            "keyspace",
            "monkey",
            "secretary",
            "compass",
            "bypass",
            "passive",
            "tokenizer",
            "primaryKey",
        ),
        *(
            "author",
            "authority",
            "cache_key_prefix",
            "sort-key",
            "public.key",
            "secretsManagerRegion",
            "TOKEN_EXPIRES",
            "",
        ),
    ],
)
def test_what_only_sounds_like_a_secret_is_not(name: str) -> None:
    assert not is_called_secret(name)
    assert why_secret(name, "correct-horse") == ""


@pytest.mark.parametrize(
    "value",
    [
        *("", "x", "abc", "true", "false", "none", "null", "required", "bearer", "Bearer", "disabled"),
        *("8", "3600", "30s", "5m", "1.5", "10:30"),
        *("${DB_PASSWORD}", "$(DB_PASSWORD)", "{{ .Values.password }}", "<password>", "%(password)s", "prefix-${X}"),
        *(
            "/run/secrets/password",
            "file:///etc/token",
            "./secret",
            "https://vault/v1/secret",
            "vault:secret/data/shop#pw",
        ),
        *("changeme", "change-me", "CHANGE_ME", "your-password-here", "***", "xxxx", "example", "todo", "redacted"),
        *("must have eight characters", "the token is in the vault", "secretRef:shop"),
    ],
)
def test_references_numbers_and_sentences_are_no_passwords(value: str) -> None:
    assert why_secret("password", value) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION", "kJ8sQ2mN7xP4vR9tY3wZ6bC1dF5gH0aL"),
        ("salt", "9f86d081884c7d659a2feaa0c55ad015"),
        ("cookie", "c2VjcmV0LXZhbHVlLTEyMzQ1Njc4OTA9PQ+XyZ12"),
    ],
)
def test_one_long_random_word_is_told(name: str, value: str) -> None:
    assert why_secret(name, value) == "looks random"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("checksum", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("config.sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("GIT_COMMIT", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
        ("BUILD_ID", "kJ8sQ2mN7xP4vR9tY3wZ6bC1dF5gH0aL"),
        ("cluster", "123e4567-e89b-12d3-a456-426614174000"),
        ("mask", "00000000000000000000000000000000"),
        ("image", "registry.example.com/shop/web:1.2.3"),
        ("java", "com.example.shop.ConfigurationServiceFactoryBean2"),
        ("class", "ShopFrontendControllerConfiguration2024"),
        ("path", "/var/lib/Shop2/Frontend3/Controller4/Configuration5"),
        ("hosts", "Kafka-0.kafka.shop.svc:9092,kafka-1.kafka.shop.svc:9092"),
        ("url", "https://shop.example.com/a1B2c3D4e5F6g7H8i9J0"),
        ("text", "A sentence of Some length with 12 numbers and more words"),
        ("alphabet", "abcdefghijklmnopqrstuvwxyz"),
        ("flags", "-Xmx512m -XX:+UseG1GC -Dfile.encoding=UTF-8"),
    ],
)
def test_what_is_long_but_no_secret_is_not_told(name: str, value: str) -> None:
    assert why_secret(name, value) == ""


PROPERTIES = """# password: this is a comment about it
spring.datasource.url=jdbc:postgresql://db/shop
spring.datasource.password=correct-horse
spring.datasource.username=shop
security.token.ttl=3600
"""
YAML = f"""server:
  port: 8080
auth:
  clientSecret: "correct-horse"
  passwordFile: /run/secrets/password
  tokens:
  - {JWT}
"""
JSON = '{\n  "db": {"host": "db"},\n  "apiKey": "correct-horse",\n  "key": "value"\n}\n'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (PROPERTIES, [(3, "spring.datasource.password", "is called like a secret")]),
        (YAML, [(4, "clientSecret", "is called like a secret"), (7, "", "looks like a JSON web token")]),
        (JSON, [(3, "apiKey", "is called like a secret")]),
        (
            "-----BEGIN CERTIFICATE-----\nMIIBkTCB+wIJAKHHCgVZU2T9MA0GCSqGSIb3DQ\n-----END CERTIFICATE-----\n",
            [],
        ),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SaG6UOoqKLsabgH5C9okWi0dh2l9GKJl a\nb\n", []),
        ("#!/bin/sh\nTOKEN=$(cat /run/token)\nPASSWORD=${PASSWORD:-}\nexec web --password-file=/p\n", []),
        (
            "http {\n  proxy_set_header Authorization $http_authorization;\n  auth_basic_user_file /etc/htpasswd;\n}\n",
            [],
        ),
        ("one\ntwo\n", []),
    ],
    ids=["properties", "yaml", "json", "certificate", "public-key", "script", "nginx", "plain"],
)
def test_files_in_config_maps_are_read_line_by_line(text: str, found: list[tuple[int, str, str]]) -> None:
    assert list(secrets_in_lines(text)) == found


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
    found = found_in(config_map(**{"db.password": "correct-horse", "app.properties": PROPERTIES, "tea": "1"}))

    assert [str(one) for one in found] == [
        "ConfigMap shop/settings data.db.password (is called like a secret)",
        "ConfigMap shop/settings data.app.properties, line 3 (spring.datasource.password) (is called like a secret)",
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
