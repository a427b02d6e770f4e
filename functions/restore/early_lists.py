"""Lists of the standby that begin while the archive is still read: the API server makes their first pages meanwhile."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field

from kubestandby.ports import Cluster, Page
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.snapshots import SnapshotIndex

from .live_state import MAX_NAMESPACE_LISTS
from .resolving import Resolved, Resolver

MOST_LISTS = 4
"""So many types begin early, those with the most objects: each holds two pages in memory until it is looked at."""


@dataclass(slots=True)
class EarlyLists:
    """Reads a cluster as `live_state.Reader`; a list over all namespaces that has begun already goes on from there."""

    cluster: Cluster
    pool: Executor
    _begun: dict[ResourceType, tuple[Iterator[Page], Future[Page | None]]] = field(default_factory=dict)

    def begin(self, resources: Iterable[ResourceType]) -> None:
        """Asks for the first page of each. What goes wrong with it is raised to whoever reads the list."""
        for resource in resources:
            pages = self.cluster.pages(resource)
            self._begun[resource] = pages, self.pool.submit(next, pages, None)

    def pages(self, resource: ResourceType, *, namespace: str = "") -> Iterator[Page]:
        """As `Cluster.pages`; what has begun is given once, and read anew after that."""
        begun = None if namespace else self._begun.pop(resource, None)
        return _from(*begun) if begun else self.cluster.pages(resource, namespace=namespace)

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        """As `Cluster.get`."""
        return self.cluster.get(resource, namespace, name)


def worth_beginning(index: SnapshotIndex, resolver: Resolver) -> list[ResourceType]:
    """The types that a survey of the snapshot's objects will most likely list over all namespaces."""
    if len(index.namespaces) <= MAX_NAMESPACE_LISTS:
        return []
    largest = sorted(index.types, key=lambda summary: -summary.count)[:MOST_LISTS]
    found = [resolver.resolve(ObjectRef(one.gvk, "", "")) for one in largest if one.count and one.namespaced]
    return [one.resource for one in found if isinstance(one, Resolved)]


def _from(pages: Iterator[Page], first: "Future[Page | None]") -> Iterator[Page]:
    page = first.result()
    while page is not None:
        yield page
        page = next(pages, None)
