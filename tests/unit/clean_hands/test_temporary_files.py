"""Temporary files: nobody else can look into them, they go, and what a kill has left goes with the next start."""

import os
import stat
import tempfile
import time
from pathlib import Path

import pytest

from kubestandby.adapters.abandoned import sweep
from kubestandby.adapters.key_folder import create_folder
from kubestandby.cli.packing import pack
from kubestandby.layout import Action
from kubestandby.snapshots import Stage
from kubestandby.spool import new_spool
from tests.fakes.keys import key_bundle
from tests.unit.runtime.world import SHOP, World

LONG_AGO = time.time() - 3 * 3600


def left_behind(parent: Path, name: str, *, modified: float = LONG_AGO) -> Path:
    folder = parent / name
    folder.mkdir(parents=True)
    (folder / "secret").write_text("hunter2")
    os.utime(folder, (modified, modified))
    return folder


def test_a_spool_on_disk_has_no_name_and_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with new_spool(memory_bytes=1) as spool:
        spool.write(b"more than fits into memory")
        status = os.fstat(spool.fileno())

        assert list(tmp_path.iterdir()) == []
        assert (status.st_nlink, stat.S_IMODE(status.st_mode) & 0o077) == (0, 0)


def test_a_small_spool_touches_no_disk() -> None:
    with new_spool() as spool:
        spool.write(b"x" * 1_000_000)
        assert spool._rolled is False  # type: ignore[attr-defined]


def test_what_is_old_and_ours_is_swept_and_nothing_else(tmp_path: Path) -> None:
    left_behind(tmp_path, "ours-old")
    kept = [
        left_behind(tmp_path, "ours-new", modified=time.time()),
        left_behind(tmp_path, "theirs-old"),
        left_behind(tmp_path / "elsewhere", "a"),
    ]
    link = tmp_path / "ours-link"
    link.symlink_to(kept[2])
    os.utime(link, (LONG_AGO, LONG_AGO), follow_symlinks=False)

    sweep(tmp_path, "ours-", older_than_seconds=3600)

    assert {path.name for path in tmp_path.iterdir()} == {"ours-new", "theirs-old", "elsewhere", "ours-link"}
    assert (kept[2] / "secret").exists()


def test_sweeping_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    sweep(tmp_path / "none", "ours-", older_than_seconds=1)


def test_half_made_keys_go_with_the_next_making(tmp_path: Path) -> None:
    left_behind(tmp_path, ".kubestandby-keys-abcd1234")

    create_folder(tmp_path / "keys", key_bundle())

    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_a_half_packed_snapshot_goes_with_the_next_packing(tmp_path: Path) -> None:
    world = World()
    world.do("east", Action.EXPORT)
    index = world.snapshots("west").newest(Stage.SANITIZED, SHOP)
    assert index is not None
    left_behind(tmp_path, ".kubestandby-pack-abcd1234")

    pack(index, (), tmp_path / "packed")

    assert [path.name for path in tmp_path.iterdir()] == ["packed"]
    assert stat.S_IMODE((tmp_path / "packed").stat().st_mode) == 0o700
