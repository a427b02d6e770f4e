"""Holds the lock files in requirements/ against pyproject.toml, without a network: `python -m supply_chain.locks`.

Every package's own requirements are read from what is installed (`make setup` installs requirements/dev.txt, of which
the other locks are parts), as on the machine that runs functions: Linux, the oldest Python that pyproject.toml allows.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OURS = "kubestandby"
LOCKS = ("cli", "dev", "export", "restore", "sanitize")
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True)
class Pin:
    """One package of a lock file."""

    version: str
    hashes: frozenset[str]


Lock = Mapping[str, Pin]


def read_lock(path: Path) -> Lock:
    """The pins of a lock file, by normalised name.

    Raises:
        ValueError: a line is no pin.
    """
    pins: dict[str, Pin] = {}
    for entry in path.read_text().replace("\\\n", " ").splitlines():
        if not entry.strip() or entry.lstrip().startswith("#"):
            continue
        found = _PIN.match(entry)
        if found is None:
            raise ValueError(f"{path.name}: {entry[:80]!r} is not NAME==VERSION")
        name = canonicalize_name(found.group(1))
        if name in pins:
            raise ValueError(f"{path.name}: {name} is there twice")
        pins[name] = Pin(found.group(2), frozenset(_HASH.findall(entry)))
    return pins


class Requirements:
    """Who requires what: pyproject.toml, and the metadata of what is installed."""

    def __init__(self, project: Mapping[str, Any]) -> None:
        """`project`: the table of that name in pyproject.toml."""
        self._project = project
        oldest = re.search(r">=\s*(\d+\.\d+)", project["requires-python"])
        python = oldest.group(1) if oldest else "3.11"
        self._environment = {
            **default_environment(),
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_system": "Linux",
            "sys_platform": "linux",
        }

    def needed(self, extra: str) -> dict[str, list[tuple[str, Requirement]]]:
        """Everything that the extra needs, however indirectly: by name, who asks for it and how.

        Raises:
            PackageNotFoundError: one is not installed here.
        """
        needed: dict[str, list[tuple[str, Requirement]]] = {}
        seen: set[tuple[str, str]] = set()
        waiting = [(OURS, ""), (OURS, extra)]
        while waiting:
            name, part = waiting.pop()
            if (name, part) in seen:
                continue
            seen.add((name, part))
            for requirement in self._of(name, part):
                asked = canonicalize_name(requirement.name)
                if asked != OURS:
                    needed.setdefault(asked, []).append((name, requirement))
                waiting += [(asked, one) for one in ("", *requirement.extras)]
        return needed

    def _of(self, name: str, extra: str) -> Iterator[Requirement]:
        if name == OURS:
            optional = self._project["optional-dependencies"]
            texts = optional[extra] if extra else self._project["dependencies"]
        else:
            texts = distribution(name).requires or []
        environment: dict[str, str] = {**self._environment, "extra": extra}  # type: ignore[dict-item]
        for requirement in map(Requirement, texts):
            marker = requirement.marker
            by_extra = marker is not None and "extra" in str(marker)
            if name != OURS and bool(extra) != by_extra:
                continue
            if marker is None or marker.evaluate(environment):
                yield requirement


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the lock files, one sentence each."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    requirements = Requirements(project)
    locks = {name: read_lock(root / "requirements" / f"{name}.txt") for name in LOCKS}
    found = [problem for name, lock in locks.items() for problem in _of_lock(name, lock, requirements)]
    return found + [problem for name, lock in locks.items() for problem in _differences(name, lock, locks["dev"])]


def _of_lock(name: str, lock: Lock, requirements: Requirements) -> Iterator[str]:
    file = f"requirements/{name}.txt"
    for package in (package for package, pin in lock.items() if not pin.hashes):
        yield f"{file}: {package} has no hash; run `make lock`"
    try:
        needed = requirements.needed(name)
    except PackageNotFoundError as error:
        yield f"{file}: {error.name} is needed and not installed; run `make lock setup`"
        return
    for package in sorted(lock.keys() - needed.keys()):
        yield f"{file}: nobody needs {package}; run `make lock`"
    for package, askers in sorted(needed.items()):
        if package not in lock:
            yield f"{file}: {package}, which {askers[0][0]} needs, is missing; run `make lock`"
        else:
            yield from (f"{file}: {problem}" for problem in _misfits(package, lock[package], askers))


def _misfits(package: str, pin: Pin, askers: list[tuple[str, Requirement]]) -> Iterator[str]:
    for asker, requirement in askers:
        if not requirement.specifier.contains(pin.version, prereleases=True):
            yield f"{asker} needs {package}{requirement.specifier}, pinned is {pin.version}; run `make lock`"


def _differences(name: str, lock: Lock, dev: Lock) -> Iterator[str]:
    """All tests run against requirements/dev.txt: what is delivered must be the same."""
    for package, pin in lock.items():
        if package not in dev or dev[package] != pin:
            yield f"requirements/{name}.txt: {package} is not pinned as in dev.txt, which the tests run with"


def uninstalled(root: Path = ROOT) -> list[str]:
    """Pins of dev.txt that are not what is installed: the answers above would be those of other versions."""
    pins = read_lock(root / "requirements" / "dev.txt")
    return [
        f"{name} {pin.version} is locked, {distribution(name).version} installed; run `make setup`"
        for name, pin in pins.items()
        if distribution(name).version != pin.version
    ]


def main() -> None:
    """Prints what is wrong; exit status 1 where anything is."""
    found = uninstalled() + problems()
    for problem in found:
        print(problem)  # noqa: T201 - a command
    print("lock files: " + (f"{len(found)} problems" if found else "as pyproject.toml asks"))  # noqa: T201
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
