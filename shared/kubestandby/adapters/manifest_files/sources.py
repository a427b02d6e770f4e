"""Files, folders, archives and streams of manifests: what is read of them, and what is passed over.

Nothing is extracted to disk. A folder or an archive is read for its files `*.yaml`, `*.yml` and `*.json`, as
`kubectl apply --recursive` does; a file that is named is read whatever it is called. Passed over are the copies by
version of a Velero backup; refused are Secrets that `pack` left sealed, which would be missed without a word.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from kubestandby.adapters.manifest_files.plain_stream import Budget, PlainStream
from kubestandby.adapters.manifest_files.tar_members import BLOCK, Kind, Member, is_header, read_members
from kubestandby.errors import IntegrityError, ManifestError, next_step

STDIN = "-"
_EXTENSIONS = (".yaml", ".yml", ".json")
_SEALED = ".yaml.sealed"
_ARCHIVES = (".gz", ".tgz", ".tar", ".zip")
_OTHER_FORMS = {
    b"PK\x03\x04": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ\x00": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
}
"""What files of these forms begin with."""

_BESIDE = "._"
"""Where macOS puts attributes of a file into an archive, beside the file: `._web.yaml` (AppleDouble)."""

_VELERO_COPY = re.compile(r"(?:^|/)resources/[^/]+/v[0-9][^/]*/(?:namespaces|cluster)/")
"""In a Velero backup of format 1.1 every object is at `resources/<plural>.<group>/namespaces/...` or `.../cluster/...`,
in the version that the cluster preferred, and again below a folder for each version that was backed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """What a reader takes on at most. Sizes are in bytes, of what is plain after unpacking."""

    file_bytes: int = 64 * 1024 * 1024
    total_bytes: int = 2 * 1024**3
    files: int = 500_000


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file's bytes, and its name as messages tell it: `backup.gz!shop/web.deployments.yaml` within an archive.

    `modified` is there for members of archives alone: they keep the time at which they were made.
    """

    name: str
    data: bytes
    modified: datetime | None = None


class SourceReader:
    """Reads sources one after the other.

    Attributes:
        problems: what could not be read, one sentence each.
        empty: names of files that hold nothing: the playbook's script leaves one where kubectl failed.
    """

    def __init__(self, stdin: BinaryIO, limits: FileLimits | None = None) -> None:
        self._stdin = stdin
        self._limits = limits or FileLimits()
        self._budget = Budget(self._limits.total_bytes)
        self._files = 0
        self.problems: list[str] = []
        self.empty: list[str] = []

    def files(self, sources: Sequence[str]) -> Iterator[ManifestFile]:
        """Every file of all sources, in a fixed order; what cannot be read is noted, and the rest goes on."""
        for source in sources:
            for name in self._names(source):
                try:
                    with next_step("copy it again"):
                        yield from self._counted(self._open(name))
                except (ManifestError, IntegrityError) as error:
                    self.problems.append(str(error))
                except OSError as error:
                    error.filename = name
                    self._note(error)

    def _names(self, source: str) -> Iterator[str]:
        path = Path(source)
        if source == STDIN or not path.is_dir():
            yield source
            return
        found = self._files_below(path)
        names = [str(file) for file in found if _is_manifest(file.relative_to(path).as_posix())]
        if not names:
            self.problems.append(_holds_none(source, found))
        yield from names

    def _counted(self, files: Iterator[ManifestFile]) -> Iterator[ManifestFile]:
        for file in files:
            self._files += 1
            if self._files > self._limits.files:
                raise ManifestError(f"{file.name}: more than {self._limits.files} files; import them in parts")
            if file.data.strip():
                yield file
            else:
                self.empty.append(file.name)

    def _open(self, name: str) -> Iterator[ManifestFile]:
        if name == STDIN:
            yield from self._stream(self._stdin, "stdin")
            return
        _refuse_sealed(name)
        with Path(name).open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
                raise ManifestError(f"{name} is a device; give a file or a folder of manifests")
            yield from self._stream(stream, name)

    def _stream(self, stream: BinaryIO, name: str) -> Iterator[ManifestFile]:
        """What a stream holds, by its first bytes: an archive or manifests, packed or not."""
        plain = PlainStream(stream, name, self._budget)
        first = plain.read(BLOCK)
        if is_header(first):
            for member in read_members(first, plain.read, name):
                yield from self._member(member, f"{name}!{member.name}")
            return
        _refuse_other_form(first, name)
        yield ManifestFile(name, first + self._whole(plain, self._limits.file_bytes - len(first), name))

    def _member(self, member: Member, name: str) -> Iterator[ManifestFile]:
        if member.kind is Kind.FOLDER or not _is_manifest(member.name):
            return
        _refuse_sealed(name)
        if member.kind is not Kind.FILE:
            raise ManifestError(f"{name} is {member.kind.value}; only plain files are read from an archive")
        if member.size > self._limits.file_bytes:
            raise self._too_large(name)
        yield ManifestFile(name, member.read(), member.modified)

    def _whole(self, plain: PlainStream, most: int, name: str) -> bytes:
        data = plain.read(most + 1)
        if len(data) > most:
            raise self._too_large(name)
        return data

    def _too_large(self, name: str) -> ManifestError:
        return ManifestError(f"{name}: more than {self._limits.file_bytes} bytes; split the file")

    def _files_below(self, folder: Path) -> list[Path]:
        """Sorted; hidden files and folders (`.git`) are passed over, and links to folders are not followed."""
        found: list[Path] = []
        for parent, folders, names in os.walk(folder, onerror=self._note):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [Path(parent, name) for name in names if not name.startswith(".")]
        return sorted(found)

    def _note(self, error: OSError) -> None:
        self.problems.append(f"{error.filename} cannot be read: {(error.strerror or str(error)).lower()}")


def _is_manifest(path: str) -> bool:
    """Whether a file of a folder or an archive is to be read, or refused, by its path within it."""
    is_beside = path.rpartition("/")[2].startswith(_BESIDE) or _VELERO_COPY.search(path)
    return path.endswith((*_EXTENSIONS, _SEALED)) and not is_beside


def _holds_none(folder: str, found: list[Path]) -> str:
    archive = next((file for file in found if file.name.endswith(_ARCHIVES)), None)
    step = f"name the archives in it, such as {archive}" if archive else "give a folder of manifests"
    return f"{folder} holds no file *.yaml, *.yml or *.json; {step}"


def _refuse_sealed(name: str) -> None:
    """Without its values a Secret is none, and what is left of the folder would be an application without it.

    Raises:
        ManifestError: the file is a Secret that was packed without a key.
    """
    if name.endswith(_SEALED):
        raise ManifestError(
            f"{name}: a Secret that `kubestandby pack` left sealed; pack again with --key, or leave the file out"
        )


def _refuse_other_form(first: bytes, name: str) -> None:
    """Raises ManifestError: the file is of a form that is not read here."""
    for start, form in _OTHER_FORMS.items():
        if first.startswith(start):
            raise ManifestError(f"{name}: {form}, which is not read here; unpack it and give the folder")
