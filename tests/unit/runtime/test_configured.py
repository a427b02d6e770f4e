"""A configuration from a store is taken only where it is the one that the function was told of."""

import hashlib
from pathlib import Path

import pytest
import yaml

from kubestandby.adapters.group_file import CONFIG_VARIABLE
from kubestandby.adapters.stores import open_store
from kubestandby.errors import ConfigError, StandbyError
from kubestandby.runtime.configured import configured_groups

GROUP = {
    "apiVersion": "kubestandby.dev/v1",
    "kind": "ProtectionGroup",
    "metadata": {"name": "shop"},
    "spec": {
        "namespaces": ["shop"],
        "primary": "east",
        "standby": "west",
        "sites": {
            site: {
                "cluster": {"kubeconfig": f"/etc/{site}"},
                "data": f"file:///{site}/data",
                "control": f"file:///{site}/c",
            }
            for site in ("east", "west")
        },
    },
}
DATA = yaml.safe_dump(GROUP).encode()
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def bucket(tmp_path: Path) -> str:
    url = f"file://{tmp_path}/control"
    open_store(url).put_if_absent(f"config/{DIGEST}.yaml", DATA)
    return url


def test_the_object_of_this_digest_is_the_configuration(bucket: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CONFIG_VARIABLE, f"{bucket}#config/{DIGEST}.yaml")

    (group,) = configured_groups(open_store)

    assert group.name == "shop"
    assert group.sites[0].keys == Path("/function/keys")


def test_other_bytes_under_its_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    url = f"file://{tmp_path}/other"
    open_store(url).put_if_absent(f"config/{DIGEST}.yaml", DATA + b"\n# ours now")
    monkeypatch.setenv(CONFIG_VARIABLE, f"{url}#config/{DIGEST}.yaml")

    with pytest.raises(ConfigError, match="its SHA-256 is another"):
        configured_groups(open_store)


@pytest.mark.parametrize("key", ["", "#", "#config/groups.yaml", "#config/" + "0" * 63 + ".yaml", "#../a.yaml"])
def test_an_object_that_is_not_named_by_its_digest_is_refused(bucket: str, key: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CONFIG_VARIABLE, f"{bucket}{key}")

    with pytest.raises(ConfigError, match="SHA256"):
        configured_groups(open_store)


def test_one_that_is_not_there_is_said_to_be_missing(bucket: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CONFIG_VARIABLE, f"{bucket}#config/{'0' * 64}.yaml")

    with pytest.raises(StandbyError, match="is not in file://"):
        configured_groups(open_store)


def test_a_file_is_a_configuration_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "groups.yaml").write_bytes(DATA)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "groups.yaml"))

    (group,) = configured_groups(open_store)

    assert group.sites[0].keys == tmp_path / "keys"
