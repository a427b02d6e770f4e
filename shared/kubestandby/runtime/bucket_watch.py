"""Notices new objects in folders that are buckets. What they mean is the relay's business."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from watchfiles import Change, watch

from kubestandby.adapters.file_store import FileStore
from kubestandby.runtime.bucket_poll import Found

_LOG = logging.getLogger(__name__)
_LOOK_MILLISECONDS = 250
_SETTLE_MILLISECONDS = 50
_STEP_MILLISECONDS = 10
_POLL_MILLISECONDS = 500
_AGAIN_SECONDS = 2.0
_CHECK_EVERY = 20
"""Empty looks between two checks that the folders are still the ones that are watched."""


class BucketWatch:
    """Watches the folders of file buckets, by the kernel's notifications, or by polling where there are none."""

    def __init__(self, stores: Iterable[FileStore], found: Found) -> None:
        # Not Path.resolve, which raises where links lead in a circle.
        self._stores = {Path(os.path.realpath(store.root)): store for store in stores}
        self._found = found
        self._stop = threading.Event()
        self._watching = threading.Event()
        self._poll = False
        self._thread = threading.Thread(target=self._run, name="bucket-watch", daemon=True)

    def start(self, seconds: float = 10.0) -> None:
        """Starts watching and waits until it does: an object that is created from now on is noticed."""
        self._thread.start()
        if self._stores:
            self._watching.wait(seconds)

    def stop(self) -> None:
        """Stops watching."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            folders = self._folders()
            try:
                self._watch(folders)
            except (OSError, RuntimeError) as error:
                # Out of inotify watches, or a file system without notifications.
                _LOG.warning("watch_failed", extra={"reason": str(error), "polling": True})
                self._poll = True
                self._stop.wait(_AGAIN_SECONDS)

    def _watch(self, folders: dict[Path, int]) -> None:
        """Watches until a folder has appeared, gone or been replaced."""
        if not folders:
            self._stop.wait(_AGAIN_SECONDS)
            return
        quiet_looks = 0
        for changes in self._changes(folders):
            self._watching.set()
            for change, path in changes:
                if change is not Change.deleted:
                    self._on_path(Path(path))
            quiet_looks = 0 if changes else quiet_looks + 1
            if quiet_looks >= _CHECK_EVERY:
                quiet_looks = 0
                if self._folders() != folders:
                    return

    def _changes(self, folders: dict[Path, int]) -> Iterator[set[tuple[Change, str]]]:
        return watch(
            *folders,
            watch_filter=None,
            debounce=_SETTLE_MILLISECONDS,
            step=_STEP_MILLISECONDS,
            rust_timeout=_LOOK_MILLISECONDS,
            yield_on_timeout=True,
            stop_event=self._stop,
            force_polling=self._poll or None,
            poll_delay_ms=_POLL_MILLISECONDS,
            ignore_permission_denied=True,
            raise_interrupt=False,
        )

    def _folders(self) -> dict[Path, int]:
        """The folders that there are, made where they can be, with their inodes."""
        folders = {}
        for root in self._stores:
            try:
                root.mkdir(mode=0o700, parents=True, exist_ok=True)
                folders[root] = root.stat().st_ino
            except OSError as error:
                _LOG.warning("bucket_unreachable", extra={"folder": str(root), "reason": error.strerror})
        return folders

    def _on_path(self, path: Path) -> None:
        """A file is an object; a new folder may hold some that came before it was watched."""
        if path.is_dir():
            for folder, _, names in os.walk(path):
                for name in names:
                    self._on_file(Path(folder, name))
        else:
            self._on_file(path)

    def _on_file(self, path: Path) -> None:
        for root, store in self._stores.items():
            if path.is_relative_to(root):
                self._found(store.url, path.relative_to(root).as_posix())
