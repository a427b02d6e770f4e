"""Clusters come, survive faults, and go without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.testbed.cluster import Cluster, start_cluster, start_clusters
from tests.testbed.directories import OwnedDirectory, base_directory
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import KubectlError
from tests.testbed_tests.waiting import eventually, is_running, processes_in

pytestmark = pytest.mark.clusters

ROOT = Path(__file__).parents[2]
_SECONDS_TO_END = 120


@contextmanager
def _holder() -> Iterator[tuple[subprocess.Popen[str], list[Path]]]:
    """Another process with two clusters and their directories; it is killed with the block, if not before."""
    code = (
        "import time\nfrom tests.testbed.cluster import start_clusters\n"
        "with start_clusters(['first', 'second'], nodes=1) as clusters:\n"
        "    print(*(cluster.directory for cluster in clusters), flush=True)\n"
        "    time.sleep(600)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        yield holder, [Path(directory) for directory in holder.stdout.readline().split()]
    finally:
        holder.kill()
        holder.communicate()


def _pids(cluster: Cluster) -> list[int]:
    return [component.pid for component in cluster.components if component.pid is not None]


def test_nothing_is_left_of_a_stopped_cluster() -> None:
    cluster = start_cluster("short", nodes=1)
    directory, pids = cluster.directory, _pids(cluster)
    assert len(pids) == 5
    assert all(is_running(pid) for pid in pids)

    cluster.stop()
    cluster.stop()

    assert not any(is_running(pid) for pid in pids)
    assert not directory.exists()


def test_nothing_is_left_when_the_owner_is_killed() -> None:
    with _holder() as (holder, directories):
        assert all(len(processes_in(directory)) == 5 for directory in directories)

        holder.kill()

    assert eventually(lambda: not any(processes_in(directory) for directory in directories))
    OwnedDirectory("next").remove()  # the next start of anything sweeps
    assert not any(directory.exists() for directory in directories)


def test_only_the_owner_can_enter_the_directory() -> None:
    with start_cluster("private", nodes=0) as cluster:
        assert cluster.directory.stat().st_mode & 0o077 == 0
        assert cluster.directory.parent == base_directory()
        assert cluster.kubeconfig.stat().st_mode & 0o077 == 0


def test_runs_at_the_same_time_do_not_collide() -> None:
    with _holder() as (_, here), _holder() as (_, there):
        with start_clusters(["first", "second"], nodes=1) as clusters:
            assert len({cluster.server for cluster in clusters}) == 2
            assert len({*here, *there, *(cluster.directory for cluster in clusters)}) == 6
            for cluster in clusters:
                assert cluster.kubectl("get", "nodes", "-oname").split() == [f"node/{cluster.name}-node-1"]
        assert all(len(processes_in(path)) == 5 for path in (*here, *there))


def test_a_killed_cluster_keeps_its_data_and_address_over_a_restart() -> None:
    with start_cluster("phoenix", nodes=1) as cluster:
        cluster.kubectl("create", "configmap", "memory")
        server = cluster.server
        cluster.kill()
        with pytest.raises(KubectlError, match="refused"):
            cluster.kubectl("get", "configmap", "memory")

        cluster.restart()

        assert cluster.server == server
        assert cluster.kubectl("get", "configmap", "memory", "-oname").strip() == "configmap/memory"


def test_a_paused_server_hangs_and_goes_on_later() -> None:
    with start_cluster("sleeper", nodes=1) as cluster:
        cluster.pause()
        with pytest.raises(KubectlError, match=r"(?i)timeout|deadline"):
            cluster.kubectl("get", "--raw", "/api/v1/namespaces", "--request-timeout=1s")

        cluster.resume()

        assert "namespace/default" in cluster.kubectl("get", "namespaces", "-oname")


def test_a_paused_cluster_can_be_stopped() -> None:
    with start_cluster("sleeper", nodes=1) as cluster:
        pids = _pids(cluster)
        cluster.pause()

    assert not any(is_running(pid) for pid in pids)


def test_the_audit_log_tells_who_did_what() -> None:
    with start_cluster("watched", nodes=1, audit=True) as cluster:
        cluster.kubectl("create", "configmap", "seen")

        events = [
            event
            for event in cluster.audit_events()
            if event["verb"] == "create" and event.get("objectRef", {}).get("name") == "seen"
        ]

    assert [event["user"]["username"] for event in events] == ["testbed-admin"]


def test_files_in_a_directory_of_the_caller_stay(tmp_path: Path) -> None:
    with start_cluster("kept", nodes=0, directory=tmp_path / "kept") as cluster:
        assert cluster.directory == tmp_path / "kept"

    assert (tmp_path / "kept" / "kube-apiserver.log").is_file()


def test_a_failed_start_shows_the_log_of_the_culprit_and_leaves_nothing() -> None:
    before = set(base_directory().iterdir())

    with pytest.raises(TestbedError, match=r"(?s)kube-apiserver ended with status 1.*unknown flag: --no-such-flag"):
        start_cluster("broken", apiserver_args=["--no-such-flag"])

    assert not [path for path in set(base_directory().iterdir()) - before if path.name.startswith("broken-")]


def test_exec_passes_kubeconfigs_on_and_returns_the_status() -> None:
    code = "import os, sys; print(os.environ['KUBESTANDBY_TEST_STANDBY'], os.environ['KUBECONFIG']); sys.exit(7)"
    result = subprocess.run(
        [sys.executable, "-m", "tests.testbed", "exec", "--", sys.executable, "-c", code],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 7, result.stderr
    standby, first = (Path(path) for path in result.stdout.split())
    assert (standby.parent.name.split("-")[0], first.parent.name.split("-")[0]) == ("standby", "primary")
    assert not standby.exists()


def test_exec_with_clusters_of_the_user_starts_none(tmp_path: Path) -> None:
    given = {"KUBESTANDBY_TEST_PRIMARY": str(tmp_path / "one"), "KUBESTANDBY_TEST_STANDBY": str(tmp_path / "two")}
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    result = subprocess.run(
        [sys.executable, "-m", "tests.testbed", "exec", "--", sys.executable, "-c", code],
        cwd=ROOT,
        env={**_environment(), "PATH": "/nowhere", **given},
        capture_output=True,
        text=True,
        check=True,
    )

    environment = json.loads(result.stdout)
    assert {name: environment[name] for name in given} == given
    assert environment["KUBECONFIG"] == given["KUBESTANDBY_TEST_PRIMARY"]


def test_exec_refuses_one_cluster_of_the_user_without_the_other(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.testbed", "exec", "--", "true"],
        cwd=ROOT,
        env={**_environment(), "KUBESTANDBY_TEST_PRIMARY": str(tmp_path / "one")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert "Set KUBESTANDBY_TEST_STANDBY too" in result.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_up_runs_until_it_is_told_to_end(number: signal.Signals, status: int) -> None:
    with _up("solo") as process:
        assert process.stdout is not None
        variable, _, kubeconfig = process.stdout.readline().strip().partition("=")
        directory = Path(kubeconfig).parent
        assert variable == "KUBESTANDBY_TEST_SOLO"
        assert len(processes_in(directory)) == 5

        process.send_signal(number)
        process.communicate(timeout=_SECONDS_TO_END)

    assert process.returncode == status
    assert not directory.exists()
    assert not processes_in(directory)


def test_a_start_that_is_interrupted_leaves_nothing() -> None:
    base = base_directory()
    with _up("hasty,rash") as process:
        assert eventually(lambda: any(path.name.startswith("rash-") for path in base.iterdir()))

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=_SECONDS_TO_END) == 143
    assert not [path for path in base.iterdir() if path.name.startswith(("hasty-", "rash-"))]


@contextmanager
def _up(names: str) -> Iterator[subprocess.Popen[str]]:
    """`testbed up` in a process of its own, which ends with the block however that ends."""
    command = [sys.executable, "-m", "tests.testbed", "up", "--names", names]
    process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()  # nothing where it has ended already
        process.communicate(timeout=_SECONDS_TO_END)


def _environment() -> dict[str, str]:
    """Ours without the clusters that the tests themselves may have been given."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
