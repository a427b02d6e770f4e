"""The tree of a function's image, put together as `functions/Dockerfile` does, and run as its container would be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.image.assemble import Assembled, assemble
from tests.fn.platform import ROOT, FnContainer, container

RECIPE = (ROOT / "functions" / "Dockerfile").read_text()
UID = 1000


@dataclass(frozen=True)
class Image:
    """An image's tree in a folder of its own."""

    function: str
    root: Path
    assembled: Assembled

    def environment(self) -> dict[str, str]:
        """What the recipe sets, with this tree for the container's `/function`."""
        return {name: value.replace("/function", str(self.root)) for name, value in recipe_env(self.function).items()}

    def files(self) -> dict[str, tuple[int, int]]:
        """Every file with its size and time."""
        stats = ((path, path.stat()) for path in self.root.rglob("*"))
        return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in stats}

    @contextmanager
    def run(self, environment: Mapping[str, str]) -> Iterator[FnContainer]:
        """Runs it as the container would: its entry point, its user, its environment, and nothing of this one's."""
        command = as_container(self.root, recipe_list("ENTRYPOINT")[1:])
        settings = {**self.environment(), **environment}
        with container(self.function, settings, command=command, cwd=self.root) as running:
            yield running


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the container's user may look into. Not one of pytest's: those are their owner's alone."""
    with tempfile.TemporaryDirectory(prefix="kubestandby-fn-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            for path in [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]:
                path.chmod(0o755)  # nobody may write to an image's folders, and so take nothing out of them


def build(function: str, folder: Path) -> Image:
    root = folder / function
    return Image(function, root, assemble(function, root, Path(sysconfig.get_path("purelib"))))


def as_container(root: Path, arguments: list[str]) -> tuple[str, ...]:
    """The command that runs Python with these arguments as a container of this tree would.

    As root: with the tree mounted read-only, as the container's user and without any capability. As somebody else: as
    that one, to whom the tree is read-only by its modes.
    """
    interpreter = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    if os.geteuid():
        return (interpreter, *arguments)
    place = root.parent / "interpreter"
    place.mkdir(exist_ok=True)
    closed = next((str(path) for path in reversed(Path(interpreter).parents) if not path.stat().st_mode & 0o001), "")
    own = (sys.base_prefix, str(place), closed, str(root))
    command = ("unshare", "--mount", "sh", "-c", _CONTAIN, "sh", *own)
    done = subprocess.run((*command, interpreter, "-c", "import ssl"), check=False, capture_output=True, cwd=root)
    if done.returncode:
        pytest.skip(f"root may not mount here, or user {UID} not run {interpreter}: run the tests as somebody else")
    return (*command, interpreter, *arguments)


_CONTAIN = f"""
set -e
if [ -n "$3" ]; then
  mount --bind "$1" "$2"
  mount -t tmpfs -o mode=755 none "$3"
  mkdir -p "$1"
  mount --bind "$2" "$1"
fi
mount --bind "$4" "$4"
mount -o remount,bind,ro "$4"
shift 4
exec setpriv --reuid={UID} --regid={UID} --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
"""
"""Where Python is in a folder of root's alone, such as root's home, there is nothing but Python in that."""


def recipe_env(function: str) -> dict[str, str]:
    block = re.search(r"^ENV ((?:.*\\\n)*.*)", RECIPE, re.MULTILINE)
    assert block
    pairs = block[1].replace("\\\n", " ").replace("${FUNCTION}", function).split()
    return dict(pair.split("=", 1) for pair in pairs)


def recipe_list(instruction: str) -> list[str]:
    found = re.findall(rf"^{instruction} \[(.*)\]$", RECIPE, re.MULTILINE)
    return [word.strip().strip('"') for word in found[-1].split(",")]


def memory_megabytes(process: int) -> float:
    """What a container's processes take together: each page counted once (PSS)."""
    total = 0
    for pid in session_of(process):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1])  # type: ignore[index]
    return round(total / 1000, 1)


def session_of(leader: int) -> list[int]:
    """The processes that a container's first one has started, and itself."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    return found
