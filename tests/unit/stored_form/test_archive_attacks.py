"""Archives that are not what their index says: each is one `IntegrityError`, and costs no more than was declared."""

import gzip
import hashlib
import io
import resource
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubestandby import tar_form
from kubestandby.archive import Limits, check_archive, check_index, content_digest, read_archive
from kubestandby.errors import FormatError, IntegrityError
from kubestandby.manifest_yaml import emit
from kubestandby.snapshots import ManifestEntry, SnapshotIndex
from tests.unit.stored_form.samples import built, config_map, index_of


@pytest.fixture
def good() -> Iterator[tuple[bytes, SnapshotIndex]]:
    with built() as archive:
        yield archive.stream.read(), index_of(archive)


def reading(data: bytes, index: SnapshotIndex) -> list[Any]:
    check_index(index)
    return list(read_archive(io.BytesIO(data), index))


def checking(data: bytes, index: SnapshotIndex) -> None:
    check_index(index)
    check_archive(io.BytesIO(data), index)


def refused(data: bytes, index: SnapshotIndex, match: str = ".") -> None:
    with pytest.raises(IntegrityError, match=match):
        checking(data, index)
    with pytest.raises(IntegrityError, match=match):
        reading(data, index)


def with_entries(index: SnapshotIndex, entries: Iterable[ManifestEntry]) -> SnapshotIndex:
    entries = tuple(entries)
    return replace(index, entries=entries, content_sha256=content_digest(entries))


