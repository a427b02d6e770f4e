"""Which claims would go, and their data with them, if an object were deleted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.resources import GVK, Manifest, ResourceType

from .references import children

CLAIMS = ResourceType(GVK("", "v1", "PersistentVolumeClaim"), "persistentvolumeclaims", namespaced=True)

Owned = Mapping[str, Sequence[str]]
"""Names of claims by the UID of an owner."""


class OwnedClaims:
    """The claims of many objects: those of a namespace are listed when the first object in it is asked about.

    Asking for each object would make one list of the same claims for each of hundreds of candidates.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._by_namespace: dict[str, Owned | ClusterError] = {}

    def of(self, owner: Manifest) -> Sequence[str]:
        """Names of the claims in the object's namespace that name it as an owner: the garbage collector takes them.

        A StatefulSet owns those of its `persistentVolumeClaimRetentionPolicy.whenDeleted: Delete`.

        Raises:
            ClusterError: they cannot be listed; a refusal is remembered, too.
        """
        namespace = owner["metadata"].get("namespace", "")
        if not namespace:
            return []
        if namespace not in self._by_namespace:
            self._by_namespace[namespace] = _listed_or_refused(self._cluster, namespace)
        owned = self._by_namespace[namespace]
        if isinstance(owned, ClusterError):
            raise owned
        return owned.get(owner["metadata"]["uid"], [])


def claims_of(cluster: Cluster, owner: Manifest) -> Sequence[str]:
    """The same of one object alone; raises like `OwnedClaims.of`."""
    return OwnedClaims(cluster).of(owner)


def _listed_or_refused(cluster: Cluster, namespace: str) -> Owned | ClusterError:
    try:
        return _listed(cluster, namespace)
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        return error


def _listed(cluster: Cluster, namespace: str) -> Owned:
    found: dict[str, list[str]] = defaultdict(list)
    for page in cluster.pages(CLAIMS, namespace=namespace):
        for claim in page.items:
            for uid in {owner.get("uid") for owner in children(claim, "metadata", "ownerReferences")}:
                found[str(uid)].append(claim["metadata"]["name"])
    return found
