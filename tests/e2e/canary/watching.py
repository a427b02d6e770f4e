"""Looks at processes and temporary files while they are there: what is gone in the end may have been seen."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.e2e.canary.canaries import Finder, Sighting, read

_EVERY_SECONDS = 0.02


class Watcher:
    """Watches every process that has this temporary folder in its environment, and the folder; a context manager.

    Attributes:
        sightings: canaries in arguments, environments and temporary files.
        exposed: temporary files and folders that others may look into.
        seen: how many processes were looked at.
    """

    def __init__(self, finder: Finder, temporary: Path, allowed: dict[str, str]) -> None:
        """`allowed`: a variable that may hold a canary, by the word in the arguments of whom it is for."""
        self.sightings: dict[tuple[str, str], Sighting] = {}
        self.exposed: set[str] = set()
        self.seen: set[int] = set()
        self._finder = finder
        self._temporary = temporary
        self._allowed = allowed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            for process in Path("/proc").glob("[0-9]*"):
                self._look_at(process)
            self._look_at_files()

    def _look_at(self, process: Path) -> None:
        environment = read(process / "environ")
        if str(self._temporary).encode() not in environment or int(process.name) == os.getpid():
            return
        arguments = read(process / "cmdline")
        self.seen.add(int(process.name))
        told = arguments.replace(b"\0", b" ").decode(errors="replace")
        kept = b"\0".join(entry for entry in environment.split(b"\0") if not self._may_have(entry, told))
        self._add(f"arguments of {told[:200]}", arguments)
        self._add(f"environment of {told[:200]}", kept)

    def _may_have(self, entry: bytes, told: str) -> bool:
        name = entry.partition(b"=")[0].decode(errors="replace")
        return name in self._allowed and any(word in told for word in self._allowed[name].split("|"))

    def _look_at_files(self) -> None:
        for file in self._temporary.rglob("*"):
            with suppress(OSError):
                if file.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not file.is_symlink():
                    self.exposed.add(f"{file}: {oct(file.lstat().st_mode)}")
            self._add(str(file), read(file))

    def _add(self, where: str, data: bytes) -> None:
        for one in self._finder.sightings(where, data):
            self.sightings.setdefault((one.where, one.encoding), one)
