"""The process that holds the clusters which all tests of one run share.

With pytest-xdist, tests run in several processes, any of which may end early.
So none of them owns the clusters: the first that needs them starts this
process, and it ends when pytest itself, the owner of the run's directory, ends.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from tests.testbed.access import PRIMARY, STANDBY
from tests.testbed.cluster import start_clusters
from tests.testbed.directories import wait_for_owner_to_end
from tests.testbed.errors import TestbedError
from tests.testbed.locks import locked

ROOT = Path(__file__).parents[2]
OUTCOME, LOG, LOCK = "outcome.json", "holder.log", "start.lock"
POLL_SECONDS = 0.1
END_SECONDS = 30.0


def shared_clusters(run: Path) -> dict[str, Path]:
    """The kubeconfigs of the run's clusters, which the first call of the run starts.

    Args:
        run: The directory of the run.

    Raises:
        TestbedError: They do not start. All later calls say so at once.
    """
    with locked(run / LOCK):
        if not (run / OUTCOME).exists():
            _start_holder(run)
        outcome = json.loads((run / OUTCOME).read_text())
    if error := outcome.get("error"):
        raise TestbedError(error)
    return {name: Path(path) for name, path in outcome["kubeconfigs"].items()}


def clusters_were_started(run: Path) -> bool:
    """Whether a test of the run has asked for a cluster."""
    return (run / LOG).exists()


def wait_for_holder_to_end(run: Path) -> None:
    """Returns when the holder, having noticed the end of the run, has removed all traces."""
    deadline = time.monotonic() + END_SECONDS
    while clusters_were_started(run) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def hold(run: Path) -> None:
    """Starts the clusters and stops them when the run ends."""
    signal.signal(signal.SIGTERM, _exit)
    try:
        with start_clusters([PRIMARY, STANDBY]) as clusters:
            _publish(run, {"kubeconfigs": {cluster.name: str(cluster.kubeconfig) for cluster in clusters}})
            wait_for_owner_to_end(run)
    except TestbedError as error:
        _publish(run, {"error": str(error)})
        wait_for_owner_to_end(run)
    finally:
        shutil.rmtree(run, ignore_errors=True)


def _start_holder(run: Path) -> None:
    with (run / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.testbed.holder", str(run)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, and the holder ends with it
        )
    while not (run / OUTCOME).exists():
        if process.poll() is not None:
            log_end = (run / LOG).read_text(errors="replace") if (run / LOG).exists() else ""
            raise TestbedError(f"The holder of the clusters ended with status {process.returncode}:\n{log_end}")
        time.sleep(POLL_SECONDS)


def _publish(run: Path, outcome: dict[str, object]) -> None:
    new = run / f"{OUTCOME}.{os.getpid()}"
    new.write_text(json.dumps(outcome))
    new.rename(run / OUTCOME)  # readers see all of it or nothing


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    hold(Path(sys.argv[1]))
