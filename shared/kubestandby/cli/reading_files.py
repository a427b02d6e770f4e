"""From the files that somebody names to what an import brings along: manifests are read here, where the files are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.adapters.manifest_files.sources import STDIN, ManifestFile, SourceReader
from kubestandby.errors import ManifestError
from kubestandby.import_payload import PayloadWriter

_FIRST_KUBERNETES = datetime(2014, 6, 1, tzinfo=UTC)
"""Archives whose times are older say nothing about when they were made: some tools set them to zero."""

_SHOWN_NAMES = 20
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """What became of the files.

    Attributes:
        names: of what was named, without folders.
        files: how many held something.
        problems: what cannot be imported, one sentence each, with file and line.
        empty: files that hold nothing.
        as_of: when the newest file was written, where all of them are members of archives that say so.
    """

    names: tuple[str, ...]
    files: int
    problems: tuple[str, ...]
    empty: tuple[str, ...]
    as_of: datetime | None


def read_files(sources: Sequence[str], stdin: BinaryIO, writer: PayloadWriter) -> FilesRead:
    """Reads every file into the payload; one that cannot be read does not keep the others from being looked at.

    Raises:
        ManifestError: more than an import may hold.
        StoreError: the temporary folder is full.
    """
    reader = SourceReader(stdin)
    times: list[datetime | None] = []
    for file in reader.files(sources):
        times.append(file.modified)
        _read(file, writer, reader.problems)
    return FilesRead(
        names=_names(sources),
        files=len(times),
        problems=tuple(reader.problems),
        empty=tuple(reader.empty),
        as_of=_newest(times),
    )


def _read(file: ManifestFile, writer: PayloadWriter, problems: list[str]) -> None:
    try:
        for written in read_manifests(file.data, file.name):
            writer.add(written.origin, written.manifest)
    except ManifestError as error:
        problems.append(str(error))


def _newest(times: Sequence[datetime | None]) -> datetime | None:
    known = [time for time in times if time is not None and time >= _FIRST_KUBERNETES]
    return max(known) if known and len(known) == len(times) else None


def _names(sources: Sequence[str]) -> tuple[str, ...]:
    names = ["stdin" if source == STDIN else Path(source).resolve().name[:_LONGEST_NAME] for source in sources]
    more = len(names) - _SHOWN_NAMES
    return (*names[:_SHOWN_NAMES], f"{more} more") if more > 0 else tuple(names)
