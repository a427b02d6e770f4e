import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubestandby import archive as archive_module
from kubestandby.archive import ArchiveBuilder, member_path, read_archive
from kubestandby.errors import FormatError, StoreError
from kubestandby.resources import GVK, ObjectRef
from kubestandby.spool import new_spool
from tests.unit.stored_form.samples import built, cluster_role, config_map, index_of, three_objects

ROLE = GVK("rbac.authorization.k8s.io", "v1", "ClusterRole")
CONFIG_MAP = GVK("", "v1", "ConfigMap")


@pytest.mark.parametrize(
    ("ref", "plural", "path"),
    [
        (ObjectRef(CONFIG_MAP, "shop", "settings"), "configmaps", "shop/configmaps.core/settings.yaml"),
        (ObjectRef(GVK("apps", "v1", "Deployment"), "shop", "web"), "deployments", "shop/deployments.apps/web.yaml"),
        (
            ObjectRef(ROLE, "", "system:Reader"),
            "clusterroles",
            "_cluster/clusterroles.rbac.authorization.k8s.io/system%3A%52eader.yaml",
        ),
        (ObjectRef(CONFIG_MAP, "_cluster", "a_b~ü"), "configmaps", "%5Fcluster/configmaps.core/a%5Fb%7E%C3%BC.yaml"),
        (ObjectRef(CONFIG_MAP, "..", "../../etc"), "configmaps", "%2E./configmaps.core/%2E.%2F..%2Fetc.yaml"),
    ],
)
def test_path_of_a_member(ref: ObjectRef, plural: str, path: str) -> None:
    assert member_path(ref, plural) == path


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1), st.text(min_size=1, max_size=300))
def test_no_two_names_share_a_file_even_where_case_is_ignored(one: str, other: str) -> None:
    paths = {member_path(ObjectRef(CONFIG_MAP, "shop", name), "configmaps").lower() for name in {one, other}}

    assert len(paths) == len({one, other})


@given(st.text(min_size=1), st.text(min_size=1))
def test_every_path_is_relative_and_stays_inside(namespace: str, name: str) -> None:
    parts = member_path(ObjectRef(CONFIG_MAP, namespace, name), "configmaps").split("/")

    assert len(parts) == 3
    assert not any(part in ("", ".", "..") or "\0" in part for part in parts)


def test_name_too_long_for_a_file_ends_in_its_digest() -> None:
    name = "a" * 253
    file = member_path(ObjectRef(CONFIG_MAP, "shop", name), "configmaps").rpartition("/")[2]
    other = member_path(ObjectRef(CONFIG_MAP, "shop", name[:-1] + "b"), "configmaps").rpartition("/")[2]

    assert len(file) <= 255
    assert file != other


def test_objects_come_back_in_order_of_their_paths() -> None:
    with built() as archive:
        objects = list(read_archive(archive.stream, index_of(archive)))

    assert [object_.entry.path for object_ in objects] == [
        "_cluster/clusterroles.rbac.authorization.k8s.io/reader.yaml",
        "shop/configmaps.core/a.yaml",
        "shop/configmaps.core/b.yaml",
    ]
    assert sorted(map(str, (object_.manifest for object_ in objects))) == sorted(map(str, three_objects()))


def test_same_objects_in_any_order_give_the_same_bytes() -> None:
    with built(*three_objects()) as one, built(*reversed(three_objects())) as other:
        assert one.stream.read() == other.stream.read()
        assert (one.entries, one.sha256, one.content_sha256, one.size) == (
            other.entries,
            other.sha256,
            other.content_sha256,
            other.size,
        )


def test_another_value_gives_another_content_digest() -> None:
    with built(config_map(key="1")) as one, built(config_map(key="2")) as other:
        assert one.content_sha256 != other.content_sha256


def test_empty_archive_is_an_archive() -> None:
    with ArchiveBuilder() as builder:
        archive = builder.finish()

        assert list(read_archive(archive.stream, index_of(archive))) == []


def test_spools_on_disk_give_the_same_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    with built() as in_memory:
        expected = in_memory.stream.read()
    monkeypatch.setattr(archive_module, "new_spool", lambda: new_spool(memory_bytes=1))

    with built() as on_disk:
        assert on_disk.stream.read() == expected


def test_archive_of_many_pieces_comes_back_whole() -> None:
    manifests = [config_map(f"n{number:03}", key=str(number) * 50_000) for number in range(40)]

    with built(*manifests) as archive:
        assert [object_.manifest for object_ in read_archive(archive.stream, index_of(archive))] == manifests


def test_python_and_gnu_tar_unpack_it(tmp_path: Path) -> None:
    long_name = "a" * 200
    with built(config_map(long_name, key="1"), config_map("b", key="y"), cluster_role("system:Reader")) as archive:
        data = archive.stream.read()
        paths = [entry.path for entry in archive.entries]

    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == paths
        assert {(m.mode, m.uid, m.gid, m.mtime, m.isreg()) for m in tar.getmembers()} == {(0o600, 0, 0, 0, True)}
    (tmp_path / "snapshot.tar.gz").write_bytes(data)
    subprocess.run([shutil.which("tar") or "tar", "xzf", "snapshot.tar.gz"], cwd=tmp_path, check=True, timeout=60)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.yaml")) == sorted(paths)
    assert yaml.safe_load((tmp_path / "shop/configmaps.core/b.yaml").read_text()) == config_map("b", key="y")


def test_same_object_twice_is_refused() -> None:
    with ArchiveBuilder() as builder:
        builder.add(ObjectRef.of(config_map()), "configmaps", config_map(key="1"))

        with pytest.raises(FormatError, match=r"ConfigMap shop/settings cannot be added .* already"):
            builder.add(ObjectRef.of(config_map()), "configmaps", config_map(key="2"))


def test_manifest_of_another_object_is_refused() -> None:
    with ArchiveBuilder() as builder, pytest.raises(FormatError, match="that of another object"):
        builder.add(ObjectRef.of(config_map("a")), "configmaps", config_map("b"))


def test_manifest_that_cannot_be_written_is_refused_without_its_data() -> None:
    with ArchiveBuilder() as builder, pytest.raises(FormatError, match="ConfigMap shop/settings cannot be stored") as e:
        builder.add(ObjectRef.of(config_map()), "configmaps", config_map(password="hunter2\ud800"))

    assert "hunter2" not in str(e.value)


def test_full_temporary_folder_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "new_spool", lambda: new_spool(memory_bytes=1))
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115 - the spool closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)

    with ArchiveBuilder() as builder, pytest.raises(StoreError, match=r"temporary folder .* no space left.*TMPDIR"):
        builder.add(ObjectRef.of(config_map()), "configmaps", config_map(key="value"))