def forged(*members: tuple[str, dict[str, Any], bytes]) -> bytes:
    """A tar file as an attacker would make it, with Python's tarfile."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.USTAR_FORMAT) as tar:
        for name, changes, content in members:
            info = tarfile.TarInfo(name)
            info.mode, info.size = 0o600, len(content)
            for field, value in changes.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(content) if content else None)
    return target.getvalue()


def test_truncation_at_any_byte_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good

    for length in range(len(data)):
        refused(data[:length], index)


def test_truncation_of_the_tar_inside_an_intact_gzip_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    tar = gzip.decompress(data)

    for length in range(0, len(tar), 128):
        refused(gzip.compress(tar[:length], mtime=0), index)


def test_flipping_any_bit_of_the_archive_is_found_or_changes_nothing(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    expected = reading(data, index)

    for place in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[place] ^= 1 << bit
            try:
                assert reading(bytes(flipped), index) == expected
            except IntegrityError:
                continue


def test_flipping_any_byte_of_the_tar_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    tar = gzip.decompress(data)

    for place in range(len(tar)):
        flipped = tar[:place] + bytes([tar[place] ^ 1]) + tar[place + 1 :]
        with pytest.raises(IntegrityError):
            check_archive(io.BytesIO(gzip.compress(flipped, 0, mtime=0)), index)


def test_member_too_few_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    with built(config_map("a", key="1"), config_map("b", key="2")) as fewer:
        refused(fewer.stream.read(), good[1], "not what its index says")


def test_last_member_cut_off_at_its_boundary_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    tar = gzip.decompress(data)
    last = index.entries[-1]
    cut = tar[: -tar_form.stored_size(last.path, last.size) - len(tar_form.END)] + tar_form.END

    refused(gzip.compress(cut, mtime=0), index, "the archive ends where shop/configmaps.core/b.yaml should")


def test_member_too_many_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good

    refused(data, with_entries(index, index.entries[:-1]), "does not end where its index says")
    refused(data, with_entries(index, index.entries[1:]), "not what its index says")


def test_swapped_members_are_found(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    first, second, third = index.entries

    refused(data, with_entries(index, (first, third, second)), "twice or not in order")


def test_members_of_another_snapshot_are_found(good: tuple[bytes, SnapshotIndex]) -> None:
    with built(config_map("a", key="9"), config_map("b", key="2")) as other:
        data = other.stream.read()
    with built(config_map("a", key="1"), config_map("b", key="2")) as mine:
        refused(data, index_of(mine), "another digest")


def test_duplicate_member_is_found(good: tuple[bytes, SnapshotIndex]) -> None:
    content = emit(config_map("a", key="1"))
    name = "shop/configmaps.core/a.yaml"
    with built(config_map("a", key="1")) as archive:
        index = index_of(archive)

    refused(forged((name, {}, content), (name, {}, content)), index, "does not end")
    refused(forged((name, {}, content)), with_entries(index, index.entries * 2), "twice")


def test_forged_archives_below_differ_from_ours_only_in_what_they_are_about() -> None:
    with built(config_map("a", key="1")) as archive:
        ours = gzip.decompress(archive.stream.read())

    theirs = gzip.decompress(forged(("shop/configmaps.core/a.yaml", {}, emit(config_map("a", key="1")))))

    assert theirs.rstrip(b"\0") == ours.rstrip(b"\0")


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("shop/configmaps.core/a.yaml", {"type": tarfile.SYMTYPE, "linkname": "/etc/shadow"}, "a symbolic link"),
        ("shop/configmaps.core/a.yaml", {"type": tarfile.LNKTYPE, "linkname": "../x"}, "a hard link"),
        ("shop/configmaps.core/a.yaml", {"type": tarfile.DIRTYPE}, "a directory"),
        ("shop/configmaps.core/a.yaml", {"type": tarfile.CHRTYPE}, "a device"),
        ("shop/configmaps.core/a.yaml", {"type": tarfile.FIFOTYPE}, "a member"),
        ("shop/configmaps.core/a.yaml", {"type": tarfile.GNUTYPE_SPARSE}, "a member"),
        ("/shop/configmaps.core/a.yaml", {}, "'/shop/configmaps.core/a.yaml'"),
        ("../shop/configmaps.core/a.yaml", {}, "'../shop/configmaps.core/a.yaml'"),
        ("shop/configmaps.core/../a.yaml", {}, "stands where shop/configmaps.core/a.yaml should"),
        ("shop/configmaps.core/a.yaml", {"mode": 0o4755}, "not what its index says"),
        ("shop/configmaps.core/a.yaml", {"uid": 1000}, "not what its index says"),
    ],
)
def test_foreign_member_is_named(name: str, changes: dict[str, Any], said: str) -> None:
    content = emit(config_map("a", key="1"))
    with built(config_map("a", key="1")) as archive:
        index = index_of(archive)

    refused(forged((name, changes, content)), index, said)


@pytest.mark.parametrize(
    "path",
    [
        "/shop/configmaps.core/a.yaml",
        "../configmaps.core/a.yaml",
        "shop/../a.yaml",
        "shop/configmaps.core/../a.yaml",
        "shop//a.yaml",
        "shop/configmaps.core/b.yaml",
        "other/configmaps.core/a.yaml",
        "shop/secrets.apps/a.yaml",
        "shop/.core/a.yaml",
        "a.yaml",
        "",
        "shop/configmaps.core/a.yaml\0",
        "shop/configmaps.core/A.yaml",
    ],
)
def test_index_with_a_path_that_is_not_the_objects_own_is_refused(path: str) -> None:
    with built(config_map("a", key="1")) as archive:
        index = index_of(archive)
    changed = with_entries(index, [replace(index.entries[0], path=path)])

    with pytest.raises(IntegrityError, match=r"path that is not that of its object|twice or not in order"):
        check_index(changed)


@pytest.mark.parametrize(
    "extra", [b"\0", b"x", bytes(512), gzip.compress(b"more", mtime=0), gzip.compress(b"", mtime=0)]
)
def test_bytes_after_the_end_are_found(good: tuple[bytes, SnapshotIndex], extra: bytes) -> None:
    data, index = good

    refused(data + extra, index, "bytes after its end")


def test_archive_split_over_two_gzip_members_is_refused(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good
    tar = gzip.decompress(data)

    refused(gzip.compress(tar[:512], mtime=0) + gzip.compress(tar[512:]), index)


class Drip(io.BytesIO):
    """Gives one byte at a time, as a slow store may."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(1, size or 0))


def test_archive_that_comes_byte_by_byte_is_read_alike(good: tuple[bytes, SnapshotIndex]) -> None:
    data, index = good

    assert list(read_archive(Drip(data), index)) == reading(data, index)
    with pytest.raises(IntegrityError, match="bytes after its end"):
        check_archive(Drip(data + b"x"), index)


