"""Puts together the report of a restore from what its phases have found. Pure, but for the phase clock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from kubestandby.groups import RestoreMode
from kubestandby.ports import Clock
from kubestandby.reports import Change, ObjectResult, Purpose, Readiness, RestoreReport, WorkloadStatus
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import SnapshotIndex

from .plans import Identity, Plan, in_report_order
from .readiness import is_watched

MAX_REPORTED_DRIFT = 2_000
"""Fields of all objects together that a report names: a side car's label on each of 10,000 objects is one story."""


@dataclass(slots=True)
class PhaseClock:
    """Measures the phases of a restore."""

    clock: Clock
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measures what happens inside; seconds of the same name add up."""
        started = self.clock.now()
        try:
            yield
        finally:
            elapsed = (self.clock.now() - started).total_seconds()
            self.seconds[name] = round(self.seconds.get(name, 0.0) + elapsed, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreContext:
    """Why and for whom a restore runs."""

    purpose: Purpose
    requested_at: datetime
    started_at: datetime
    request: str = ""
    rpo_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What came of a plan.

    Attributes:
        outcomes: of what it sends and deletes; where there is none, what the plan says stands.
        failed_restarts: workloads that were to be restarted and could not be, with the reason.
    """

    outcomes: Mapping[Identity, ObjectResult] = field(default_factory=dict)
    workloads: tuple[WorkloadStatus, ...] = ()
    restarted: tuple[ObjectRef, ...] = ()
    failed_restarts: Mapping[Identity, str] = field(default_factory=dict)


def make_report(
    index: SnapshotIndex, plan: Plan, happened: Happened, context: RestoreContext, phases: PhaseClock
) -> RestoreReport:
    """The report, as of now."""
    finished = phases.clock.now()
    results = final_results(plan, happened)
    all_run = context.purpose is not Purpose.PLAN and plan.mode is RestoreMode.HOT
    all_run = all_run and _all_current(results, happened.workloads)
    return RestoreReport(
        group=plan.group,
        snapshot=plan.snapshot,
        purpose=context.purpose,
        mode=plan.mode.value,
        site=plan.site,
        target_cluster=plan.target_cluster,
        requested_at=context.requested_at,
        started_at=context.started_at,
        finished_at=finished,
        results=results,
        workloads=happened.workloads,
        restarted=happened.restarted,
        images=tuple(sorted(image.reference for image in index.images)),
        phases=dict(phases.seconds),
        rpo_seconds=context.rpo_seconds,
        rto_seconds=(finished - context.requested_at).total_seconds() if all_run else None,
        request=context.request,
        held_deletions=plan.pruning.held,
    )


def final_results(plan: Plan, happened: Happened) -> tuple[ObjectResult, ...]:
    """The outcome of every object of the snapshot, in report order."""
    sent = [happened.outcomes.get(item.identity) or item.result() for wave in plan.waves for item in wave]
    deletions = (deletion for wave in plan.pruning.waves for deletion in wave)
    pruned = [happened.outcomes.get(deletion.ref.identity) or deletion.result for deletion in deletions]
    restored = [_with_restart(result, happened) for result in (*plan.settled, *sent)]
    return bounded(in_report_order([*restored, *plan.pruning.kept, *pruned]))


def bounded(results: tuple[ObjectResult, ...]) -> tuple[ObjectResult, ...]:
    """The results with no more drift in all of them together than a report should hold."""
    left = MAX_REPORTED_DRIFT
    if sum(len(result.drift) for result in results) <= left:
        return results
    bounded = []
    for result in results:
        bounded.append(replace(result, drift=result.drift[:left]))
        left -= len(bounded[-1].drift)
    return tuple(bounded)


def _with_restart(result: ObjectResult, happened: Happened) -> ObjectResult:
    failure = happened.failed_restarts.get(result.ref.identity)
    return replace(result, change=Change.FAILED, reason=failure) if failure else result


def _all_current(results: Iterable[ObjectResult], workloads: Sequence[WorkloadStatus]) -> bool:
    """Whether everything that runs is there and Current. A Pod left out on purpose does not count."""
    missing = any(r.change in (Change.FAILED, Change.BLOCKED) and is_watched(r.ref.gvk.group_kind) for r in results)
    return not missing and all(status.readiness is Readiness.CURRENT for status in workloads)


def in_a_sentence(report: RestoreReport) -> str:
    """What came of a restore, for its outcome; what is not in order comes last, with where to look."""
    counts = [(report.count(change), change) for change in Change]
    said = ", ".join(f"{count} {change}" for count, change in counts if count) or "no objects"
    sentence = f"snapshot {report.snapshot} ({report.purpose}, {report.mode}) at {report.site}: {said}"
    late = late_workloads(report)
    if late:
        others = f" and {len(late) - 1} more" if len(late) > 1 else ""
        sentence += f"; not Current: {late[0]}{others}, the report says why"
    if report.held_deletions:
        sentence += f"; {report.held_deletions} deletions are held, restore with --prune-all if they are right"
    return sentence


def late_workloads(report: RestoreReport) -> list[str]:
    """The workloads that did not become Current in time."""
    return [str(status.ref) for status in report.workloads if status.readiness is not Readiness.CURRENT]
