"""Files, folders, archives and streams: what is read of them, in which order, and what is refused."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubestandby.adapters.manifest_files.sources import FileLimits, ManifestFile, SourceReader
from tests.unit.importing.archives import manifest, member, tar, tar_gz


def reader(stdin: bytes = b"", **limits: int) -> SourceReader:
    return SourceReader(io.BytesIO(stdin), FileLimits(**limits))


def read(*sources: object, stdin: bytes = b"", **limits: int) -> list[ManifestFile]:
    reads = reader(stdin, **limits)
    found = list(reads.files([str(source) for source in sources]))
    assert reads.problems == []
    return found


def problems(*sources: object, stdin: bytes = b"", **limits: int) -> list[str]:
    reads = reader(stdin, **limits)
    list(reads.files([str(source) for source in sources]))
    return reads.problems


def names(files: list[ManifestFile]) -> list[str]:
    return [file.name for file in files]


def put(path: Path, data: bytes = b"a: 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def with_field(archive: bytes, at: int, field: bytes) -> bytes:
    """With another field in its first header, and the right checksum over it."""
    header = bytearray(archive[:512])
    header[at : at + len(field)] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + archive[512:]


def test_a_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    file = put(tmp_path / "manifests.txt", b"a: 1\n")
    assert read(file) == [ManifestFile(str(file), b"a: 1\n")]


def test_standard_input_is_read(tmp_path: Path) -> None:
    assert read("-", stdin=b"a: 1\n") == [ManifestFile("stdin", b"a: 1\n")]


def test_a_folder_is_read_with_the_folders_in_it_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yml", "a/c.json", "notes.md", ".git/config.yaml", "a/.hidden.yaml"):
        put(tmp_path / name)
    found = [Path(name).relative_to(tmp_path).as_posix() for name in names(read(tmp_path))]
    assert found == ["a/c.json", "a/z.yml", "b.yaml"]


def test_a_link_to_a_file_is_followed_and_one_to_a_folder_is_not(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "a.yaml")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yaml").symlink_to(tmp_path / "elsewhere" / "a.yaml")
    (folder / "loop").symlink_to(folder)
    assert names(read(folder)) == [str(folder / "a.yaml")]


def test_archives_in_a_folder_are_named_to_be_given_themselves(tmp_path: Path) -> None:
    archive = put(tmp_path / "old" / "backup.tar.gz", tar_gz(member("a.yaml", manifest("a"))))
    (problem,) = problems(tmp_path)
    assert problem.endswith(f"holds no file *.yaml, *.yml or *.json; name the archives in it, such as {archive}")


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"PK\x03\x04", "a zip archive"),
        (bz2.compress(b"a: 1\n"), "packed with bzip2"),
        (lzma.compress(b"a: 1\n"), "packed with xz"),
    ],
    ids=["zip", "bzip2", "xz"],
)
def test_an_archive_of_another_form_is_named_as_what_it_is(tmp_path: Path, start: bytes, form: str) -> None:
    file = put(tmp_path / "manifests", start + b"\0" * 40)
    assert problems(file) == [f"{file}: {form}, which is not read here; unpack it and give the folder"]


def test_a_secret_that_pack_left_sealed_is_not_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "a.yaml")
    sealed = put(tmp_path / "b.yaml.sealed")
    packed = put(tmp_path / "packed.gz", tar_gz(member("c.yaml", manifest("c")), member("d.yaml.sealed", b"a: 1\n")))

    told = "a Secret that `kubestandby pack` left sealed; pack again with --key, or leave the file out"
    assert problems(tmp_path) == problems(sealed) == [f"{sealed}: {told}"]
    assert problems(packed) == [f"{packed}!d.yaml.sealed: {told}"]


def test_what_macos_puts_beside_files_of_an_archive_is_passed_over(tmp_path: Path) -> None:
    beside = member("./shop/._a.yaml", b"\0\5\x16\7\0")
    archive = put(tmp_path / "mac.tgz", tar_gz(beside, member("./shop/a.yaml", manifest("a"))))
    assert names(read(archive)) == [f"{archive}!shop/a.yaml"]


def velero_backup() -> dict[str, bytes]:
    """As of format 1.1, with all versions that the cluster served (Velero's feature EnableAPIGroupVersions)."""
    autoscalers = "resources/horizontalpodautoscalers.autoscaling"
    return {
        "metadata/version": b"1.1.0\n",
        f"{autoscalers}/namespaces/shop/web.json": b'{"a": 2}',
        f"{autoscalers}/v1/namespaces/shop/web.json": b'{"a": 1}',
        f"{autoscalers}/v2-preferredversion/namespaces/shop/web.json": b'{"a": 2}',
        "resources/namespaces/cluster/shop.json": b"{}",
        "resources/namespaces/v1-preferredversion/cluster/shop.json": b"{}",
    }


def test_of_a_velero_backup_each_object_is_read_once_in_the_version_that_was_preferred(tmp_path: Path) -> None:
    archive = put(tmp_path / "b.tar.gz", tar_gz(*(member(name, data) for name, data in velero_backup().items())))
    for name, data in velero_backup().items():
        put(tmp_path / "unpacked" / name, data)

    expected = [b'{"a": 2}', b"{}"]
    assert [file.data for file in read(archive)] == [file.data for file in read(tmp_path / "unpacked")] == expected


def test_a_folder_without_manifests_is_told(tmp_path: Path) -> None:
    put(tmp_path / "notes.md")
    assert problems(tmp_path) == [f"{tmp_path} holds no file *.yaml, *.yml or *.json; give a folder of manifests"]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    good = put(tmp_path / "good.yaml")
    reads = reader()
    found = list(reads.files([str(tmp_path / "none.yaml"), str(good)]))
    assert names(found) == [str(good)]
    assert reads.problems == [f"{tmp_path}/none.yaml cannot be read: no such file or directory"]


def test_a_device_is_refused() -> None:
    assert problems("/dev/zero") == ["/dev/zero is a device; give a file or a folder of manifests"]


def test_packed_manifests_are_unpacked(tmp_path: Path) -> None:
    file = put(tmp_path / "a.yaml.gz", gzip.compress(b"a: 1\n"))
    assert read(file)[0].data == b"a: 1\n"


def test_empty_files_are_noted(tmp_path: Path) -> None:
    reads = reader()
    assert list(reads.files([str(put(tmp_path / "a.yaml", b" \n"))])) == []
    assert reads.empty == [str(tmp_path / "a.yaml")]


@pytest.mark.parametrize("pack", [tar, tar_gz])
def test_an_archive_of_the_playbook_is_read_for_its_manifests(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    file = put(
        tmp_path / "k8s.gz",
        pack(
            member("./", type=tarfile.DIRTYPE),
            member("./shop/", type=tarfile.DIRTYPE),
            member("./shop/shop.yaml", b"a: 1\n"),
            member("./shop/web.deployments.yaml", b"b: 1\n"),
            member("./backup-operations.log", b"log"),
            member("./shop-reader.clusterrole.yaml", b"c: 1\n"),
        ),
    )
    found = names(read(file))
    assert found == [
        f"{file}!{name}" for name in ("shop/shop.yaml", "shop/web.deployments.yaml", "shop-reader.clusterrole.yaml")
    ]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_every_form_are_read(tmp_path: Path, form: int) -> None:
    name = f"shop/{'a' * 90}/{'b' * 90}.yaml"
    assert names(read(put(tmp_path / "a.tar", tar(member(name, b"a: 1\n"), form=form)))) == [f"{tmp_path}/a.tar!{name}"]


def test_names_beyond_ascii_are_read_from_pax_headers(tmp_path: Path) -> None:
    data = tar(member("shop/größe.yaml", b"a: 1\n"), form=tarfile.PAX_FORMAT)
    assert names(read(put(tmp_path / "a.tar", data))) == [f"{tmp_path}/a.tar!shop/größe.yaml"]


def test_members_keep_the_time_at_which_they_were_made(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(member("a.yaml", b"a: 1\n", mtime=1_760_000_000)))
    assert read(file)[0].modified == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_manifest_that_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    file = put(tmp_path / "a.tar", tar(member("a.yaml", type=kind, linkname="/etc/passwd")))
    assert problems(file) == [f"{file}!a.yaml is a link or a device; only plain files are read from an archive"]


def test_links_beside_the_manifests_are_passed_over(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(member("latest", type=tarfile.SYMTYPE, linkname="x"), member("a.yaml", b"a: 1")))
    assert names(read(file)) == [f"{file}!a.yaml"]


@pytest.mark.parametrize("name", ["/etc/a.yaml", "../a.yaml", "shop/../../a.yaml", "a/.."])
def test_a_member_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    file = put(tmp_path / "a.tar", tar(member(name, b"a: 1\n")))
    assert "whose name leads out of it" in problems(file)[0]


def test_a_member_whose_name_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(member("a\nerror: all is lost.yaml", b"a: 1\n")))
    assert "whose name is no text that can be shown" in problems(file)[0]


def test_a_member_without_a_size_is_refused(tmp_path: Path) -> None:
    data = tar(member("a.yaml", b"a: 1\n"))
    assert "a header has no size" in problems(put(tmp_path / "a.tar", with_field(data, 124, b"99999999999\0")))[0]


def test_data_that_is_passed_over_may_not_be_cut_off_either(tmp_path: Path) -> None:
    whole = tar(member("notes.txt", bytes(5000)))
    assert "in the middle of a member" in problems(put(tmp_path / "a.tar", whole[:1500]))[0]


def test_pax_records_that_are_damaged_say_nothing(tmp_path: Path) -> None:
    data = tar(member("x", b"nonsense", type=b"x"), member("a.yaml", b"a: 1\n"), form=tarfile.USTAR_FORMAT)
    assert names(read(put(tmp_path / "a.tar", data))) == [f"{tmp_path}/a.tar!a.yaml"]


def test_a_member_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(member("a.yaml", b"a: 1\n", type=b"S")))
    assert "a kind that is not read here" in problems(file)[0]


