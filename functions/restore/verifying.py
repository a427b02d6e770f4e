"""May this snapshot be restored on this cluster? Asked before anything else; changes nothing. Pure.

That the bytes are those of the index is checked while they are read (`SnapshotStore.objects`).
"""

from collections.abc import Iterator

from kubestandby.errors import IncompleteSnapshotError, ReplayedSnapshotError, RoleError, SnapshotError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import ClusterIdentity
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex, Stage

from .inventory import Inventory

_SHOWN_FAILURES = 3


def verify(  # noqa: PLR0913 - what the index is held against
    group: ProtectionGroup,
    site: SiteName,
    index: SnapshotIndex,
    target: ClusterIdentity,
    inventory: Inventory,
    *,
    named: bool,
    highest: SnapshotId | None = None,
) -> tuple[str, ...]:
    """Checks the index against the group, the target cluster and what was restored there before.

    `named` says that an operator asked for just this snapshot: it may be incomplete, or older than what the standby has
    had, in this cluster or (`highest`) by the site's marks. Returns what was passed over for that.

    Raises:
        RoleError: the cluster is the one that the snapshot was taken from, or the site is, where an import could not
            ask which cluster that is.
        IncompleteSnapshotError: the export could not read everything.
        ReplayedSnapshotError: older than what the standby has had.
        SnapshotError: of another group, or not sanitized.
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
    objections = [fault for fault in _objections(index, inventory, highest, what) if fault]
    if objections and not named:
        raise objections[0]
    return tuple(str(fault) for fault in objections)


def _objections(
    index: SnapshotIndex, inventory: Inventory, highest: SnapshotId | None, what: str
) -> Iterator[SnapshotError | None]:
    """What only an operator who names the snapshot may pass over."""
    yield _incomplete(index, what)
    yield _older(index, max(filter(None, (inventory.highest, highest)), default=None), what)


def _incomplete(index: SnapshotIndex, what: str) -> SnapshotError | None:
    if index.complete:
        return None
    causes = "; ".join(index.failures[:_SHOWN_FAILURES])
    more = len(index.failures) - _SHOWN_FAILURES
    return IncompleteSnapshotError(
        f"{what} is incomplete ({causes}{f'; and {more} more' if more > 0 else ''}); name it to restore it nevertheless"
    )


def _older(index: SnapshotIndex, highest: SnapshotId | None, what: str) -> SnapshotError | None:
    if highest is None or index.id >= highest:
        return None
    return ReplayedSnapshotError(
        f"{what} is older than {highest}, which the standby has already had; name it to go back to it"
    )
