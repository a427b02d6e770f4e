"""A bucket in a folder (`file:///absolute/path`): the embedded default, and what the tests run on.

An object is written to a file aside, forced to disk and then linked to its name: the link is made once or not at all,
so a reader sees the whole object or none, and of any number of writers exactly one wins. Needs a file system with hard
links (all local ones of Linux, NFS). Folders are 0700 and files 0600, because raw snapshots hold Secrets.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from kubestandby.adapters.store_urls import check_key
from kubestandby.errors import (
    ConfigError,
    ObjectExistsError,
    ObjectMissingError,
    ObjectTooLargeError,
    StoreError,
    StoreUnavailableError,
)

_ASIDE = ".writing"
"""Where objects are written before they get their name. A crash may leave a file here, which no reader ever sees."""

_ABANDONED_SECONDS = 24 * 3600
_COPY_BYTES = 1024 * 1024
_PASSING = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EBUSY, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_NEXT_STEPS = {
    errno.ENOSPC: "free space on that file system or enlarge it, then run this again",
    errno.EDQUOT: "free space under the quota or raise it, then run this again",
    errno.EACCES: "give the user that runs kubestandby read and write permission on that folder",
    errno.EPERM: "use a folder on a file system with hard links, owned by the user that runs kubestandby",
    errno.EROFS: "mount that file system writable, or configure another folder",
    errno.ENOTDIR: "a part of that path is a file where a folder is needed: remove it or configure another folder",
    errno.EISDIR: "there is a folder where an object is needed: remove it or configure another folder",
    errno.ENAMETOOLONG: "configure a folder with a shorter path",
}


class FileStore:
    """One folder as a bucket; implements `ports.ObjectStore`. Safe for any number of threads and processes."""

    def __init__(self, url: str) -> None:
        """Opens the bucket; the folder is made by the first write.

        Raises:
            ConfigError: the URL is not `file:///absolute/path`.
        """
        self._url = url
        self._root = _root(url)

    @property
    def url(self) -> str:
        """The bucket's URL, as in the configuration."""
        return self._url

    @property
    def root(self) -> Path:
        """The bucket's folder."""
        return self._root

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        """Creates the object whole or not at all; see `ports.ObjectStore`."""
        target = self._path(key)
        source = BytesIO(data) if isinstance(data, bytes) else data
        with self._explained("write", target):
            if target.exists():
                raise ObjectExistsError(f"{self._name(key)} exists already")
            _make_folders(target.parent)
            with self._written_aside(source) as aside:
                self._link(aside, target, key)
            _force_folder(target.parent)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """The whole object; see `ports.ObjectStore`."""
        with self.open(key, max_bytes=max_bytes) as stream, self._explained("read", self._path(key)):
            return stream.read()

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        """A stream of the object; see `ports.ObjectStore`."""
        path = self._path(key)
        with self._explained("read", path):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            except FileNotFoundError:
                raise ObjectMissingError(f"{self._name(key)} does not exist") from None
            stream = os.fdopen(descriptor, "rb")
            try:
                self._check_size(key, os.fstat(descriptor), max_bytes)
            except BaseException:
                stream.close()
                raise
            return stream

    def list(self, prefix: str) -> Sequence[str]:
        """All keys that start with the prefix, sorted; see `ports.ObjectStore`."""
        folder, _, _ = prefix.rpartition("/")
        if prefix:
            _check_key(prefix.removesuffix("/"))
        start = self._root / folder
        with self._explained("list", start):
            if self._root.exists() and not self._root.is_dir():
                raise _not_a_folder(self._root)
            return sorted(key for key in self._keys(start, f"{folder}/" if folder else "") if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Removes the object; no error where there is none."""
        path = self._path(key)
        with self._explained("delete", path):
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        _check_key(key)
        return self._root / key

    def _name(self, key: str) -> str:
        return f"object {key} in {self._url}"

    def _check_size(self, key: str, status: os.stat_result, max_bytes: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{self._name(key)} is not a regular file; remove it or configure another folder")
        if status.st_size > max_bytes:
            raise ObjectTooLargeError(f"{self._name(key)} has {status.st_size} bytes; the limit is {max_bytes}")

    def _keys(self, folder: Path, prefix: str) -> Iterator[str]:
        try:
            entries = list(os.scandir(folder))
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if prefix or entry.name != _ASIDE:
                    yield from self._keys(folder / entry.name, f"{prefix}{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                yield prefix + entry.name

    @contextmanager
    def _written_aside(self, source: BinaryIO) -> Iterator[Path]:
        """The bytes in a file of their own, forced to disk; it is gone afterwards, whatever happens."""
        aside = self._root / _ASIDE
        _make_folders(aside)
        descriptor, name = tempfile.mkstemp(dir=aside)
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                _drop_abandoned(aside, os.fstat(stream.fileno()).st_mtime)
                shutil.copyfileobj(source, stream, _COPY_BYTES)
                stream.flush()
                os.fsync(stream.fileno())
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _link(self, aside: Path, target: Path, key: str) -> None:
        try:
            os.link(aside, target)
        except FileExistsError:
            raise ObjectExistsError(f"{self._name(key)} exists already") from None

    @contextmanager
    def _explained(self, verb: str, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            kind = StoreUnavailableError if error.errno in _PASSING else StoreError
            cause = (error.strerror or str(error)).lower()
            step = _NEXT_STEPS.get(error.errno or 0, "check that file system and the folder's path")
            raise kind(f"store {self._url} cannot {verb} {path}: {cause}; {step}") from error


def _root(url: str) -> Path:
    parts = urlsplit(url)
    path = unquote(parts.path)
    well_formed = parts.scheme == "file" and parts.netloc in ("", "localhost") and path.startswith("/")
    if not well_formed or parts.query or parts.fragment or "\0" in path or ".." in Path(path).parts:
        raise ConfigError(f"store {url!r} is not a folder's URL; write it as file:///absolute/path")
    return Path(path)


def _check_key(key: str) -> None:
    """Keys stay inside the folder, whoever chose them."""
    check_key(key)
    if key.partition("/")[0] == _ASIDE:
        raise StoreError(f"{key[:200]!r} is not an object's key: {_ASIDE} is where objects are written before they are")


def _make_folders(folder: Path) -> None:
    """Makes the folder and its parents, private ones, and forces their names to disk."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _force_folder(folder.parent)
    if not folder.is_dir():
        raise _not_a_folder(folder)


def _not_a_folder(path: Path) -> OSError:
    return NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def _force_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _drop_abandoned(aside: Path, now: float) -> None:
    """Removes what crashed writers left behind; `now` is the file system's own time."""
    for entry in os.scandir(aside):
        with suppress(FileNotFoundError):
            if now - entry.stat(follow_symlinks=False).st_mtime > _ABANDONED_SECONDS:
                Path(entry.path).unlink()
