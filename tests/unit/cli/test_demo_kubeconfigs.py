"""The kubeconfig that leads through the demo's forwarder."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubestandby.cli.demo.kubeconfigs import forwarded, read_context
from kubestandby.errors import ConfigError


def _kubeconfig(folder: Path, **cluster: Any) -> Path:
    document = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example:6443/k8s", **cluster}}],
        "users": [{"name": "u", "user": {"client-certificate": "me.crt", "token": "t"}}],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_certificate_is_still_verified_for_the_clusters_own_name(tmp_path: Path) -> None:
    one = read_context(_kubeconfig(tmp_path), "")

    made = yaml.safe_load(forwarded(one, 4711))["clusters"][0]["cluster"]

    assert made == {"server": "https://127.0.0.1:4711/k8s", "tls-server-name": "api.example"}
    assert one.address == ("api.example", 6443)


def test_a_name_that_the_kubeconfig_verifies_already_is_kept(tmp_path: Path) -> None:
    one = read_context(_kubeconfig(tmp_path, **{"tls-server-name": "kubernetes"}), "one")

    assert yaml.safe_load(forwarded(one, 1))["clusters"][0]["cluster"]["tls-server-name"] == "kubernetes"


def test_files_beside_the_kubeconfig_are_found_from_elsewhere(tmp_path: Path) -> None:
    one = read_context(_kubeconfig(tmp_path, **{"certificate-authority": "/etc/ca.crt"}), "one")

    assert one.user["client-certificate"] == str(tmp_path / "me.crt")
    assert one.cluster["certificate-authority"] == "/etc/ca.crt"


def test_without_a_port_it_is_that_of_https(tmp_path: Path) -> None:
    assert read_context(_kubeconfig(tmp_path, server="https://api.example"), "").address == ("api.example", 443)


@pytest.mark.parametrize(
    ("cluster", "context", "complaint"),
    [
        ({}, "two", "no context 'two'; it has one"),
        ({"server": "nonsense"}, "", "no server with a host name"),
        ({"proxy-url": "http://proxy"}, "", "proxy-url"),
    ],
)
def test_a_context_that_cannot_be_cut_off_is_refused(
    tmp_path: Path, cluster: dict[str, Any], context: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read_context(_kubeconfig(tmp_path, **cluster), context)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere cannot be read"):
        read_context(tmp_path / "nowhere", "")
