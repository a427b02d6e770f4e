"""All tests of one pytest run share two clusters."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.testbed_tests.waiting import eventually, processes_in

pytestmark = pytest.mark.clusters

ROOT = Path(__file__).parents[2]
INNER = """
import os, time
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(4))
def test_inner(primary, standby, namespace_factory, number):
    namespace = namespace_factory(primary, standby)
    assert namespace in standby.kubectl("get", "namespaces", "-oname")
    Path(os.environ["SEEN"], str(number)).write_text(f"{os.getpid()} {primary.kubeconfig.parent}")
    time.sleep(float(os.environ["PAUSE"]))
"""


@contextmanager
def _pytest(directory: Path, *arguments: str, pause: float = 0.5) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the inner test; it is killed with the block, if it has not ended before."""
    (directory / "test_inner.py").write_text(INNER)
    (directory / "pytest.ini").write_text("[pytest]\n")
    (directory / "seen").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "PYTEST_"))}
    environment |= {"SEEN": str(directory / "seen"), "PAUSE": str(pause), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.testbed.fixtures", *arguments, str(directory)]
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=directory, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _seen(directory: Path) -> tuple[set[str], set[Path]]:
    """The processes that ran tests, and the directories of the clusters they saw."""
    words = [path.read_text().split() for path in (directory / "seen").iterdir()]
    return {pair[0] for pair in words if len(pair) == 2}, {Path(pair[1]) for pair in words if len(pair) == 2}


@pytest.mark.parametrize(("arguments", "processes"), [(["-n", "2"], 2), (["-n", "0"], 1)])
def test_all_processes_of_a_run_see_the_same_clusters(tmp_path: Path, arguments: list[str], processes: int) -> None:
    with _pytest(tmp_path, *arguments) as process:
        assert process.wait(timeout=120) == 0, (tmp_path / "output").read_text()

    pids, clusters = _seen(tmp_path)
    assert (len(pids), len(clusters)) == (processes, 1)
    assert not clusters.pop().exists()


def test_nothing_is_left_when_pytest_is_killed(tmp_path: Path) -> None:
    with _pytest(tmp_path, "-n", "2", pause=600) as process:
        assert eventually(lambda: bool(_seen(tmp_path)[1]), seconds=60), (tmp_path / "output").read_text()
        (cluster,) = _seen(tmp_path)[1]
        assert processes_in(cluster)

        process.send_signal(signal.SIGKILL)
        process.wait()

    assert eventually(lambda: not processes_in(cluster) and not cluster.exists())


def test_a_run_that_needs_no_cluster_starts_and_builds_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    with _pytest(tmp_path, "-k", "no_such_test") as process:
        assert process.wait(timeout=60) == pytest.ExitCode.NO_TESTS_COLLECTED

    assert not (tmp_path / "cache").exists()
