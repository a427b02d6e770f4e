"""What the report of a restore says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.restore.plans import Plan
from functions.restore.reporting import Happened, PhaseClock, RestoreContext, in_a_sentence, make_report
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, ObjectResult, Purpose, Readiness, RestoreReport, WorkloadStatus
from kubestandby.resources import ObjectRef
from kubestandby.snapshots import GroupName
from tests.fakes.fake_clock import FakeClock
from tests.unit.restore.samples import FIRST, NOON, WEST, config_map, stored, workload

WEB, SETTINGS = ObjectRef.of(workload()), ObjectRef.of(config_map())


def report(
    *results: ObjectResult,
    mode: RestoreMode = RestoreMode.HOT,
    purpose: Purpose = Purpose.FAILOVER,
    **happened: Any,
) -> RestoreReport:
    plan = Plan(
        group=GroupName("shop"),
        site=WEST,
        snapshot=FIRST,
        mode=mode,
        target_cluster="",
        waves=(),
        settled=results,
        desired=(),
        namespaces=frozenset(),
    )
    context = RestoreContext(purpose=purpose, requested_at=NOON, started_at=NOON)
    phases = PhaseClock(FakeClock(NOON + timedelta(seconds=9)))
    return make_report(stored()[1], plan, Happened(**happened), context, phases)


def result(ref: ObjectRef, change: Change) -> ObjectResult:
    return ObjectResult(ref=ref, change=change)


def test_the_time_to_recovery_ends_when_everything_is_current() -> None:
    current = (WorkloadStatus(ref=WEB, readiness=Readiness.CURRENT),)

    assert report(result(WEB, Change.CREATED), workloads=current).rto_seconds == 9.0


def test_there_is_none_while_something_is_not_current() -> None:
    waiting = (WorkloadStatus(ref=WEB, readiness=Readiness.IN_PROGRESS),)

    assert report(result(WEB, Change.CREATED), workloads=waiting).rto_seconds is None


@pytest.mark.parametrize("change", [Change.FAILED, Change.BLOCKED])
def test_there_is_none_where_a_workload_is_missing(change: Change) -> None:
    assert report(result(WEB, change)).rto_seconds is None


def test_what_does_not_run_does_not_count() -> None:
    assert report(result(SETTINGS, Change.FAILED)).rto_seconds == 9.0


@pytest.mark.parametrize("mode", [RestoreMode.WARM, RestoreMode.REHEARSE])
def test_nothing_recovers_in_the_other_modes(mode: RestoreMode) -> None:
    assert report(mode=mode).rto_seconds is None


def test_a_plan_recovers_nothing() -> None:
    assert report(purpose=Purpose.PLAN).rto_seconds is None


def test_a_restart_that_failed_is_the_workloads_outcome() -> None:
    found = report(result(WEB, Change.UNCHANGED), failed_restarts={WEB.identity: "no rights"})

    assert found.results == (ObjectResult(ref=WEB, change=Change.FAILED, reason="no rights"),)
    assert not found.succeeded


@pytest.mark.parametrize(
    ("readiness", "said"),
    [
        ([], "1 created"),
        ([Readiness.CURRENT], "1 created"),
        ([Readiness.IN_PROGRESS], "1 created; not Current: Deployment.apps shop/web, the report says why"),
        ([Readiness.FAILED] * 3, "1 created; not Current: Deployment.apps shop/web and 2 more, the report says why"),
    ],
    ids=["none", "current", "one", "several"],
)
def test_the_sentence_says_what_is_not_current(readiness: list[Readiness], said: str) -> None:
    workloads = tuple(WorkloadStatus(ref=WEB, readiness=one) for one in readiness)

    found = in_a_sentence(report(result(WEB, Change.CREATED), workloads=workloads))

    assert found == f"snapshot 1-1 (failover, hot) at west: {said}"


def test_the_sentence_says_what_is_held() -> None:
    found = in_a_sentence(replace(report(), held_deletions=4))

    assert found.endswith("no objects; 4 deletions are held, restore with --prune-all if they are right")


def test_seconds_of_the_same_phase_add_up() -> None:
    clock = FakeClock(NOON)
    phases = PhaseClock(clock)
    for seconds in (1.5, 2.0):
        with phases.phase("apply"):
            clock.advance(seconds)

    assert phases.seconds == {"apply": 3.5}
