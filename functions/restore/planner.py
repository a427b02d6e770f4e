"""Makes the plan out of what is desired and what is live. Pure: reads no cluster, changes nothing."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from kubestandby.groups import RestartPolicy, RestoreMode
from kubestandby.reports import Change, ObjectResult
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

from .plans import DesiredObject, Identity, Plan, PlannedObject
from .restarts import workloads_to_restart
from .selection import Selection
from .survey import Survey
from .waves import order


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """Everything that a plan depends on.

    Attributes:
        namespaces: the group's, in dependency order.
        active_namespaces: on the standby and not being deleted.
        settled: what dry runs said about objects that seem to differ.
    """

    group: GroupName
    site: SiteName
    snapshot: SnapshotId
    mode: RestoreMode
    restart: RestartPolicy
    target_cluster: str
    namespaces: tuple[str, ...]
    active_namespaces: frozenset[str]
    selection: Selection
    survey: Survey
    settled: Mapping[Identity, PlannedObject | ObjectResult]


def make_plan(known: PlanInput) -> Plan:
    """Puts the plan together."""
    answers = [_answer(known, item) for item in known.selection.desired]
    planned = {answer.identity: answer for answer in answers if isinstance(answer, PlannedObject)}
    results = [answer for answer in answers if isinstance(answer, ObjectResult)]
    waves = order((item.desired for item in planned.values()), known.namespaces)
    desired = tuple(_as_sent(item, known) for item in known.selection.desired)
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
        restarts=workloads_to_restart(desired, planned, known.restart, known.mode),
    )


def objects_to_survey(selection: Selection, active_namespaces: Set[str]) -> list[DesiredObject]:
    """The objects that can be on the standby at all: of a served kind, in a namespace that is there to stay."""
    return [
        item
        for item in selection.desired
        if item.served and (not item.ref.namespace or item.ref.namespace in active_namespaces)
    ]


def _answer(known: PlanInput, item: DesiredObject) -> PlannedObject | ObjectResult:
    unreadable = known.survey.unreadable.get(item.resource.gvk.group_kind)
    if unreadable:
        return ObjectResult(ref=item.ref, change=Change.BLOCKED, reason=unreadable)
    finding = known.survey.findings.get(item.identity)
    if finding is None:
        return PlannedObject(desired=item, change=Change.CREATED, reason=item.note)
    if finding.being_deleted:
        reason = "made anew when the live one, which is being deleted, is gone"
        return PlannedObject(desired=item, change=Change.CREATED, reason=reason, awaits_deletion=True)
    return known.settled.get(item.identity) or ObjectResult(ref=item.ref, change=Change.UNCHANGED, reason=item.note)


def _as_sent(item: DesiredObject, known: PlanInput) -> DesiredObject:
    """The object with what the live state made of it (an autoscaler's replicas)."""
    finding = known.survey.findings.get(item.identity)
    return finding.desired if finding else item
