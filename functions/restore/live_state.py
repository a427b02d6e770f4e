"""Reads what the standby has of the snapshot's objects: one paged list per type and namespace set, never one by one.

Lists are read page by page and given on at once, so that the whole live state is never in memory.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from kubestandby.carried import MAX_SINGLE_READS
from kubestandby.errors import ClusterError, ListExpiredError
from kubestandby.ports import Page
from kubestandby.resources import CLUSTER_SCOPE, GVK, Manifest, ResourceType

MAX_NAMESPACE_LISTS = 3
"""Up to so many namespaces are listed one by one; for more the whole cluster is, once."""

MAX_RESTARTS = 3
"""How often a list that expired (410) is started again."""

NAMESPACES = ResourceType(GVK("", "v1", "Namespace"), "namespaces", namespaced=False)

Name = tuple[str, str]
"""(namespace, name)"""

Named = tuple[Name, Manifest]
"""A live object with its name."""


class Reader(Protocol):
    """What of `ports.Cluster` is needed here."""

    def pages(self, resource: ResourceType, *, namespace: str = "") -> Iterator[Page]:
        """As the port says."""
        ...

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        """As the port says."""
        ...


@dataclass(frozen=True, slots=True)
class Restarted:
    """The list expired and starts again: what came before counts no more."""


def read_objects(cluster: Reader, resource: ResourceType, wanted: Collection[Name]) -> Iterator[Named | Restarted]:
    """Gives those of the wanted objects that exist, by name; `Restarted` voids what this type has given so far.

    Raises:
        ListExpiredError: the list expired again and again.
        ClusterError: the type cannot be read.
    """
    if not resource.namespaced and len(wanted) <= MAX_SINGLE_READS:
        yield from _read_one_by_one(cluster, resource, wanted)
        return
    for attempt in range(MAX_RESTARTS + 1):
        try:
            yield from _list_wanted(cluster, resource, wanted)
        except ListExpiredError:
            if attempt == MAX_RESTARTS:
                raise
            yield Restarted()
        else:
            return


def read_all(cluster: Reader, resource: ResourceType, wanted: Collection[Name]) -> dict[Name, Manifest]:
    """Those of the wanted objects that exist, by namespace and name; raises like `read_objects`."""
    found: dict[Name, Manifest] = {}
    for item in read_objects(cluster, resource, wanted):
        if isinstance(item, Restarted):
            found.clear()
        else:
            name, manifest = item
            found[name] = manifest
    return found


def read_namespaces(cluster: Reader, names: Collection[str]) -> Mapping[str, Manifest]:
    """Those of the named namespaces that exist, by name."""
    found = read_all(cluster, NAMESPACES, {(CLUSTER_SCOPE, name) for name in names})
    return {name: manifest for (_, name), manifest in found.items()}


def is_being_deleted(manifest: Manifest) -> bool:
    """Whether the object only waits for its finalizers (ObjectMeta.deletionTimestamp)."""
    return manifest["metadata"].get("deletionTimestamp") is not None


def _read_one_by_one(cluster: Reader, resource: ResourceType, wanted: Collection[Name]) -> Iterator[Named]:
    for namespace, name in sorted(wanted):
        found = cluster.get(resource, namespace, name)
        if found is not None:
            yield (namespace, name), found


def _list_wanted(cluster: Reader, resource: ResourceType, wanted: Collection[Name]) -> Iterator[Named]:
    names = set(wanted)
    namespaces = sorted({namespace for namespace, _ in names})
    if not resource.namespaced or len(namespaces) > MAX_NAMESPACE_LISTS:
        try:
            yield from _list(cluster, resource, CLUSTER_SCOPE, names)
        except ClusterError as error:
            if error.status != 403:
                raise
        else:
            return
    if not resource.namespaced:
        yield from _read_one_by_one(cluster, resource, wanted)
        return
    for namespace in namespaces:
        yield from _list(cluster, resource, namespace, names)


def _list(cluster: Reader, resource: ResourceType, namespace: str, names: Collection[Name]) -> Iterator[Named]:
    try:
        for page in cluster.pages(resource, namespace=namespace):
            for item in page.items:
                metadata = item["metadata"]
                name = metadata.get("namespace", CLUSTER_SCOPE), metadata["name"]
                if name in names:
                    yield name, item
    except ClusterError as error:
        if error.status != 404:  # 404: the type went away since discovery
            raise
