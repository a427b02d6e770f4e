"""Which texts are told as likely secrets, and which are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.export.secret_shapes import _LINE, _NAMES, is_called_secret, secrets_in_lines, why_secret

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


@given(st.text(alphabet="passwordkey_-. \t\r\n\x0b\x85\u2028\"'{,:=1x", max_size=60))
def test_the_names_in_a_file_are_those_of_its_lines(text: str) -> None:
    one_by_one = [found[1] for line in text.split("\n") if (found := _LINE.match(line))]

    assert _NAMES.findall(text) == one_by_one


def test_one_secret_among_thousands_of_names_that_look_like_one_is_found() -> None:
    lines = [f"key_{number:05d} = {number}{number}" for number in range(5000)]
    lines[777] = "api_key_00777 = hunter2-hunter2"

    assert list(secrets_in_lines("\n".join(lines))) == [(778, "api_key_00777", "is called like a secret")]