def test_an_archive_cut_between_two_members_is_refused(tmp_path: Path) -> None:
    whole = tar(member("a.yaml", b"a: 1\n"), member("b.yaml", b"b: 1\n"))
    assert "the end of the archive is missing" in problems(put(tmp_path / "a.tar", whole[:1024]))[0]


def test_an_archive_cut_inside_a_member_is_refused(tmp_path: Path) -> None:
    whole = tar(member("a.yaml", b"a: 1\n" * 500))
    assert "in the middle of a member" in problems(put(tmp_path / "a.tar", whole[:1500]))[0]


def test_a_damaged_header_is_refused(tmp_path: Path) -> None:
    whole = bytearray(tar(member("a.yaml", b"a: 1\n"), member("b.yaml", b"b: 1\n")))
    whole[1024] ^= 1
    assert "a header's checksum is wrong" in problems(put(tmp_path / "a.tar", bytes(whole)))[0]


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(tar_gz(member("a.yaml", os.urandom(5000).hex().encode())))
    packed[3000] ^= 0xFF
    assert "damaged" in problems(put(tmp_path / "a.gz", bytes(packed)))[0]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "a.yaml", b"a: 1\n" * 100)
    assert problems(file, file_bytes=499) == [f"{file}: more than 499 bytes; split the file"]
    assert problems(file, file_bytes=500) == []


