import errno
import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kubestandby.adapters import file_store
from kubestandby.adapters.file_store import FileStore
from kubestandby.adapters.stores import open_store
from kubestandby.errors import ConfigError, ObjectExistsError, StoreError, StoreUnavailableError

RACE = """
import sys
from kubestandby.adapters.file_store import FileStore
from kubestandby.errors import ObjectExistsError
store = FileStore(sys.argv[1])
sys.stdin.read()
for attempt in range(20):
    try:
        store.put_if_absent(f"race/{attempt}", sys.argv[2].encode() * 100_000)
        print(attempt, flush=True)
    except ObjectExistsError:
        pass
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(f"file://{tmp_path}/bucket")


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def test_files_and_folders_are_private(store: FileStore) -> None:
    store.put_if_absent("raw/shop/1-1/index.json", b"{}")

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [store.root, *store.root.rglob("*")]}

    assert set(modes.values()) == {0o700, 0o600}
    assert all(mode == 0o700 for path, mode in modes.items() if path.is_dir())


def test_nothing_but_the_object_is_left_behind(store: FileStore) -> None:
    store.put_if_absent("a/b", b"1")
    with pytest.raises(ObjectExistsError):
        store.put_if_absent("a/b", b"2")

    assert files_below(store.root) == ["a/b"]


@pytest.mark.parametrize("call", ["fsync", "link"])
@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (errno.ENOSPC, StoreError, "no space left on device; free space"),
        (errno.EDQUOT, StoreError, "quota exceeded; free space under the quota"),
        (errno.EROFS, StoreError, "read-only file system; mount that file system writable"),
        (errno.EACCES, StoreError, "permission denied; give the user"),
        (errno.EPERM, StoreError, "not permitted; use a folder on a file system with hard links"),
        (errno.EIO, StoreUnavailableError, "input/output error"),
    ],
)
def test_failing_disk_is_one_clear_error_and_leaves_nothing(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, call: str, number: int, kind: type[StoreError], said: str
) -> None:
    store.put_if_absent("a/first", b"good")

    with monkeypatch.context() as broken:
        broken.setattr(os, call, raising(OSError(number, os.strerror(number))))
        with pytest.raises(StoreError) as caught:
            store.put_if_absent("a/second", b"x")

    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert f"{store.root}/a/second" in str(caught.value)
    assert files_below(store.root) == ["a/first"]


def test_object_linked_although_the_reply_was_an_error_is_whole(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_if_absent("a/first", b"good")
    with monkeypatch.context() as broken:
        broken.setattr(file_store, "_force_folder", raising(OSError(errno.EIO, "injected")))
        with pytest.raises(StoreUnavailableError):
            store.put_if_absent("a/second", b"whole")

    assert store.get("a/second", max_bytes=10) == b"whole"
    assert files_below(store.root) == ["a/first", "a/second"]


def test_full_file_system_is_one_clear_error(tmp_path: Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", mount]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        store = FileStore(f"file://{mount}/bucket")
        store.put_if_absent("a/small", b"x")

        with pytest.raises(StoreError, match="no space left on device; free space"):
            store.put_if_absent("a/large", io.BytesIO(b"x" * 1_000_000))

        assert files_below(mount) == ["bucket/a/small"]
        assert store.get("a/small", max_bytes=1) == b"x"
    finally:
        subprocess.run(["umount", mount], check=True)


def test_folder_that_may_not_be_written_is_one_clear_error(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_if_absent("a/first", b"good")
    store.root.chmod(0o500)
    if os.geteuid() == 0:  # root may write everywhere: let the kernel's answer to others stand in
        monkeypatch.setattr("tempfile.mkstemp", raising(PermissionError(errno.EACCES, "Permission denied")))

    with pytest.raises(StoreError, match="permission denied; give the user that runs kubestandby"):
        store.put_if_absent("b/second", b"x")

    store.root.chmod(0o700)
    assert [name for name in files_below(store.root) if "first" not in name] == []


@pytest.mark.parametrize("operation", ["put", "get", "list"])
def test_file_where_a_folder_is_needed_is_one_clear_error(tmp_path: Path, operation: str) -> None:
    (tmp_path / "bucket").write_text("a file")
    store = FileStore(f"file://{tmp_path}/bucket")
    calls = {
        "put": lambda: store.put_if_absent("a/b", b""),
        "get": lambda: store.get("a/b", max_bytes=1),
        "list": lambda: store.list("a/"),
    }

    with pytest.raises(StoreError, match="not a directory; a part of that path is a file"):
        calls[operation]()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a/",
        ".",
        "..",
        "a\0b",
        "a\nb",
        ".writing/x",
        "k" * 1025,
    ],
)
def test_key_that_leaves_the_folder_is_refused_by_every_call(store: FileStore, key: str) -> None:
    for call in (
        lambda: store.put_if_absent(key, b""),
        lambda: store.get(key, max_bytes=1),
        lambda: store.open(key, max_bytes=1),
        lambda: store.delete(key),
    ):
        with pytest.raises(StoreError, match="is not an object's key"):
            call()


def test_prefix_that_leaves_the_folder_is_refused(store: FileStore) -> None:
    with pytest.raises(StoreError, match="is not an object's key"):
        store.list("../")


def test_part_of_a_key_too_long_for_the_file_system_is_one_clear_error(store: FileStore) -> None:
    with pytest.raises(StoreError, match="file name too long"):
        store.put_if_absent("a" * 300, b"")


def test_symbolic_links_in_the_folder_are_not_followed(store: FileStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    store.put_if_absent("a/real", b"real")
    (store.root / "a/link").symlink_to(tmp_path / "secret")
    (store.root / "away").symlink_to(tmp_path)

    assert list(store.list("")) == ["a/real"]
    with pytest.raises(StoreError):
        store.get("a/link", max_bytes=100)


def test_what_is_no_regular_file_is_not_read(store: FileStore) -> None:
    store.put_if_absent("a/real", b"real")
    os.mkfifo(store.root / "a/pipe")

    with pytest.raises(StoreError, match="not a regular file"):
        store.get("a/pipe", max_bytes=100)


def test_leftovers_of_a_crashed_writer_are_never_listed_and_go_in_time(store: FileStore) -> None:
    store.put_if_absent("a/first", b"1")
    old, young = store.root / ".writing/old", store.root / ".writing/young"
    for leftover in (old, young):
        leftover.write_text("half")
    os.utime(old, (0, 0))

    assert list(store.list("")) == ["a/first"]
    store.put_if_absent("a/second", b"2")

    assert not old.exists()
    assert young.exists()


def test_of_many_processes_exactly_one_wins(store: FileStore) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, store.url, chr(ord("a") + number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(16)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.close()
    wins: dict[str, list[int]] = {}
    for number, process in enumerate(processes):
        assert process.stdout
        for attempt in process.stdout.read().split():
            wins.setdefault(attempt, []).append(number)
        process.stdout.close()
        assert process.wait(timeout=60) == 0

    assert sorted(wins, key=int) == [str(attempt) for attempt in range(20)]
    for attempt, winners in wins.items():
        content = store.get(f"race/{attempt}", max_bytes=100_000)
        assert content == bytes([ord("a") + winners[0]]) * 100_000
        assert len(winners) == 1
    assert len(files_below(store.root)) == 20


@pytest.mark.parametrize("url", ["file:///var/lib/x", "file://localhost/var/lib/x", "file:///var/lib/with%20space"])
def test_folder_url_opens_a_store(url: str) -> None:
    assert open_store(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "file://relative/x",
        "file:x",
        "file://",
        "file:///x?y=1",
        "file:///x#y",
        "file:///x%00y",
        "file:///a/../b",
        "file://./x",
    ],
)
def test_malformed_folder_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"file:///absolute/path"):
        open_store(url)


@pytest.mark.parametrize("url", ["", "/var/lib/x", "ftp://x", "file", "://x"])
def test_unknown_kind_of_store_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="of no known kind"):
        open_store(url)
