"""Which claims would go, and their data with them, if an object were deleted."""

from kubestandby.ports import Cluster
from kubestandby.resources import GVK, Manifest, ResourceType

from .references import children

CLAIMS = ResourceType(GVK("", "v1", "PersistentVolumeClaim"), "persistentvolumeclaims", namespaced=True)


def claims_of(cluster: Cluster, owner: Manifest) -> list[str]:
    """Names of the claims in the object's namespace that name it as an owner: the garbage collector would take them.

    A StatefulSet owns those of its `persistentVolumeClaimRetentionPolicy.whenDeleted: Delete`.

    Raises:
        ClusterError: they cannot be listed.
    """
    uid, namespace = owner["metadata"]["uid"], owner["metadata"].get("namespace", "")
    if not namespace:
        return []
    pages = cluster.pages(CLAIMS, namespace=namespace)
    return [claim["metadata"]["name"] for page in pages for claim in page.items if _is_owned(claim, uid)]


def _is_owned(claim: Manifest, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in children(claim, "metadata", "ownerReferences"))
