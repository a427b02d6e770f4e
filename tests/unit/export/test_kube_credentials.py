"""A kubeconfig's private key is in a file for a moment only, in a private folder; a kill in between leaves nothing."""

import base64
import os
import signal
import ssl
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from kubestandby.adapters import kube_credentials
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.kube_sender import ApiSender
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterAccess
from tests.testbed.kubeconfig import write_kubeconfig
from tests.testbed.pki import CLIENT, Authority


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place for temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(kube_credentials, "_parent", lambda: folder)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """A kubeconfig with everything inside it."""
    made = tmp_path / "pki"
    made.mkdir()
    authority = Authority("authority", made)
    client = authority.issue("client", "operator", usages=[CLIENT])
    return write_kubeconfig(
        tmp_path / "kubeconfig",
        name="east",
        server="https://127.0.0.1:1",
        authority=authority.certificate,
        client=client,
    )


def sender(kubeconfig: Path) -> ApiSender:
    return ApiSender(ClusterAccess(kubeconfig=kubeconfig), "east", connections_kept=1)


def test_no_file_is_left_and_connections_have_the_key_in_memory(kubeconfig: Path, temporary: Path) -> None:
    settings = sender(kubeconfig)._client.rest_client.pool_manager.connection_pool_kw

    assert list(temporary.iterdir()) == []
    assert not settings.keys() & {"cert_file", "key_file", "ca_certs"}
    assert settings["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert len(settings["ssl_context"].get_ca_certs()) == 1


def test_the_same_credentials_can_be_read_again(kubeconfig: Path, temporary: Path) -> None:
    first, second = sender(kubeconfig), sender(kubeconfig)
    first._renewed = 0.0
    first.renew()

    for one in (first, second):
        assert "ssl_context" in one._client.rest_client.pool_manager.connection_pool_kw
    assert list(temporary.iterdir()) == []


def test_while_it_is_there_nobody_else_can_look_into_it(
    kubeconfig: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[tuple[int, ...]] = []
    load = ssl.SSLContext.load_cert_chain

    def spying(context: ssl.SSLContext, certificate: str, key: str) -> None:
        files = (Path(key).parent, Path(key), Path(certificate))
        modes.append(tuple(stat.S_IMODE(file.stat().st_mode) for file in files))
        assert Path(key).parent.parent == temporary
        load(context, certificate, key)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spying)
    sender(kubeconfig)

    assert modes == [(0o700, 0o600, 0o600)]


def test_files_that_the_kubeconfig_only_names_are_read_for_each_connection(kubeconfig: Path, temporary: Path) -> None:
    config = yaml.safe_load(kubeconfig.read_text())
    pki = kubeconfig.parent / "pki"
    config["clusters"][0]["cluster"] = {
        "server": "https://127.0.0.1:1",
        "certificate-authority": f"{pki}/authority.crt",
    }
    config["users"][0]["user"] = {"client-certificate": f"{pki}/client.crt", "client-key": f"{pki}/client.key"}
    kubeconfig.write_text(yaml.safe_dump(config))

    settings = sender(kubeconfig)._client.rest_client.pool_manager.connection_pool_kw

    assert settings["key_file"] == f"{pki}/client.key"
    assert "ssl_context" not in settings


def test_what_is_no_key_is_told_without_repeating_it(kubeconfig: Path, temporary: Path) -> None:
    config = yaml.safe_load(kubeconfig.read_text())
    config["users"][0]["user"]["client-key-data"] = base64.b64encode(b"hunter2-is-no-key").decode()
    kubeconfig.write_text(yaml.safe_dump(config))

    with pytest.raises(ConfigError, match="its certificates and key cannot be used") as raised:
        connect(ClusterAccess(kubeconfig=kubeconfig), site="east")

    assert "hunter2" not in str(raised.value)
    assert list(temporary.iterdir()) == []


KILLED = """
    import os, signal, ssl, sys
    from pathlib import Path
    from kubestandby.adapters import kube_credentials
    from kubestandby.adapters.kube_cluster import connect
    from kubestandby.groups import ClusterAccess
    kube_credentials._parent = lambda: Path(sys.argv[2])
    ssl.SSLContext.load_cert_chain = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    connect(ClusterAccess(kubeconfig=Path(sys.argv[1])), site="east")
"""


def test_what_a_killed_process_has_left_goes_with_the_next_one(kubeconfig: Path, temporary: Path) -> None:
    code = textwrap.dedent(KILLED)
    killed = subprocess.run([sys.executable, "-c", code, str(kubeconfig), str(temporary)], check=False)
    left = list(temporary.iterdir())
    sender(kubeconfig)
    kept = list(temporary.iterdir())  # it might be that of a process at work
    for folder in left:
        os.utime(folder, (0, 0))

    sender(kubeconfig)

    assert killed.returncode == -signal.SIGKILL
    assert [folder.name.startswith("kubestandby-credentials-") for folder in left] == [True]
    assert kept == left
    assert list(temporary.iterdir()) == []


def test_a_machine_without_any_place_for_files_is_told_what_to_do(
    kubeconfig: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_credentials, "_parent", lambda: temporary / "none")

    with pytest.raises(
        ConfigError, match=r"there is no folder for one \(no such file or directory\); mount a temporary"
    ):
        connect(ClusterAccess(kubeconfig=kubeconfig), site="east")
