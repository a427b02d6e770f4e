"""Clusters that cannot be read and stores that cannot be written."""

from pathlib import Path
from typing import Any

import pytest

from tests.bad_input.conftest import Run, Shop

pytestmark = pytest.mark.clusters


def assert_last_good_snapshot_is_intact(shop: Shop) -> None:
    assert [snapshot["id"] for snapshot in shop.snapshots() if snapshot["complete"]] == ["1-1"]
    assert shop.run("verify", shop.namespace, "1-1").status == 0
    assert shop.run("restore", shop.namespace, "1-1").status == 0
    assert shop.greeting_on_standby() == "first"


def export(shop: Shop) -> Run:
    shop.edit("second")
    return shop.run("run", shop.namespace)


def test_unreachable_primary_is_named_and_the_last_snapshot_stays(crossed: Shop) -> None:
    def to_a_dead_port(kubeconfig: dict[str, Any]) -> None:
        kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"

    crossed.spec["sites"]["east"]["cluster"]["kubeconfig"] = crossed.kubeconfig(crossed.primary, to_a_dead_port)

    done = export(crossed)

    assert done.status == 1
    assert "127.0.0.1:9" in done.error
    assert_last_good_snapshot_is_intact(crossed)


def test_wrong_context_is_named_beside_those_that_exist_and_mending_it_is_enough(shop: Shop) -> None:
    right = shop.spec["sites"]["west"]["cluster"]["context"]
    shop.spec["sites"]["west"]["cluster"]["context"] = "nowhere"

    broken = shop.run("run", shop.namespace)
    shop.spec["sites"]["west"]["cluster"]["context"] = right
    mended = shop.run("run", shop.namespace)

    assert broken.status == 1
    assert "no context 'nowhere'" in broken.error
    assert right in broken.error
    assert mended.status == 0, mended.stderr
    assert shop.greeting_on_standby() == "first"


def test_missing_kubeconfig_is_named(shop: Shop) -> None:
    shop.spec["sites"]["east"]["cluster"]["kubeconfig"] = str(shop.folder / "gone")

    done = shop.run("run", shop.namespace)

    assert done.status == 1
    assert str(shop.folder / "gone") in done.error


def test_refused_credentials_are_named_and_never_shown(crossed: Shop) -> None:
    def with_an_old_token(kubeconfig: dict[str, Any]) -> None:
        kubeconfig["users"][0]["user"] = {"token": "expired-token-4711"}

    crossed.spec["sites"]["east"]["cluster"]["kubeconfig"] = crossed.kubeconfig(crossed.primary, with_an_old_token)

    done = export(crossed)

    assert done.status == 1
    assert "401" in done.error or "credentials" in done.error
    assert "4711" not in done.stdout + done.stderr
    assert_last_good_snapshot_is_intact(crossed)


def test_a_type_that_may_not_be_listed_makes_the_snapshot_incomplete(crossed: Shop) -> None:
    namespace = crossed.namespace
    crossed.primary.kubectl("create", "serviceaccount", "blind", "-n", namespace)
    crossed.primary.kubectl(
        "create",
        "clusterrolebinding",
        f"blind-{namespace}",
        "--clusterrole=view",
        f"--serviceaccount={namespace}:blind",
    )
    token = crossed.primary.kubectl("create", "token", "blind", "-n", namespace)

    def as_the_blind(kubeconfig: dict[str, Any]) -> None:
        kubeconfig["users"][0]["user"] = {"token": token}

    crossed.spec["sites"]["east"]["cluster"]["kubeconfig"] = crossed.kubeconfig(crossed.primary, as_the_blind)
    try:
        done = export(crossed)
    finally:
        crossed.primary.kubectl("delete", "clusterrolebinding", f"blind-{namespace}")

    assert done.status == 1
    assert "NeedsPrivilege" in done.error
    assert f"list secrets in {namespace}" in done.error
    assert "an administrator applies" in done.error
    assert "secrets" in crossed.run("show", namespace, "1-2", "--stage", "raw").stdout
    newest = next(snapshot for snapshot in crossed.snapshots() if snapshot["id"] == "1-2")
    assert not newest["complete"]
    assert crossed.greeting_on_standby() == "first"
    assert_last_good_snapshot_is_intact(crossed)


def test_unknown_namespace_is_named_and_nothing_is_written(shop: Shop) -> None:
    shop.spec["namespaces"] = [shop.namespace, "no-such-namespace"]

    done = shop.run("run", shop.namespace)

    assert done.status == 1
    assert "no-such-namespace" in done.error
    assert shop.snapshots() == []


def test_empty_namespace_crosses_as_such(shop: Shop) -> None:
    shop.primary.kubectl("-n", shop.namespace, "delete", "configmap/web", "secret/web")

    done = shop.run("run", shop.namespace)

    assert done.status == 0, done.stderr
    shop.standby.kubectl("get", "namespace", shop.namespace)


def test_store_that_cannot_be_written_is_named(crossed: Shop) -> None:
    (crossed.folder / "a-file").write_text("not a folder")
    crossed.spec["sites"]["east"]["data"] = f"file://{crossed.folder}/a-file/data"

    done = export(crossed)

    assert done.status == 1
    assert "a-file" in done.error
    assert crossed.greeting_on_standby() == "first"


def test_restore_onto_the_source_itself_is_refused(shop: Shop) -> None:
    shop.spec["sites"]["west"]["cluster"] = dict(shop.spec["sites"]["east"]["cluster"])

    done = shop.run("run", shop.namespace)

    assert done.status == 64
    assert "spec.sites.west.cluster: the same cluster as that of east" in done.error


def test_restore_onto_the_source_under_another_context_is_refused(shop: Shop) -> None:
    def under_another_name(kubeconfig: dict[str, Any]) -> None:
        kubeconfig["contexts"][0]["name"] = "alias"

    alias = shop.kubeconfig(shop.primary, under_another_name)
    shop.spec["sites"]["west"]["cluster"] = {"kubeconfig": alias, "context": "alias"}

    done = shop.run("run", shop.namespace)

    assert done.status == 1
    assert "own source" in done.error


def test_damaged_archive_is_found_and_the_one_before_it_restores(crossed: Shop) -> None:
    crossed.edit("second")
    assert crossed.run("run", crossed.namespace).status == 0
    archive = next(Path(crossed.folder).glob("west/data/sanitized/*/1-2/snapshot.tar.gz"))
    whole = archive.read_bytes()

    for damage in ("truncated", "flipped", "gone"):
        _damage(archive, bytearray(whole), damage)

        verified = crossed.run("verify", crossed.namespace, "1-2")
        refused = crossed.run("restore", crossed.namespace, "1-2")

        assert verified.status == 1, damage
        assert "1-2" in verified.stdout + verified.stderr, damage
        assert refused.status == 1, damage
        assert crossed.greeting_on_standby() == "second", damage
    assert crossed.run("restore", crossed.namespace, "1-1").status == 0
    assert crossed.greeting_on_standby() == "first"


def _damage(archive: Path, data: bytearray, damage: str) -> None:
    archive.unlink()
    if damage == "truncated":
        archive.write_bytes(data[: len(data) // 2])
    if damage == "flipped":
        data[len(data) // 2] ^= 1
        archive.write_bytes(data)