def test_a_member_that_is_too_large_is_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(member("a.yaml", b"a: 1\n" * 100)))
    assert problems(file, file_bytes=499) == [f"{file}!a.yaml: more than 499 bytes; split the file"]


def test_a_bomb_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    file = put(tmp_path / "a.gz", tar_gz(member("notes.txt", bytes(50_000_000))))
    assert problems(file, total_bytes=1_000_000) == [
        f"{file}: more than 1000000 bytes in all; import the files in parts"
    ]


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    file = put(tmp_path / "a.tar", tar(*(member(f"{number}.yaml", b"a: 1\n") for number in range(3))))
    assert problems(file, files=2) == [f"{file}!2.yaml: more than 2 files; import them in parts"]


def test_a_header_of_a_long_name_cannot_claim_gigabytes(tmp_path: Path) -> None:
    data = tar(member("a.yaml", bytes(70_000), type=b"x"))
    assert "a name of more than 64 KiB" in problems(put(tmp_path / "a.tar", data))[0]


def test_sizes_in_binary_are_read(tmp_path: Path) -> None:
    data = with_field(tar(member("a.yaml", manifest("a"))), 124, b"\x80" + len(manifest("a")).to_bytes(11, "big"))
    assert read(put(tmp_path / "a.tar", data))[0].data == manifest("a")