@pytest.mark.parametrize("extra", [bytes(512), bytes(9216), b"x"])
def test_tar_that_goes_on_after_its_end_is_found(good: tuple[bytes, SnapshotIndex], extra: bytes) -> None:
    data, index = good

    refused(gzip.compress(gzip.decompress(data) + extra), index, "does not end where")


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b", b"not gzip at all", b"PK\x03\x04" * 100, bytes(1000)])
def test_what_is_no_gzip_is_refused(good: tuple[bytes, SnapshotIndex], data: bytes) -> None:
    refused(data, good[1])


def holding(content: bytes) -> tuple[bytes, SnapshotIndex]:
    """An archive of one member whose digest is right, whatever it holds."""
    with built(config_map("a", key="1")) as archive:
        index = index_of(archive)
    entry = replace(index.entries[0], size=len(content), sha256=hashlib.sha256(content).hexdigest())
    tar = tar_form.header(entry.path, entry.size) + content + tar_form.padding(entry.size) + tar_form.END
    return gzip.compress(tar, mtime=0), with_entries(index, [entry])


@pytest.mark.parametrize("manifest", [{"metadata": "none"}, {}, config_map("b"), config_map("a", "elsewhere")])
def test_member_that_does_not_hold_its_object_is_refused(manifest: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="holds another object than ConfigMap shop/a"):
        reading(*holding(emit(manifest)))


def test_member_that_is_no_canonical_manifest_is_refused() -> None:
    with pytest.raises(FormatError, match=r"shop/configmaps.core/a.yaml is not canonical YAML"):
        reading(*holding(b"apiVersion: &a v1\nkind: ConfigMap\n"))


@pytest.mark.parametrize(
    ("limits", "change"),
    [
        (Limits(objects=2), {}),
        (Limits(object_bytes=50), {}),
        (Limits(unpacked_bytes=100), {}),
        (Limits(archive_bytes=100), {}),
        (Limits(), {"archive_size": -1}),
        (Limits(), {"content_sha256": "0" * 64}),
    ],
)
def test_index_beyond_the_limits_is_refused_before_anything_is_read(limits: Limits, change: dict[str, Any]) -> None:
    with built() as archive, pytest.raises(IntegrityError):
        check_index(replace(index_of(archive), **change), limits)


@pytest.mark.parametrize("size", [-1, -512, 2**40, 2**63])
def test_index_with_an_impossible_size_is_refused(size: int) -> None:
    with built() as archive:
        index = index_of(archive)
        entries = [replace(index.entries[0], size=size), *index.entries[1:]]

        with pytest.raises(IntegrityError, match="bytes for ClusterRole"):
            check_index(with_entries(index, entries))


def bombs() -> dict[str, Callable[[bytes], bytes]]:
    gigabyte = 1024**3
    return {
        "after the end": lambda tar: squeezed(tar, gigabyte),
        "instead of the content": lambda tar: squeezed(tar[:512], gigabyte),
        "instead of the tar": lambda _: squeezed(b"", gigabyte),
    }


def squeezed(start: bytes, zeros: int) -> bytes:
    """A gzip file of about a thousandth of what it unpacks to."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1) as packed:
        packed.write(start)
        block = bytes(16 * 1024 * 1024)
        for _ in range(zeros // len(block)):
            packed.write(block)
    return target.getvalue()


@pytest.mark.parametrize("kind", sorted(bombs()))
def test_bomb_costs_neither_memory_nor_time(good: tuple[bytes, SnapshotIndex], kind: str) -> None:
    data, index = good
    bomb = bombs()[kind](gzip.decompress(data))
    memory, started = peak_kib(), time.process_time()

    refused(bomb, index)

    assert peak_kib() - memory < 32 * 1024
    assert time.process_time() - started < 1


def peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_an_integrity_error_and_nothing_else(data: st.DataObject) -> None:
    with built() as archive:
        stored, index = bytearray(archive.stream.read()), index_of(archive)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(stored) - 1))
        stored[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))

    try:
        reading(bytes(stored), index)
    except IntegrityError:
        return
    assert len(reading(bytes(stored), index)) == 3
