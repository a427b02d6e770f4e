"""Builds the control plane's binary once and keeps it in the user's cache."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tests.testbed.errors import TestbedError
from tests.testbed.locks import locked
from tests.testbed.toolchain import cache_directory, go_command, go_version

SOURCE = Path(__file__).parent / "controlplane"
BINARY = "controlplane"
# How many packages a first build compiles. It only scales the progress lines.
PACKAGES = 2400
PROGRESS_SECONDS = 10.0
KEPT_LINES = 30

Report = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Reports progress where it is seen at once and mixes with no output."""
    sys.stderr.write(f"testbed: {line}\n")
    sys.stderr.flush()


def built_binary() -> Path | None:
    """The binary of the present sources, if it has been built."""
    binary = _place(go_command())
    return binary if binary.is_file() else None


def controlplane_binary(report: Report = to_stderr) -> Path:
    """The binary of the present sources, built first if need be.

    Args:
        report: Receives lines about the progress of a build.

    Raises:
        TestbedError: There is no Go, or the build failed.
    """
    go = go_command()
    binary = _place(go)
    if binary.is_file():
        return binary
    binary.parent.mkdir(parents=True, exist_ok=True)
    with locked(binary.parent / "lock", lambda: report("waiting for another build of the control plane")):
        if not binary.is_file():
            _build(go, binary, report)
    return binary


def _place(go: Path) -> Path:
    digest = hashlib.sha256(f"{go_version(go)}\0{_linker_flags()}".encode())
    for path in sorted([*SOURCE.glob("*.go"), SOURCE / "go.mod", SOURCE / "go.sum"]):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return cache_directory() / digest.hexdigest() / BINARY


def _build(go: Path, binary: Path, report: Report) -> None:
    report("building the control plane of Kubernetes, once: the first time takes 4 to 10 minutes on two cores")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=binary.parent, prefix="build-") as scratch:
        output = Path(scratch) / BINARY
        _compile(go, output, report)
        output.rename(binary)
    report(f"built in {time.monotonic() - started:.0f} s: {binary}")


def _compile(go: Path, output: Path, report: Report) -> None:
    command = [str(go), "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", _linker_flags()]
    # Without cgo the result needs no C compiler here and no C library there.
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    last_lines: deque[str] = deque(maxlen=KEPT_LINES)
    with subprocess.Popen(
        [*command, "-o", str(output), "."],
        cwd=SOURCE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            _follow(process, last_lines, report)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise TestbedError("The control plane could not be built; `go build` said:\n" + "".join(last_lines))


def _follow(process: subprocess.Popen[str], last_lines: deque[str], report: Report) -> None:
    assert process.stderr is not None
    started = reported = time.monotonic()
    modules = packages = 0
    for line in process.stderr:
        last_lines.append(line)
        modules += line.startswith("go: downloading ")
        packages += not line.startswith(("go: ", "#", "\t"))
        now = time.monotonic()
        if now - reported >= PROGRESS_SECONDS:
            reported = now
            done = f"{packages} of about {PACKAGES} packages" if packages else f"{modules} modules downloaded"
            report(f"  {done}, {now - started:.0f} s")


def _linker_flags() -> str:
    """Drops symbols, and gives the version that a release build would report."""
    found = re.search(r"^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\d+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise TestbedError(f"{SOURCE / 'go.mod'} names no version of k8s.io/kubernetes.")
    variables = {"gitVersion": found[1], "gitMajor": found[2], "gitMinor": found[3]}
    return "-s -w " + " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in variables.items())
