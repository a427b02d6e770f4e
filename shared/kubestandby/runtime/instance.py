"""One set of functions per configuration and machine: the lock that says so, and where they can be reached.

Kept in `$XDG_STATE_HOME/kubestandby` (default `~/.local/state/kubestandby`), in a folder per configuration file.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import BinaryIO

from kubestandby import codec
from kubestandby.errors import ConfigError, FormatError, StandbyError

_TRIES = 10
_PAUSE_SECONDS = 0.02
_STATE_VARIABLE = "XDG_STATE_HOME"


class AlreadyRunningError(StandbyError):
    """The functions of this configuration run on this machine already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpInfo:
    """Functions that are running.

    Attributes:
        pid: the process that keeps them running.
        urls: where each function answers; the export function's is the webhook's URL.
        log: the file that they log to.
    """

    pid: int
    config: str
    urls: Mapping[str, str]
    log: str


class Instance:
    """Holds the lock of a configuration; given back when this process ends, however it does."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._folder = _folder(config)
        self._lock: BinaryIO | None = None

    @property
    def log(self) -> Path:
        """The file that the functions of this configuration log to."""
        return self._folder / "functions.log"

    def take(self) -> None:
        """Takes the lock.

        Raises:
            AlreadyRunningError: another process has it.
            ConfigError: the state folder cannot be used.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self._folder / "lock").open("ab")
        except OSError as error:
            raise ConfigError(
                f"{self._folder} cannot be used ({error.strerror}); set {_STATE_VARIABLE} to a folder of yours"
            ) from error
        if not _lock_soon(lock):
            lock.close()
            raise AlreadyRunningError(_already(self._config))
        self._lock = lock

    def announce(self, urls: Mapping[str, str]) -> UpInfo:
        """Writes down where the functions are."""
        info = UpInfo(pid=os.getpid(), config=str(self._config.resolve()), urls=dict(urls), log=str(self.log))
        aside = self._folder / "up.json.new"
        aside.write_bytes(codec.encode(info))
        aside.replace(self._folder / "up.json")
        return info

    def give_back(self) -> None:
        """Gives the lock back."""
        if self._lock is not None:
            (self._folder / "up.json").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None


def running(config: Path) -> UpInfo | None:
    """The functions of this configuration that run on this machine; None: nobody runs them, or they are not up yet."""
    folder = _folder(config)
    try:
        with (folder / "lock").open("rb") as lock:
            if _lock(lock, fcntl.LOCK_SH):
                return None
        return codec.decode((folder / "up.json").read_bytes(), UpInfo, "up.json")
    except (OSError, FormatError):
        return None


def _lock_soon(file: BinaryIO) -> bool:
    """Tries a few times: somebody who only looks (`running`) holds the lock for a moment too."""
    for _ in range(_TRIES):
        if _lock(file, fcntl.LOCK_EX):
            return True
        sleep(_PAUSE_SECONDS)
    return False


def _lock(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _already(config: Path) -> str:
    info = running(config)
    who = f" (process {info.pid})" if info else ""
    return f"the functions of {config} run on this machine already{who}; use them, or stop them first"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        # A user without an entry in the password file, as in some containers.
        return Path(tempfile.gettempdir()) / f"kubestandby-{os.getuid()}"


def _folder(config: Path) -> Path:
    state = os.environ.get(_STATE_VARIABLE, "")
    base = Path(state) if state and Path(state).is_absolute() else _home() / ".local" / "state"
    name = hashlib.sha256(os.fsencode(config.resolve())).hexdigest()[:16]
    return base / "kubestandby" / name
