"""What a test knows of a cluster, whoever started it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.testbed.errors import TestbedError
from tests.testbed.kubeconfig import current_context
from tests.testbed.kubectl import kubectl

PRIMARY, STANDBY = "primary", "standby"


@dataclass(frozen=True)
class ClusterAccess:
    """The way into a cluster."""

    name: str
    kubeconfig: Path
    context: str

    @classmethod
    def of(cls, name: str, kubeconfig: Path) -> Self:
        """The cluster that a kubeconfig selects."""
        return cls(name, kubeconfig, current_context(kubeconfig))

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl against this cluster and returns its output."""
        return kubectl(self.kubeconfig, *arguments, stdin=stdin)


def variable(name: str) -> str:
    """The environment variable with the kubeconfig of the cluster of this name."""
    return f"KUBESTANDBY_TEST_{name.upper().replace('-', '_')}"


def given_clusters(names: Sequence[str]) -> dict[str, Path] | None:
    """The kubeconfigs that the user has set in the environment, or None if there are none.

    Raises:
        TestbedError: Some are set, but not all: nobody wants half of the tests to run elsewhere.
    """
    given = {name: os.environ.get(variable(name), "") for name in names}
    if not any(given.values()):
        return None
    if missing := [variable(name) for name, path in given.items() if not path]:
        message = (
            f"Set {', '.join(missing)} too, or unset {', '.join(variable(name) for name in given if given[name])}."
        )
        raise TestbedError(message)
    return {name: Path(path).expanduser() for name, path in given.items()}
