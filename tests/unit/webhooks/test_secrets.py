"""Secrets by reference: read for each delivery, and never part of a message."""

import logging
import os
from pathlib import Path

import pytest

from kubestandby.adapters.webhook_secrets import read_secret, usable_secrets
from kubestandby.errors import ConfigError
from kubestandby.groups import SecretReference

GOOD = b"0123456789abcdef"


def file(tmp_path: Path, data: bytes) -> SecretReference:
    path = tmp_path / "secret"
    path.write_bytes(data)
    return SecretReference(file=path)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_line_breaks_at_the_end_are_not_part_of_it(tmp_path: Path, end: bytes):
    assert read_secret(file(tmp_path, GOOD + end)) == GOOD


def test_a_secret_need_not_be_text(tmp_path: Path):
    assert read_secret(file(tmp_path, b"\xff" * 20)) == b"\xff" * 20


def test_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S", GOOD.decode())

    assert read_secret(SecretReference(env="S")) == GOOD


def test_a_link_is_followed(tmp_path: Path):
    """As a cluster mounts Secrets."""
    file(tmp_path, GOOD)
    (tmp_path / "link").symlink_to("secret")

    assert read_secret(SecretReference(file=tmp_path / "link")) == GOOD


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "has 0 bytes"),
        (b"\n\n", "has 0 bytes"),
        (b"hunter2hunter2", "has 14 bytes"),
        (b"x" * 4097, "bytes, where 16 to 4096 belong"),
        (b"hunter2\nhunter2hunter2", "several lines"),
    ],
)
def test_what_is_no_secret_is_refused_without_telling_it(tmp_path: Path, data: bytes, says: str):
    with pytest.raises(ConfigError, match=says) as caught:
        read_secret(file(tmp_path, data))

    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=rf"in {tmp_path}/none cannot be read \(no such file"):
        read_secret(SecretReference(file=tmp_path / "none"))


def test_a_missing_variable_is_named():
    with pytest.raises(ConfigError, match="environment variable NOT_SET is not set; set it"):
        read_secret(SecretReference(env="NOT_SET"))


def test_a_folder_is_no_secret(tmp_path: Path):
    with pytest.raises(ConfigError):
        read_secret(SecretReference(file=tmp_path))


def test_a_named_pipe_holds_nobody_up(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match="not a regular file"):
        read_secret(SecretReference(file=tmp_path / "pipe"))


def test_while_one_is_changed_the_other_is_enough(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    gone = SecretReference(file=tmp_path / "none")
    with caplog.at_level(logging.WARNING):
        secrets = usable_secrets([gone, file(tmp_path, GOOD)])

    assert secrets == (GOOD,)
    assert [record.message for record in caplog.records] == ["webhook_secret_unusable"]


def test_a_changed_secret_counts_at_once(tmp_path: Path):
    reference = file(tmp_path, GOOD)
    usable_secrets([reference])
    file(tmp_path, GOOD[::-1])

    assert usable_secrets([reference]) == (GOOD[::-1],)


def test_no_secret_at_all_is_a_wrong_configuration(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        usable_secrets([SecretReference(env="NOT_SET"), SecretReference(file=tmp_path / "none")])
    with pytest.raises(ConfigError, match="no secret"):
        usable_secrets([])
