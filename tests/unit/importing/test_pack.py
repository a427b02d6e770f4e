"""`kubestandby pack`: a folder that kubectl takes in the order of names, whole or not at all."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubestandby import manifest_yaml
from kubestandby.archive import ArchiveBuilder, member_path
from kubestandby.cli.packing import Unseal, pack
from kubestandby.errors import BadInputError, IntegrityError
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshots import ManifestEntry, SnapshotId, SnapshotObject, Stage
from tests.fakes.keys import add_sealed, sealer
from tests.unit.cli.world import WEST, World, config_map, index_of
from tests.unit.importing.importing import deployment, of_kind

INDEX = replace(index_of(SnapshotId(1, 1), Stage.SANITIZED), namespaces=("base", "shop"))
SEALED = of_kind("v1", "Secret", "till", type="Opaque", sealed="AAAA")
PLURALS = {"Namespace": "namespaces", "Ingress": "ingresses", "IngressClass": "ingressclasses"}


def stored(manifest: Manifest) -> SnapshotObject:
    ref = ObjectRef.of(manifest)
    plural = PLURALS.get(ref.gvk.kind, f"{ref.gvk.kind.lower()}s")
    return SnapshotObject(ManifestEntry(ref=ref, path=member_path(ref, plural), sha256="", size=0), manifest)


def packed(folder: Path, *manifests: Manifest, unseal: Unseal | None = None) -> list[str]:
    pack(INDEX, (stored(manifest) for manifest in manifests), folder, unseal)
    return files(folder)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_are_in_the_order_in_which_they_have_to_be_applied(tmp_path: Path) -> None:
    found = packed(
        tmp_path / "out",
        of_kind("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "guard", ""),
        of_kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "geese.example.com", ""),
        of_kind("apps/v1", "Deployment", "web"),
        of_kind("example.com/v1", "Goose", "gus"),
        of_kind("policy/v1", "PodDisruptionBudget", "web"),
        of_kind("rbac.authorization.k8s.io/v1", "ClusterRole", "system:reader", ""),
        of_kind("rbac.authorization.k8s.io/v1", "RoleBinding", "web"),
        of_kind("v1", "ConfigMap", "prices"),
        of_kind("v1", "ConfigMap", "prices", "base"),
        of_kind("v1", "Namespace", "shop", ""),
        of_kind("v1", "Pod", "lone"),
        of_kind("v1", "Service", "web"),
        of_kind("v1", "ServiceAccount", "web"),
    )
    assert found == [
        "00000-namespaces/shop.yaml",
        "00001-definitions/geese.example.com.yaml",
        "00002-cluster/clusterroles.rbac.authorization.k8s.io/system%3Areader.yaml",
        "00010-base/02-configmaps.core/prices.yaml",
        "00011-shop/00-serviceaccounts.core/web.yaml",
        "00011-shop/01-rolebindings.rbac.authorization.k8s.io/web.yaml",
        "00011-shop/02-configmaps.core/prices.yaml",
        "00011-shop/03-services.core/web.yaml",
        "00011-shop/05-gooses.example.com/gus.yaml",
        "00011-shop/06-deployments.apps/web.yaml",
        "00011-shop/06-pods.core/lone.yaml",
        "00011-shop/07-poddisruptionbudgets.policy/web.yaml",
        "99999-admission/validatingwebhookconfigurations.admissionregistration.k8s.io/guard.yaml",
        "README.txt",
    ]


def test_a_namespace_that_the_index_does_not_name_comes_after_the_others(tmp_path: Path) -> None:
    assert packed(tmp_path / "out", of_kind("v1", "ConfigMap", "a", "other"))[0].startswith("00012-other/")


def test_files_hold_the_manifests_in_canonical_form_and_are_private(tmp_path: Path) -> None:
    packed(tmp_path / "deep" / "out", config_map("prices", tea="on"))
    file = tmp_path / "deep" / "out" / "00011-shop" / "02-configmaps.core" / "prices.yaml"
    assert manifest_yaml.parse(file.read_bytes(), "f") == config_map("prices", tea="on")
    for path in (tmp_path / "deep" / "out").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "deep" / "out").stat().st_mode) == 0o700


def test_sealed_secrets_stay_sealed_in_files_that_kubectl_does_not_read(tmp_path: Path) -> None:
    assert packed(tmp_path / "out", SEALED) == ["00011-shop/02-secrets.core/till.yaml.sealed", "README.txt"]
    assert (
        "Sealed, in files *.yaml.sealed that kubectl does not read: 1 Secret."
        in (tmp_path / "out" / "README.txt").read_text()
    )


def test_a_key_opens_sealed_secrets(tmp_path: Path) -> None:
    def unseal(manifest: Manifest) -> Manifest:
        return {name: value for name, value in manifest.items() if name != "sealed"} | {"stringData": {"code": "1"}}

    assert packed(tmp_path / "out", SEALED, unseal=unseal) == ["00011-shop/02-secrets.core/till.yaml", "README.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(packed(tmp_path / "out", deployment("web"))) == 2


@pytest.mark.parametrize("make", [lambda out: (out / "sub").mkdir(parents=True), lambda out: out.write_text("x")])
def test_nothing_is_written_over(tmp_path: Path, make: Any) -> None:
    make(tmp_path / "out")
    with pytest.raises(BadInputError, match="is not an empty folder"):
        packed(tmp_path / "out", deployment("web"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_link_to_an_empty_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "there")
    with pytest.raises(BadInputError, match="is not an empty folder"):
        packed(tmp_path / "out", deployment("web"))


def test_damage_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    def damaged() -> Iterator[SnapshotObject]:
        yield stored(deployment("web"))
        raise IntegrityError("damaged")

    with pytest.raises(IntegrityError):
        pack(INDEX, damaged(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInputError, match="cannot be written"):
        packed(tmp_path / "file" / "out", deployment("web"))


def test_the_newest_sanitized_snapshot_is_packed(command_world: World, tmp_path: Path) -> None:
    command_world.crossed("1-1")
    command_world.crossed("1-2")

    ran = command_world.run("pack", "shop", "--to", str(tmp_path / "out"))

    assert (ran.exit_code, ran.stdout) == (0, f"snapshot 1-2, sanitized: 1 object in {tmp_path}/out\n")
    assert files(tmp_path / "out") == ["00010-shop/02-configmaps.core/settings.yaml", "README.txt"]


def test_a_raw_snapshot_is_packed_by_its_number(command_world: World, tmp_path: Path) -> None:
    command_world.crossed("1-1")
    command_world.snapshot("1-2")
    told = command_world.json("pack", "shop", "1-2", "--stage", "raw", "--to", str(tmp_path / "out"))
    assert (told["id"], told["stage"], told["objects"], told["sealed"]) == ("1-2", "raw", 1, 0)
    note = (tmp_path / "out" / "README.txt").read_text()
    assert "to apply a snapshot, pack its sanitized stage" in note
    assert "kubectl apply" not in note


def with_a_sealed_secret(world: World) -> None:
    sealing, number = sealer("shop", "6f1c-uid"), SnapshotId(1, 1)
    with ArchiveBuilder() as builder:
        add_sealed(builder, sealing, [of_kind("v1", "Secret", "till", data={"code": "MTIz"}), config_map("a")])
        archive = builder.finish()
        index = replace(
            index_of(number, Stage.SANITIZED),
            entries=archive.entries,
            content_sha256=archive.content_sha256,
            archive_sha256=archive.sha256,
            archive_size=archive.size,
            sealing=sealing.close(number),
        )
        world.snapshots(WEST).commit(index, archive)


def test_without_a_key_sealed_secrets_are_left_and_told(command_world: World, tmp_path: Path) -> None:
    with_a_sealed_secret(command_world)
    ran = command_world.run("pack", "shop", "--to", str(tmp_path / "out"))
    assert (ran.exit_code, ran.stdout) == (0, f"snapshot 1-1, sanitized: 1 object in {tmp_path}/out\n")
    assert ran.stderr == "warning: 1 Secret left sealed, in files *.yaml.sealed; --key opens\n"
    assert "MTIz" not in "".join(path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file())


@pytest.mark.parametrize("key", ["sites/west/unseal.age", "sites/east/unseal.age"])
def test_with_a_key_the_values_are_in_the_files(command_world: World, tmp_path: Path, key: str) -> None:
    with_a_sealed_secret(command_world)
    file = str(command_world.folder / "keys" / key)
    told = command_world.json("pack", "shop", "--to", str(tmp_path / "out"), "--key", file)
    assert (told["objects"], told["sealed"]) == (2, 0)
    secret = tmp_path / "out" / "00010-shop" / "02-secrets.core" / "till.yaml"
    assert manifest_yaml.parse(secret.read_bytes(), "f")["data"] == {"code": "MTIz"}


def test_a_key_that_is_none_is_told_and_nothing_is_written(command_world: World, tmp_path: Path) -> None:
    with_a_sealed_secret(command_world)
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    ran = command_world.run("pack", "shop", "--to", str(tmp_path / "out"), "--key", str(tmp_path / "key"))
    assert "is not a file of age keys" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_snapshot_is_not_packed(command_world: World, tmp_path: Path) -> None:
    command_world.crossed("1-1")
    archive = command_world.folder / WEST / "data" / "sanitized" / "shop" / "1-1" / "snapshot.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")

    ran = command_world.run("pack", "shop", "--to", str(tmp_path / "out"))

    assert ran.exit_code == 1
    assert "error: " in ran.stderr
    assert not (tmp_path / "out").exists()
