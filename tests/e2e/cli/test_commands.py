"""An operator's day, with real clusters and real processes."""

import json
import signal
import subprocess
from pathlib import Path
from time import monotonic, sleep

import pytest

from kubestandby.runtime.local import running
from tests.e2e.cli.conftest import COMMAND, Shop

pytestmark = pytest.mark.clusters


def _wait_for(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)


def test_run_then_plan_then_failover_without_the_primary(shop: Shop) -> None:
    ran = shop.run("run", shop.group)
    assert ran.returncode == 0, ran.stderr
    assert shop.status_of("plan", shop.group) == 0

    shop.west.kubectl("-n", shop.namespace, "patch", "configmap", "prices", "-p", '{"data": {"tea": "9"}}')
    planned = shop.run("plan", shop.group)
    assert planned.returncode == 2
    assert "data.tea: 9 -> 1" in planned.stdout

    shop.lose_east()
    failed_over = shop.run("failover", shop.group, "--to", "west", "--yes")
    assert failed_over.returncode == 0, failed_over.stderr
    assert "RTO" in failed_over.stdout
    assert shop.west.kubectl("-n", shop.namespace, "get", "configmap", "prices", "-o", "jsonpath={.data.tea}") == "1"
    assert "primary west, epoch 2" in shop.run("status").stdout


def test_a_second_run_makes_nothing_new(shop: Shop) -> None:
    assert shop.status_of("run", shop.group) == 0

    again = shop.run("run", shop.group, "--output", "json")

    assert again.returncode == 0
    told = json.loads(again.stdout)
    assert (told["export"]["verdict"], told["snapshot"]) == ("unchanged", "1-1")


def test_run_with_a_cluster_out_of_reach_is_one_line_and_status_1(shop: Shop) -> None:
    (shop.folder / "west.kubeconfig").unlink()
    (shop.folder / "west.kubeconfig").write_text("{}")

    ran = shop.run("run", shop.group)

    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("error: restore of snapshot 1-1 failed: ")
    assert "Traceback" not in ran.stderr


def test_up_serves_other_commands_and_leaves_nothing_behind(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(shop.folder / "state"))
    config = shop.folder / "shop.yaml"
    with (shop.folder / "up.log").open("wb") as log:
        up = subprocess.Popen([*COMMAND, "up"], env=shop.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _wait_for(lambda: running(config) is not None)

        exported = shop.run("export", shop.group)

        assert exported.returncode == 0, exported.stderr
        assert "starting the three functions" not in exported.stderr
        _wait_for(lambda: b"restore   200" in (shop.folder / "up.log").read_bytes())
    finally:
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
    assert running(config) is None
    assert _processes_of(config) == []
    assert (shop.folder / "up.log").read_text().endswith("stopped\n")


def _processes_of(config: Path) -> list[str]:
    """Processes that have the configuration in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(config).encode() in (process / "environ").read_bytes() and process.name != "self":
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:
            continue
    return found
