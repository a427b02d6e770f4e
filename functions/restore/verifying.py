"""May this snapshot be restored on this cluster? Asked before anything else; changes nothing. Pure.

That the bytes are those of the index is checked while they are read (`SnapshotStore.objects`).
"""

from kubestandby.errors import IncompleteSnapshotError, RoleError, SnapshotError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import ClusterIdentity
from kubestandby.snapshots import SiteName, SnapshotIndex, Stage

from .inventory import Inventory

_SHOWN_FAILURES = 3


def verify(
    group: ProtectionGroup,
    site: SiteName,
    index: SnapshotIndex,
    target: ClusterIdentity,
    inventory: Inventory,
    *,
    named: bool,
) -> None:
    """Checks the index against the group, the target cluster and what was restored there before.

    `named` says that an operator asked for just this snapshot: it may be incomplete, or older than what the standby
    has.

    Raises:
        RoleError: the cluster is the one that the snapshot was taken from, or the site is, where an import could not
            ask which cluster that is.
        IncompleteSnapshotError: the export could not read everything.
        SnapshotError: of another group, not sanitized, or older than what the standby has.
        ConfigError: the group has no such site.
    """
    group.site(site)
    what = f"snapshot {index.id} of group {index.group}"
    if index.group != group.name:
        raise SnapshotError(f"{what} is not one of group {group.name}; check the store's URL in the configuration")
    if index.stage is not Stage.SANITIZED:
        raise SnapshotError(f"{what} is {index.stage}, only a sanitized one can be restored; wait for sanitize")
    if target.uid == index.source_cluster:
        raise RoleError(
            f"{what}: restore onto its own source refused: site {site} is the very cluster (UID {target.uid}) that it "
            f"was taken from at site {index.source_site}; check the kubeconfig and context of site {site}"
        )
    if not index.source_cluster and site == index.source_site:
        raise RoleError(
            f"{what}: restore onto its own source refused: it was imported for site {site}; name the other site"
        )
    if not named:
        _check_complete(index, what)
        _check_not_older(index, inventory, what)


def _check_complete(index: SnapshotIndex, what: str) -> None:
    if index.complete:
        return
    causes = "; ".join(index.failures[:_SHOWN_FAILURES])
    more = len(index.failures) - _SHOWN_FAILURES
    raise IncompleteSnapshotError(
        f"{what} is incomplete ({causes}{f'; and {more} more' if more > 0 else ''}); name it to restore it nevertheless"
    )


def _check_not_older(index: SnapshotIndex, inventory: Inventory, what: str) -> None:
    if inventory.highest is not None and index.id < inventory.highest:
        raise SnapshotError(
            f"{what} is older than {inventory.highest}, which the standby has already had; name it to go back to it"
        )
