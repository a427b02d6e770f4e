"""Decides for each object of a snapshot whether the standby should have it, as which type, and in which form. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubestandby.groups import NO_KINDS, OWN_NAMESPACE, Kinds, RestoreMode
from kubestandby.reports import Change, ObjectResult
from kubestandby.resources import Manifest, ObjectRef

from .latecomers import Older
from .modes import project, skip_reason
from .owners import links, unpack
from .plans import DesiredObject, Identity
from .resolving import Resolver, Unresolved, at_version
from .sleeping import reason_to_wait, sleeping_services
from .waves import NAMESPACE

SnapshotPair = tuple[ObjectRef, Manifest]
References = dict[Identity, tuple[Mapping[str, Any], ...]]

_LATER = "made after the Pods that this mode does not start, which it would limit or change"
_NOT_CARRIED = "the group does not carry its kind (spec.excludeKinds)"
_OURS = "kubestandby's own records stay on the cluster that they are about"


@dataclass(frozen=True, slots=True)
class Selection:
    """`desired` is what the standby should have; `left_out` is what it will not, with the reasons."""

    desired: tuple[DesiredObject, ...]
    left_out: tuple[ObjectResult, ...]


def select(
    objects: Iterable[SnapshotPair],
    resolver: Resolver,
    mode: RestoreMode,
    live_namespaces: Collection[str],
    exclude: Kinds = NO_KINDS,
) -> Selection:
    """Sorts the objects out; `live_namespaces` are those on the standby, `exclude` kinds that the group leaves out."""
    pairs = list(objects)
    pending = Older.among(pair for pair in pairs if skip_reason(pair[0], mode))
    sleeping = sleeping_services(pairs, mode)
    namespaces = {ref.name for ref, _ in pairs if ref.gvk.group_kind == NAMESPACE} | set(live_namespaces)
    excluded = {kind for kind in {ref.gvk.group_kind for ref, _ in pairs} if exclude.holds(*kind)}
    desired: list[DesiredObject] = []
    left_out: list[ObjectResult] = []
    references: References = {}
    for ref, manifest in pairs:
        if ref.gvk.group_kind in excluded:
            left_out.append(ObjectResult(ref=ref, change=Change.SKIPPED, reason=_NOT_CARRIED))
            continue
        if pending.are_any and any(pending.spared_by(ref, manifest)):
            left_out.append(ObjectResult(ref=ref, change=Change.SKIPPED, reason=_LATER))
            continue
        if asleep := reason_to_wait(ref, manifest, sleeping):
            left_out.append(ObjectResult(ref=ref, change=Change.SKIPPED, reason=asleep))
            continue
        unpacked = unpack(manifest)
        answer = _select_one(ref, unpacked.manifest, resolver, mode, namespaces)
        if isinstance(answer, ObjectResult):
            left_out.append(answer)
            continue
        desired.append(answer)
        if unpacked.references:
            references[answer.identity] = unpacked.references
    return Selection(tuple(_with_owners(desired, references, resolver)), tuple(left_out))


def _with_owners(desired: list[DesiredObject], references: References, resolver: Resolver) -> list[DesiredObject]:
    """Ties the objects to those of their owners that are restored, too."""
    if not references:
        return desired
    by_identity = {item.identity: item for item in desired}

    def tied(item: DesiredObject) -> DesiredObject:
        found, lost = links(item.ref, references.get(item.identity, ()), by_identity, resolver.will_serve)
        note = f"without its owner {', '.join(lost)}, which is not restored" if lost else item.note
        return replace(item, owners=found, note=note)

    return [tied(item) if item.identity in references else item for item in desired]


def _select_one(
    ref: ObjectRef, manifest: Manifest, resolver: Resolver, mode: RestoreMode, namespaces: Collection[str]
) -> DesiredObject | ObjectResult:
    skipped = _OURS if _is_ours(ref) else skip_reason(ref, mode)
    if skipped:
        return ObjectResult(ref=ref, change=Change.SKIPPED, reason=skipped)
    resolved = resolver.resolve(ref)
    if isinstance(resolved, Unresolved):
        return ObjectResult(ref=ref, change=Change.BLOCKED, reason=resolved.reason)
    resource = resolved.resource
    if ref.namespace and ref.namespace not in namespaces:
        reason = f"namespace {ref.namespace} is neither in the snapshot nor on the standby; create it there"
        return ObjectResult(ref=ref, change=Change.BLOCKED, reason=reason)
    if resource.namespaced != bool(ref.namespace):
        scope = "namespaced" if resource.namespaced else "cluster-scoped"
        reason = f"kind {ref.gvk.kind} is {scope} on the standby and was not on the primary; align its definition"
        return ObjectResult(ref=ref, change=Change.BLOCKED, reason=reason)
    wanted = at_version(project(ref, manifest, mode), resource)
    return DesiredObject(ref=ref, resource=resource, manifest=wanted, served=resolved.served)


def _is_ours(ref: ObjectRef) -> bool:
    """Whether the object is kubestandby's own, of a cluster that was a standby itself; each cluster keeps its own."""
    return ref.namespace == OWN_NAMESPACE or (ref.gvk.group_kind == NAMESPACE and ref.name == OWN_NAMESPACE)
