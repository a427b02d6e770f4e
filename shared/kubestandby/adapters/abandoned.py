"""Private folders that a process made for a while, and that it could not remove because it was killed."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path


def sweep(parent: Path, prefix: str, *, older_than_seconds: float) -> None:
    """Removes this user's folders whose names begin so and that nothing was put into for so long.

    Whoever makes such folders calls this first: nobody else knows how long one is in use.
    """
    now = time.time()
    with suppress(OSError):
        for folder in parent.iterdir():
            if folder.name.startswith(prefix):
                _remove(folder, now - older_than_seconds)


def _remove(folder: Path, before: float) -> None:
    with suppress(OSError):
        found = folder.lstat()
        if found.st_uid == os.getuid() and found.st_mtime < before and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)
