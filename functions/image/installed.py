"""The libraries of a lock file as they are installed: each in just the locked version, and all of their files."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9_.-]*)==([^\s\\;]+)", re.MULTILINE)


class ImageError(Exception):
    """The image cannot be put together; the message says what to do."""


def locked(lock: Path) -> dict[str, str]:
    """Name to version of everything in a lock file."""
    found = dict(_LOCKED.findall(lock.read_text(encoding="utf-8")))
    if not found:
        raise ImageError(f"{lock} locks nothing; run `make lock`")
    return found


def library_files(
    lock: Path, site_packages: Path, left_out: frozenset[str] = frozenset()
) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every file of the locked libraries but these: where it is, and its path below site-packages.

    Raises:
        ImageError: a library is not installed, or in another version than the locked one.
    """
    for name, version in locked(lock).items():
        library = _installed(name, site_packages)
        if library is None or library.version != version:
            there = f"version {library.version} of it" if library else "none"
            raise ImageError(f"{lock.name} locks {name} {version}, and {there} is in {site_packages}; install the lock")
        for file in () if name in left_out else library.files or ():
            yield Path(str(library.locate_file(file))), PurePosixPath(file)


def oci_services(site_packages: Path) -> frozenset[str]:
    """The folders of the OCI SDK that are services: each of them has models, and nothing else has."""
    return frozenset(folder.parent.name for folder in (site_packages / "oci").glob("*/models"))


def _installed(name: str, site_packages: Path) -> Distribution | None:
    return next(iter(distributions(name=name, path=[str(site_packages)])), None)
