"""Puts together the tree of a function's image, `/function` in the container.

    python -m functions.image.assemble export /function --installed /opt/libraries

    python/            the locked libraries, without what is never imported, and kubestandby without its command line
    export/            the function's own code; FUNCTION_SOURCE is export/main.py

Everything is compiled to byte code that is not checked against its source: the tree is read-only where it runs.
"""

import argparse
import compileall
import json
import py_compile
import shutil
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from functions.image.checking import check_image
from functions.image.contents import FUNCTIONS, LEFT_OUT_LIBRARIES, belongs, belongs_of_ours
from functions.image.installed import ImageError, library_files, oci_services

ROOT = Path(__file__).parents[2]
LIBRARIES = "python"
_READ_ONLY_FILE, _READ_ONLY_FOLDER = 0o444, 0o555


@dataclass(frozen=True, slots=True)
class Assembled:
    """A tree that was put together; `megabytes` is what its files take (10^6 bytes)."""

    function: str
    folder: str
    files: int
    megabytes: float


def assemble(function: str, folder: Path, site_packages: Path, *, workers: int = 1) -> Assembled:
    """Puts the tree together in a folder that does not exist yet, compiles it, checks it and makes it read-only.

    Raises:
        ImageError: the installed libraries are not the locked ones, or something in the tree needs what is not.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ImageError(f"{folder} is not empty; give a folder that is")
    services = oci_services(site_packages)
    lock = ROOT / "requirements" / f"{function}.txt"
    libraries = library_files(lock, site_packages, LEFT_OUT_LIBRARIES)
    _copy(((path, within) for path, within in libraries if belongs(within, services)), folder / LIBRARIES)
    _copy(_ours(ROOT / "shared" / "kubestandby"), folder / LIBRARIES / "kubestandby")
    _copy(_ours(ROOT / "functions" / function), folder / function)
    _compile(folder, workers)
    check_image(folder, function, services)
    return _seal(function, folder)


def _ours(package: Path) -> Iterable[tuple[Path, PurePosixPath]]:
    files = ((path, PurePosixPath(path.relative_to(package))) for path in sorted(package.rglob("*")) if path.is_file())
    return ((path, within) for path, within in files if belongs_of_ours(within))


def _copy(files: Iterable[tuple[Path, PurePosixPath]], folder: Path) -> None:
    for path, within in files:
        target = folder / within
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _compile(folder: Path, workers: int) -> None:
    """Byte code for all that is there; the paths in it are those of the container."""
    good = compileall.compile_dir(
        folder,
        maxlevels=99,
        quiet=2,
        workers=workers,
        stripdir=str(folder),
        prependdir="/function",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not good:
        raise ImageError(f"something in {folder} does not compile with Python {sys.version.split()[0]}")


def _seal(function: str, folder: Path) -> Assembled:
    """Takes away the right to write, and counts."""
    files, total = 0, 0
    for path in sorted(folder.rglob("*")):
        path.chmod(_READ_ONLY_FOLDER if path.is_dir() else _READ_ONLY_FILE)
        if path.is_file():
            files, total = files + 1, total + path.stat().st_size
    folder.chmod(_READ_ONLY_FOLDER)
    return Assembled(function, str(folder), files, round(total / 1e6, 1))


def main() -> int:
    """Puts one tree together and says what it takes, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m functions.image.assemble", description="A function's image.")
    parser.add_argument("function", choices=FUNCTIONS)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--installed", type=Path, help="site-packages with the locked libraries; default: this Python's"
    )
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that compile; 0 for as many as there are CPUs"
    )
    given = parser.parse_args()
    site_packages = given.installed or Path(sysconfig.get_path("purelib"))
    try:
        assembled = assemble(given.function, given.folder, site_packages, workers=given.workers)
    except ImageError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's output
        return 1
    print(json.dumps(asdict(assembled)))  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
