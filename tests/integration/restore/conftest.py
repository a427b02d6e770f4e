"""A standby cluster with everything that a restore makes on it taken away again."""

from collections.abc import Callable, Iterator

import pytest

from kubestandby.adapters.kube_cluster import connect
from kubestandby.groups import ClusterAccess
from tests.integration.restore.recording import RecordingCluster
from tests.testbed.access import ClusterAccess as TestCluster
from tests.testbed.fixtures import NamespaceFactory


@pytest.fixture
def west(standby: TestCluster) -> RecordingCluster:
    """The cluster to restore on."""
    access = ClusterAccess(kubeconfig=standby.kubeconfig, context=standby.context)
    return RecordingCluster(connect(access, site="west"))


@pytest.fixture
def space(namespace_factory: NamespaceFactory) -> str:
    """The name of a namespace that does not exist yet."""
    return namespace_factory(prefix="restore")


@pytest.fixture
def cleanup(standby: TestCluster) -> Iterator[Callable[..., None]]:
    """Takes cluster-scoped objects away after the test: `cleanup("crd", "tickets.shop.example")`."""
    named: list[tuple[str, ...]] = []
    yield lambda *words: named.append(words)
    for words in named:
        standby.kubectl("delete", *words, "--ignore-not-found", "--wait=false")
