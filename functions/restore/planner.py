"""Makes the plan out of what is desired and what is live. Pure: reads no cluster, changes nothing."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

from kubestandby.groups import ConflictPolicy, RestoreMode, RestoreSettings
from kubestandby.reports import Change, ObjectResult
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

from .owners import descendants, linked
from .plans import DesiredObject, Identity, Plan, PlannedObject
from .resolving import Resolver, Unresolved
from .restarts import workloads_to_restart
from .selection import Selection
from .survey import Survey
from .waves import definitions, order

Answer = PlannedObject | ObjectResult

_OWNER_REMADE = "linked to its owner, which is made anew"
_NOT_IN_FORCE = frozenset({Change.BLOCKED, Change.FAILED, Change.SKIPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything that a plan depends on.

    Attributes:
        settings: the group's `spec.restore`; the mode in it may be another than that of this restore.
        namespaces: the group's, in dependency order.
        active_namespaces: on the standby and not being deleted.
        settled: what dry runs said about objects that seem to differ.
    """

    group: GroupName
    site: SiteName
    snapshot: SnapshotId
    mode: RestoreMode
    settings: RestoreSettings
    target_cluster: str
    namespaces: tuple[str, ...]
    active_namespaces: frozenset[str]
    resolver: Resolver
    selection: Selection
    survey: Survey
    settled: Mapping[Identity, Answer]


def make_plan(known: PlanInput) -> Plan:
    """Puts the plan together, but for what is pruned."""
    answered = {item.identity: _answer(known, item) for item in known.selection.desired}
    answers, remade = _with_remade_owners(known, _with_definitions(known, answered))
    planned = {identity: answer for identity, answer in answers.items() if isinstance(answer, PlannedObject)}
    results = [answer for answer in answers.values() if isinstance(answer, ObjectResult)]
    waves = order((item.desired for item in planned.values()), known.namespaces)
    desired = tuple(_as_sent(item, planned, known) for item in known.selection.desired)
    return Plan(
        group=known.group,
        site=known.site,
        snapshot=known.snapshot,
        mode=known.mode,
        target_cluster=known.target_cluster,
        waves=tuple(tuple(planned[identity] for identity in wave) for wave in waves),
        settled=(*known.selection.left_out, *results),
        desired=desired,
        namespaces=known.active_namespaces,
        restarts=workloads_to_restart(desired, planned, known.settings.restart, known.mode),
        uids={identity: uid for identity, uid in known.survey.uids.items() if identity not in remade},
        current=frozenset(identity for identity, finding in known.survey.findings.items() if finding.current),
        silent=frozenset(identity for identity, finding in known.survey.findings.items() if finding.silent),
    )


def objects_to_survey(selection: Selection, active_namespaces: Set[str], resolver: Resolver) -> list[DesiredObject]:
    """The objects that can be on the standby at all: of a served kind, in a namespace that is there to stay.

    What only a definition of the snapshot will serve is looked for in the version that the standby has of it.
    """
    there = [item for item in selection.desired if not item.ref.namespace or item.ref.namespace in active_namespaces]
    served = (item if item.served else resolver.without_definition(item) for item in there)
    return [item for item in served if isinstance(item, DesiredObject)]


def _answer(known: PlanInput, item: DesiredObject) -> Answer:
    unreadable = known.survey.unreadable.get(item.resource.gvk.group_kind)
    if unreadable:
        return ObjectResult(ref=item.ref, change=Change.BLOCKED, reason=unreadable)
    finding = known.survey.findings.get(item.identity)
    if finding is None:
        return _created(known, item)
    if finding.being_deleted:
        reason = "made anew when the live one, which is being deleted, is gone"
        return PlannedObject(desired=item, change=Change.CREATED, reason=reason, awaits_deletion=True)
    if not item.served:
        return replace(_created(known, item), change=Change.CONFIGURED)
    unchanged = ObjectResult(ref=item.ref, change=Change.UNCHANGED, reason=item.note, drift=finding.drift)
    return known.settled.get(item.identity) or unchanged


def _created(known: PlanInput, item: DesiredObject) -> PlannedObject:
    """Somebody may be faster, and `skip` leaves theirs alone then, too."""
    force = known.settings.conflict is not ConflictPolicy.SKIP
    desired = linked(item, known.survey.uids)
    return PlannedObject(desired=desired, change=Change.CREATED, reason=item.note, force=force)


def _with_definitions(known: PlanInput, answers: Mapping[Identity, Answer]) -> Mapping[Identity, Answer]:
    """Objects that only a definition of the snapshot would have served, where that does not come into force."""
    off = {
        kind
        for kind, definition in definitions(known.selection.desired)
        if answers[definition.identity].change in _NOT_IN_FORCE
    }
    if not off:
        return answers
    return {identity: _without_definition(known, answer, off) for identity, answer in answers.items()}


def _without_definition(known: PlanInput, answer: Answer, off: Set[tuple[str, str]]) -> Answer:
    if not isinstance(answer, PlannedObject) or answer.identity[:2] not in off or answer.desired.served:
        return answer
    other = known.resolver.without_definition(answer.desired)
    if isinstance(other, Unresolved):
        return ObjectResult(ref=answer.desired.ref, change=Change.BLOCKED, reason=other.reason)
    return _answer(known, other)


def _with_remade_owners(
    known: PlanInput, answers: Mapping[Identity, Answer]
) -> tuple[Mapping[Identity, Answer], frozenset[Identity]]:
    """What a recreated object owns may be collected with it: it is sent again. Also gives all that are made anew."""
    recreated = {
        identity
        for identity, answer in answers.items()
        if isinstance(answer, PlannedObject) and (answer.recreates or answer.awaits_deletion)
    }
    if not recreated:
        return answers, frozenset()
    heirs = descendants(recreated, known.selection.desired)
    sent_again = {identity: _sent_again(known, answer) for identity, answer in answers.items() if identity in heirs}
    return {**answers, **sent_again}, frozenset(recreated | heirs)


def _sent_again(known: PlanInput, answer: Answer) -> Answer:
    if isinstance(answer, PlannedObject) or answer.change is not Change.UNCHANGED:
        return answer
    finding = known.survey.findings[answer.ref.identity]
    desired = replace(finding.desired, note=_OWNER_REMADE)
    return PlannedObject(desired=desired, change=Change.CONFIGURED, reason=_OWNER_REMADE)


def _as_sent(item: DesiredObject, planned: Mapping[Identity, PlannedObject], known: PlanInput) -> DesiredObject:
    """The object with what the live state made of it (an autoscaler's replicas, another version)."""
    sent = planned.get(item.identity)
    if sent is not None:
        return sent.desired
    finding = known.survey.findings.get(item.identity)
    return finding.desired if finding else item
