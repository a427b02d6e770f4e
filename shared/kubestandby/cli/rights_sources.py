"""Where `rbac` learns which types and objects a group carries: the site's cluster, and a snapshot."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from kubestandby.adapters.kube_cluster import connect
from kubestandby.cli.reading import Reading, attempt
from kubestandby.cli.session import snapshots_at
from kubestandby.errors import ConfigError, SnapshotNotFoundError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.ports import Discovery
from kubestandby.resources import Manifest
from kubestandby.rights.grants import Duty
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import RBAC
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the rights are to be told from.

    Attributes:
        snapshot: this one; None is the newest complete one.
        offline: from that alone: the cluster is not asked.
    """

    snapshot: SnapshotId | None = None
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Learnt:
    """The sources of a group's rights, and a sentence on each: what was used, what could not be."""

    sources: Sources
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _FoundIndex:
    site: Site
    index: SnapshotIndex


def learn(group: ProtectionGroup, site: Site, duty: Duty, asked: Asked) -> Learnt:
    """Reads what can be read.

    Raises:
        SnapshotNotFoundError: the snapshot that is asked for is nowhere.
        ConfigError: neither the cluster nor a snapshot tells anything.
    """
    found = attempt(lambda: _index(group, site, duty, asked.snapshot))
    if found.value is None and asked.offline:
        raise SnapshotNotFoundError(found.unreachable)
    cluster = None if asked.offline else attempt(lambda: connect(site.cluster, site=site.name).discover())
    discovery = cluster.value if cluster else None
    notes = [*_on_cluster(site, cluster), _on_snapshot(group, found)]
    if discovery is None and found.value is None:
        raise ConfigError(f"group {group.name}: {'; '.join(notes)}")
    sources = Sources(
        discovery=discovery,
        index=found.value.index if found.value else None,
        access=_access(found.value) if found.value and duty is Duty.RESTORE else (),
    )
    return Learnt(sources, (*notes, *_gaps(sources)))


def _on_cluster(site: Site, cluster: Reading[Discovery] | None) -> list[str]:
    if cluster is None:
        return []
    if cluster.value is None:
        return [f"the cluster of {site.name} was not asked for its types: {cluster.unreachable}"]
    return [f"the cluster of {site.name} tells which types it serves"]


def _on_snapshot(group: ProtectionGroup, found: Reading[_FoundIndex]) -> str:
    if found.value is None:
        return (
            f"there is no snapshot to look into ({found.unreachable}): rights on its cluster-scoped objects, and on the"
            " roles that it binds, come with one; run this again then"
        )
    index, place = found.value.index, found.value.site.name
    return f"snapshot {index.id} ({index.stage}, at {place}) tells which objects group {group.name} has"


def _index(group: ProtectionGroup, site: Site, duty: Duty, wanted: SnapshotId | None) -> _FoundIndex:
    """The snapshot as it comes to the site, or leaves it; the other site's where there is none of its own yet."""
    order = (Stage.SANITIZED, Stage.RAW) if duty is Duty.RESTORE else (Stage.RAW, Stage.SANITIZED)
    other = group.other_site(site.name)
    unread = ""
    for stage, place in ((order[0], site), (order[1], other), (order[1], site), (order[0], other)):
        reading = attempt(partial(_at, group, place, stage, wanted))
        if reading.value is not None:
            return _FoundIndex(place, reading.value)
        unread = unread or reading.unreachable
    named = f"snapshot {wanted}" if wanted else "complete snapshot"
    raise SnapshotNotFoundError(unread or f"group {group.name} has no {named} at a site that can be reached")


def _at(group: ProtectionGroup, site: Site, stage: Stage, wanted: SnapshotId | None) -> SnapshotIndex | None:
    store = snapshots_at(site)
    if wanted is None:
        return store.newest_complete(stage, group.name)
    return store.read_index(stage, group.name, wanted) if wanted in store.ids(stage, group.name) else None


def _access(found: _FoundIndex) -> tuple[Manifest, ...]:
    """The Roles, ClusterRoles and bindings of a snapshot, every byte verified."""
    objects = snapshots_at(found.site).all_objects(found.index)
    return tuple(one.manifest for one in objects if one.entry.ref.gvk.group == RBAC)


def _gaps(sources: Sources) -> Iterator[str]:
    """Types on which nothing is granted, since too little is known of them."""
    for name, why in (sources.discovery.failures if sources.discovery else {}).items():
        yield f"API group {name} could not be discovered ({why}): nothing is granted on it"
    if sources.untold:
        yield f"of {', '.join(sources.untold)} nobody says whether they have namespaces: nothing is granted on them"
