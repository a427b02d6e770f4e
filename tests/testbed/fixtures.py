"""Pytest fixtures for two clusters; `pytest_plugins = ["tests.testbed.fixtures"]` makes them known.

All tests of a run share the clusters, also those that pytest-xdist runs in
other processes. They start when the first test asks for one of them:

1. The main process of pytest creates a directory for the run, keeps it locked,
   and tells its path to the processes of pytest-xdist.
2. The first process that needs a cluster starts `tests.testbed.holder` under
   another lock; the others wait for that lock and then find the kubeconfigs.
3. When the main process ends, even if it is killed, its lock is freed. The
   holder waits for just that; it stops the clusters and removes the directory.

If KUBESTANDBY_TEST_PRIMARY and KUBESTANDBY_TEST_STANDBY name kubeconfigs,
tests use those clusters and nothing is started.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.testbed.access import PRIMARY, STANDBY, ClusterAccess, given_clusters
from tests.testbed.build import built_binary, controlplane_binary
from tests.testbed.directories import OwnedDirectory
from tests.testbed.holder import clusters_were_started, shared_clusters, wait_for_holder_to_end

RUN_INPUT = "kubestandby_testbed_run"
RUN = pytest.StashKey[OwnedDirectory]()


class NamespaceFactory(Protocol):
    """Makes names of namespaces which are removed at the end of the test."""

    def __call__(self, *clusters: ClusterAccess, prefix: str = "test") -> str:
        """Returns a name that no other test uses, after creating the namespace in the given clusters."""


def pytest_configure(config: pytest.Config) -> None:
    """Creates the directory of the run, in the main process."""
    if not hasattr(config, "workerinput"):
        config.stash[RUN] = OwnedDirectory("run")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells the directory of the run to a process of pytest-xdist."""
    node.workerinput[RUN_INPUT] = str(node.config.stash[RUN].path)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the run: the clusters, if any were started, stop now."""
    if run := config.stash.get(RUN, None):
        if not clusters_were_started(run.path):
            run.remove()
            return
        run.disown()
        wait_for_holder_to_end(run.path)


@pytest.fixture(scope="session")
def testbed_kubeconfigs(request: pytest.FixtureRequest) -> dict[str, Path]:
    """The kubeconfigs of the clusters by their names; asking for them starts the clusters."""
    if given := given_clusters([PRIMARY, STANDBY]):
        return given
    if built_binary() is None:
        _build_visibly(request.config)
    return shared_clusters(_run_directory(request.config))


@pytest.fixture(scope="session")
def primary(testbed_kubeconfigs: dict[str, Path]) -> ClusterAccess:
    """The cluster whose applications are protected."""
    return ClusterAccess.of(PRIMARY, testbed_kubeconfigs[PRIMARY])


@pytest.fixture(scope="session")
def standby(testbed_kubeconfigs: dict[str, Path]) -> ClusterAccess:
    """The cluster that takes over."""
    return ClusterAccess.of(STANDBY, testbed_kubeconfigs[STANDBY])


@pytest.fixture
def namespace_factory(primary: ClusterAccess, standby: ClusterAccess) -> Iterator[NamespaceFactory]:
    """Makes namespaces, and removes those of their names from both clusters at the end of the test."""
    names: list[str] = []

    def create(*clusters: ClusterAccess, prefix: str = "test") -> str:
        name = f"{prefix}-{uuid.uuid4().hex[:10]}"
        names.append(name)
        for cluster in clusters:
            cluster.kubectl("create", "namespace", name)
        return name

    yield create
    if names:
        for cluster in (primary, standby):
            cluster.kubectl("delete", "namespace", *names, "--ignore-not-found", "--wait=false")


def _run_directory(config: pytest.Config) -> Path:
    worker_input: dict[str, Any] | None = getattr(config, "workerinput", None)
    return Path(worker_input[RUN_INPUT]) if worker_input else config.stash[RUN].path


def _build_visibly(config: pytest.Config) -> None:
    """Builds where the progress is seen: a silence of minutes looks like a hang."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        controlplane_binary()
        return
    with capture.global_and_fixture_disabled():
        controlplane_binary()
