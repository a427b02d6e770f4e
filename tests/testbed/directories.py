"""Private temporary directories that do not outlive their owner for long.

Each one holds a lock file that its owner keeps locked. The kernel frees the
lock when the owner ends, however it ends, so that a directory without a locked
file is known to be left over. (A recorded process id would not do: ids are
reused, and mean nothing in another container that shares the directory.)
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TextIO

from tests.testbed.errors import TestbedError
from tests.testbed.locks import locked

OWNER_LOCK = "owner.lock"


def base_directory() -> Path:
    """Where all directories of this user lie.

    Raises:
        TestbedError: Somebody else owns the place.
    """
    base = Path(tempfile.gettempdir()) / f"kubestandby-testbed-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    status = base.lstat()
    if base.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise TestbedError(f"{base} must be a directory that only you can enter; remove it, or set TMPDIR.")
    return base


class OwnedDirectory:
    """A new directory that this process owns until it removes it or ends."""

    def __init__(self, name: str) -> None:
        """Creates the directory, and sweeps those whose owners are gone.

        Args:
            name: What the name of the directory starts with.
        """
        base = base_directory()
        # Under this lock nobody sees a new directory before its owner has locked it.
        with locked(base / ".lock"):
            sweep(base)
            self.path = Path(tempfile.mkdtemp(dir=base, prefix=f"{name}-"))
            self._lock = _lock_file(self.path)
            # Also removes it at the end of the process, if that comes by an exception in an awkward moment.
            self._removal = weakref.finalize(self, _remove, self.path, self._lock)

    def remove(self) -> None:
        """Removes the directory with all it holds; another time does nothing."""
        self._removal()

    def disown(self) -> None:
        """Gives the directory up without removing it, as a violent end of the process would."""
        self._removal.detach()
        self._lock.close()


def sweep(base: Path) -> None:
    """Removes the directories whose owners are gone."""
    for path in base.iterdir():
        if path.is_dir() and not is_owned(path):
            # Whatever still resists is left for the next sweep.
            shutil.rmtree(path, ignore_errors=True)


def is_owned(directory: Path) -> bool:
    """Whether the process that created this directory still lives and wants it."""
    try:
        with (directory / OWNER_LOCK).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def wait_for_owner_to_end(directory: Path) -> None:
    """Returns when the owner of this directory has given it up or ended."""
    try:
        with (directory / OWNER_LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
    except FileNotFoundError:
        return


def _remove(directory: Path, lock: TextIO) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    lock.close()


def _lock_file(directory: Path) -> TextIO:
    file = (directory / OWNER_LOCK).open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file
