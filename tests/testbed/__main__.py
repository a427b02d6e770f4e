"""Command line of the testbed: `python -m tests.testbed --help`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.testbed.access import PRIMARY, STANDBY, given_clusters, variable
from tests.testbed.build import controlplane_binary, to_stderr
from tests.testbed.cluster import start_clusters
from tests.testbed.errors import TestbedError
from tests.testbed.kubectl import CACHE

SIGNALLED = 128


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit status."""
    options = _parser().parse_args(arguments)
    # As for Ctrl-C: the blocks that hold clusters end, and so stop them.
    signal.signal(signal.SIGTERM, _exit)
    # What a shell starts in the background ignores Ctrl-C otherwise, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if options.action == "build":
            sys.stdout.write(f"{controlplane_binary()}\n")
            return 0
        if options.action == "up":
            return _up(options.names)
        return _exec(options.names, options.command)
    except TestbedError as error:
        to_stderr(str(error))
        return 1
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT


def _up(names: Sequence[str]) -> int:
    with start_clusters(names) as clusters:
        for cluster in clusters:
            sys.stdout.write(f"{variable(cluster.name)}={cluster.kubeconfig}\n")
        sys.stdout.flush()
        to_stderr("the clusters run until Ctrl-C")
        try:
            signal.pause()
        except KeyboardInterrupt:
            return 0
    return 0


def _exec(names: Sequence[str], command: Sequence[str]) -> int:
    if given := given_clusters(names):
        return _run(command, _environment(given))
    with start_clusters(names) as clusters:
        kubeconfigs = {cluster.name: cluster.kubeconfig for cluster in clusters}
        return _run(command, {**_environment(kubeconfigs), "KUBECACHEDIR": str(clusters[0].directory / CACHE)})


def _environment(kubeconfigs: dict[str, Path]) -> dict[str, str]:
    paths = {variable(name): str(path) for name, path in kubeconfigs.items()}
    return {**os.environ, **paths, "KUBECONFIG": next(iter(paths.values()))}


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise TestbedError(f"{command[0]} cannot be run: {error}") from error
    # The terminal sends Ctrl-C to the command too. What it makes of it decides when the clusters stop.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    signal.signal(signal.SIGTERM, lambda number, _frame: process.send_signal(number))
    status = process.wait()
    return status if status >= 0 else SIGNALLED - status


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(SIGNALLED + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.testbed", description="Real Kubernetes clusters on loopback."
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("build", help="build the control plane, which otherwise happens at the first use")
    up = actions.add_parser("up", help="run clusters until Ctrl-C and print their kubeconfigs")
    execute = actions.add_parser(
        "exec",
        help="run a command with clusters",
        description="Starts clusters, runs a command with their kubeconfigs in KUBESTANDBY_TEST_PRIMARY and "
        "KUBESTANDBY_TEST_STANDBY (KUBECONFIG is the first), and stops them. If you have set these variables, "
        "the command runs with yours and nothing is started.",
    )
    for action in (up, execute):
        action.add_argument(
            "--names", type=_names, default=[PRIMARY, STANDBY], help="comma-separated (default: primary,standby)"
        )
    execute.add_argument("command", nargs="+", metavar="COMMAND", help="after --")
    return parser


def _names(value: str) -> list[str]:
    names = [name for name in value.split(",") if name]
    if not names or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError("give different names, separated by commas")
    return names


if __name__ == "__main__":
    sys.exit(main())
