"""The demo's private folder."""

from pathlib import Path

import pytest

from kubestandby.adapters.group_file import load_groups
from kubestandby.adapters.stores import open_store
from kubestandby.cli.demo.workspace import PRIMARY_SITE, STANDBY_SITE, Workspace
from kubestandby.errors import StoreError
from kubestandby.groups import ClusterAccess, RestoreMode
from kubestandby.resources import GVK, ObjectRef


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made = Workspace()
    made.write_kubeconfig(b"secret")
    standby = ClusterAccess(kubeconfig=tmp_path / "west", context="w")
    named = [ObjectRef(GVK("", "v1", "PersistentVolume"), "", "v"), ObjectRef(GVK("apps.io", "v1", "Realm"), "", "r")]
    made.write_config("shop", ["shop-data", "shop"], standby, RestoreMode.WARM, named)
    return made


def test_the_configuration_that_it_writes_is_one_that_we_read(workspace: Workspace) -> None:
    (group,) = load_groups(workspace.config)

    assert group.namespaces == ("shop-data", "shop")
    assert (group.primary, group.standby) == (PRIMARY_SITE, STANDBY_SITE)
    assert [(one.kind, one.name) for one in group.include] == [("PersistentVolume", "v"), ("Realm.apps.io", "r")]
    assert group.site(STANDBY_SITE).cluster.context == "w"
    assert group.site(PRIMARY_SITE).cluster.kubeconfig == workspace.kubeconfig


def test_nobody_else_may_read_it(workspace: Workspace) -> None:
    assert workspace.folder.stat().st_mode & 0o077 == 0
    assert workspace.kubeconfig.stat().st_mode & 0o077 == 0
    assert (workspace.folder / "webhook.secret").stat().st_mode & 0o077 == 0


def test_a_lost_store_is_an_error_to_read_and_to_write_and_not_an_empty_bucket(workspace: Workspace) -> None:
    store = open_store((workspace.store(PRIMARY_SITE) / "data").as_uri())
    store.put_if_absent("a", b"1")

    workspace.lose_store(PRIMARY_SITE)

    with pytest.raises(StoreError, match="cannot list"):
        store.list("raw/")
    with pytest.raises(StoreError, match="cannot write"):
        store.put_if_absent("b", b"2")


def test_nothing_of_it_is_left(workspace: Workspace) -> None:
    (workspace.store(PRIMARY_SITE) / "data").mkdir(parents=True)
    workspace.lose_store(PRIMARY_SITE)

    workspace.remove()

    assert not workspace.folder.exists()
