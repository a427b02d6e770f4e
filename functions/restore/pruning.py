"""What earlier snapshots brought and this one does not hold any more: what of it is deleted, and what stays.

Deleted is only what is ours: the inventory holds it, the live object still has fields that we own (an object that
others have made anew under its name has none) or, where it has no fields, is the very one, and no other group has
brought it too. Never what data or other objects
would go with: namespaces, definitions, volumes, claims, and objects that own claims.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.reports import Change, ObjectResult
from kubestandby.resources import Manifest, ObjectRef, ResourceType

from .claims import OwnedClaims
from .comparing import is_ours
from .live_state import Name, is_being_deleted, read_all
from .plans import Deletion, DesiredObject, GroupKind, Identity, Pruning, Uids
from .refusals import describe
from .resolving import Resolver
from .waves import CRD, NAMESPACE, order

LARGEST_SHARE = 0.2
"""Of the inventory that goes without a word of an operator: more is rather a mistake on the primary."""

NEVER: Set[GroupKind] = frozenset({NAMESPACE, CRD, ("", "PersistentVolume"), ("", "PersistentVolumeClaim")})

_NOT_HELD = "the snapshot does not hold it any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneInput:
    """What it depends on.

    Attributes:
        owned: the group's inventory.
        unmarked: UIDs of those of them on which we own no field.
        others: what other groups have brought.
        in_snapshot: everything in the snapshot, whatever becomes of it.
        namespaces: in dependency order.
        prune_all: whether an operator has said that any number may go.
    """

    owned: Set[Identity]
    unmarked: Uids
    others: Set[Identity]
    in_snapshot: Set[Identity]
    namespaces: Sequence[str]
    prune_all: bool


@dataclass(slots=True)
class _Found:
    unmarked: Uids
    claims: OwnedClaims
    deletable: list[DesiredObject]
    uids: dict[Identity, str]
    kept: list[ObjectResult]
    gone: set[Identity]


def find_prunable(cluster: Cluster, resolver: Resolver, known: PruneInput) -> Pruning:
    """Looks at the live objects and decides. Reads only.

    Raises:
        ClusterUnavailableError: the cluster did not answer within its budget.
    """
    candidates = known.owned - known.in_snapshot
    found = _Found(known.unmarked, OwnedClaims(cluster), [], {}, [], set(candidates & known.others))
    for resource, names in _by_type(candidates - known.others, resolver).items():
        _look(cluster, resource, names, found)
    if len(found.deletable) > LARGEST_SHARE * len(known.owned) and not known.prune_all:
        return _held(found, len(known.owned))
    waves = [
        tuple(Deletion(ref=item.ref, resource=item.resource, uid=found.uids[item.identity]) for item in wave)
        for wave in _in_reverse(found.deletable, known.namespaces)
    ]
    return Pruning(waves=tuple(waves), kept=tuple(found.kept), gone=frozenset(found.gone))


def put_off(pruning: Pruning, reason: str) -> Pruning:
    """Nothing is deleted now, and why."""
    waiting = [deletion.result for wave in pruning.waves for deletion in wave]
    kept = [replace(result, change=Change.SKIPPED, reason=f"{_NOT_HELD}; {reason}") for result in waiting]
    return replace(pruning, waves=(), kept=(*pruning.kept, *kept))


def _by_type(identities: Iterable[Identity], resolver: Resolver) -> Mapping[ResourceType, set[Name]]:
    """By the standby's types; what it does not serve now is left for another day."""
    found: dict[ResourceType, set[Name]] = defaultdict(set)
    for group, kind, namespace, name in identities:
        resource = resolver.type_of((group, kind))
        if resource is not None and resource.namespaced == bool(namespace):
            found[resource].add((namespace, name))
    return found


def _look(cluster: Cluster, resource: ResourceType, names: set[Name], found: _Found) -> None:
    try:
        live = read_all(cluster, resource, names)
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        refs = (ObjectRef(resource.gvk, namespace, name) for namespace, name in sorted(names))
        found.kept.extend(_kept(ref, f"not deleted, since it cannot be read: {describe(error)}") for ref in refs)
        return
    for namespace, name in sorted(names):
        _sort(ObjectRef(resource.gvk, namespace, name), resource, live.get((namespace, name)), found)


def _sort(ref: ObjectRef, resource: ResourceType, live: Manifest | None, found: _Found) -> None:
    unmarked = live is not None and found.unmarked.get(ref.identity) == live["metadata"]["uid"]
    if live is None or is_being_deleted(live) or not (unmarked or is_ours(live)):
        found.gone.add(ref.identity)
        return
    if ref.gvk.group_kind in NEVER:
        found.kept.append(_kept(ref, f"a {ref.gvk.kind} is never deleted by a restore: do it by hand"))
        return
    if reason := _held_by_claims(found.claims, live):
        found.kept.append(_kept(ref, f"not deleted, since {reason}"))
        return
    found.deletable.append(DesiredObject(ref=ref, resource=resource, manifest=live))
    found.uids[ref.identity] = live["metadata"]["uid"]


def _held_by_claims(claims: OwnedClaims, live: Manifest) -> str:
    """Why the object stays for the sake of claims, "" where it need not."""
    try:
        owned = claims.of(live)
    except ClusterUnavailableError:
        raise
    except ClusterError as error:
        return f"it cannot be read which claims would go with it: {describe(error)}"
    return f"its claims ({', '.join(owned)}) would go with it" if owned else ""


def _held(found: _Found, total: int) -> Pruning:
    count = len(found.deletable)
    reason = f"held: {count} of {total} objects would go; restore with --prune-all if that is right"
    held = [_kept(item.ref, reason) for item in found.deletable]
    return Pruning(kept=(*found.kept, *held), gone=frozenset(found.gone), held=count)


def _kept(ref: ObjectRef, reason: str) -> ObjectResult:
    return ObjectResult(ref=ref, change=Change.SKIPPED, reason=f"{_NOT_HELD}; {reason}")


def _in_reverse(deletable: Sequence[DesiredObject], namespaces: Sequence[str]) -> list[list[DesiredObject]]:
    by_identity = {item.identity: item for item in deletable}
    waves = [[by_identity[identity] for identity in wave] for wave in order(deletable, namespaces)]
    return waves[::-1]
