"""The order of a restore: verify, plan, apply, wait, report. Each is a module of its own; this one only calls them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from kubestandby.errors import OutOfTimeError
from kubestandby.groups import ProtectionGroup, RestoreMode
from kubestandby.ports import Clock, Cluster
from kubestandby.reports import Change, ObjectResult, Purpose, RestoreReport, WorkloadStatus
from kubestandby.rights.missing import Missing
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex

from .applier import Applier
from .deleting import delete_pruned
from .early_lists import EarlyLists, worth_beginning
from .inventory import Inventory, InventoryLedger
from .planning import NOT_ALL_IS_IN_PLACE, Planning, RestoreTask, has_refusals
from .plans import DesiredObject, Identity, Plan, Uids
from .preflight import find_missing
from .pruning import put_off
from .readiness import is_awaited
from .rehearsing import rehearse
from .reporting import Happened, PhaseClock, RestoreContext, final_results, make_report
from .request_pool import RequestPool
from .resolving import Resolver
from .restarts import Restarts, restart, workloads_to_restart
from .selection import SnapshotPair
from .verifying import verify
from .waiting import Grace, Waiter

IN_FLIGHT = 16
"""Requests at the same time."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What all steps of one restore need."""

    task: RestoreTask
    ledger: InventoryLedger
    pool: Executor
    phases: PhaseClock


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: Plan
    inventory: Inventory
    overrides: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restorer:
    """Brings one cluster to what a snapshot says.

    Attributes:
        in_flight: requests at the same time.
        grace: how long something may be stuck before it counts as stalled.
        on_missing: called before the first write where rights are missing for what is planned; what it does not stop
            goes on. Without it nobody looks.
    """

    cluster: Cluster
    snapshots: SnapshotStore
    clock: Clock
    in_flight: int = IN_FLIGHT
    grace: Grace = field(default_factory=Grace)
    on_missing: Callable[[Missing], None] | None = None

    def plan(
        self,
        group: ProtectionGroup,
        site: SiteName,
        index: SnapshotIndex,
        *,
        mode: RestoreMode | None = None,
        named: bool = False,
        highest: SnapshotId | None = None,
    ) -> Plan:
        """What a restore in this mode (by default the group's) would do, without doing it; raises like `restore`."""
        task = RestoreTask(
            group=group, site=site, index=index, mode=mode or group.restore.mode, named=named, highest=highest
        )
        with self._job(task) as job:
            planned = self._plan(job)
            self._check_rights(job, planned)
            return planned.plan

    def restore(  # noqa: PLR0913  the facade: what a request says, each under its own name
        self,
        group: ProtectionGroup,
        site: SiteName,
        index: SnapshotIndex,
        *,
        mode: RestoreMode,
        purpose: Purpose,
        requested_at: datetime,
        request: str = "",
        rpo_seconds: float | None = None,
        named: bool = False,
        highest: SnapshotId | None = None,
        prune_all: bool = False,
        waited_seconds: float = 0.0,
    ) -> RestoreReport:
        """Restores the snapshot. Doing it again converges to the same state, and writes nothing where that is reached.

        `named` says that an operator asked for just this snapshot: it may be incomplete or older than the last one.
        `highest` is what the site has had by its own marks, whatever the cluster says.
        `prune_all` says that any number of objects that it does not hold may be deleted, where the group prunes.
        `waited_seconds` is for how long workloads were waited for already, in earlier calls of the same restore.

        Raises:
            OutOfTimeError: the platform's time for this call is over; the same again goes on.
            SnapshotError: the snapshot may not be restored here, its bytes are not what its index says, or what is
                sealed in it does not open.
            ConfigError: there is no key here that unseals it.
            RoleError: the cluster is the one that the snapshot was taken from.
            ClusterUnavailableError: the cluster cannot be reached; try again.
            ClusterError: the cluster refuses what concerns the restore as a whole.
        """
        context = RestoreContext(
            purpose=purpose,
            requested_at=requested_at,
            started_at=self.clock.now(),
            request=request,
            rpo_seconds=rpo_seconds,
        )
        task = RestoreTask(
            group=group,
            site=site,
            index=index,
            mode=mode,
            named=named,
            highest=highest,
            prune_all=prune_all,
            waited_seconds=waited_seconds,
        )
        with self._job(task) as job:
            planned = self._plan(job)
            self._check_rights(job, planned)
            plan, inventory = planned.plan, planned.inventory
            rehearsed = mode is RestoreMode.REHEARSE
            happened = self._rehearse(job, plan) if rehearsed else self._carry_out(job, plan, inventory)
            report = make_report(index, plan, happened, context, job.phases)
            return replace(report, overrides=planned.overrides)

    @contextmanager
    def _job(self, task: RestoreTask) -> Iterator[_Job]:
        ledger = InventoryLedger(self.cluster, task.group.name)
        with RequestPool(self.in_flight) as pool:
            yield _Job(task, ledger, pool, PhaseClock(self.clock))

    def _plan(self, job: _Job) -> _Planned:
        task = job.task
        with job.phases.phase("verify"):
            target = self.cluster.identity()
            inventory = job.ledger.read()
            overrides = verify(
                task.group, task.site, task.index, target, inventory, named=task.named, highest=task.highest
            )
            discovery = self.cluster.discover()
            lists = EarlyLists(self.cluster, job.pool)
            lists.begin(worth_beginning(task.index, Resolver(discovery, ())))
            objects = self._objects(task)
        with job.phases.phase("plan"):
            planning = Planning(self.cluster, job.pool, job.ledger, lists)
            plan = planning.plan(task, target, inventory, discovery, objects)
        return _Planned(plan, inventory, overrides)

    def _check_rights(self, job: _Job, planned: _Planned) -> None:
        if self.on_missing is None:
            return
        with job.phases.phase("plan"):
            is_first = planned.inventory.snapshot is None
            missing = find_missing(self.cluster, job.pool, planned.plan, job.ledger.name, is_first=is_first)
        if missing:
            self.on_missing(missing)

    def _objects(self, task: RestoreTask) -> list[SnapshotPair]:
        """Every object, Secrets unsealed: from here on they are in this process' memory and nowhere else.

        That exactly the Secrets are sealed was found out with the index and the archive (`SnapshotStore`).
        """
        unseal = self.snapshots.keyring.unsealer(task.index, task.site).unseal
        objects = self.snapshots.all_objects(task.index)
        return [(one.entry.ref, unseal(one.manifest) if one.entry.sealed else one.manifest) for one in objects]

    def _rehearse(self, job: _Job, plan: Plan) -> Happened:
        with job.phases.phase("apply"):
            return Happened(outcomes=rehearse(self.cluster, job.pool, plan))

    def _carry_out(self, job: _Job, plan: Plan, inventory: Inventory) -> Happened:
        with job.phases.phase("apply"):
            begun = _begun(plan, inventory)
            job.ledger.write(begun)
            applied = Applier(self.cluster, self.clock, job.pool).apply(plan)
            outcomes = applied.results
            restarts = self._restart(job, plan, inventory, outcomes)
            pruned = self._prune(job, plan, outcomes)
            done = _done(begun, plan.pruning.gone | _deleted(pruned), applied.unmarked)
            job.ledger.write(replace(done, pending_restarts=frozenset(restarts.failed)))
        happened = Happened(outcomes={**outcomes, **pruned}, restarted=restarts.done, failed_restarts=restarts.failed)
        with job.phases.phase("wait"):
            workloads = self._wait(job, plan, happened)
        return replace(happened, workloads=workloads)

    def _wait(self, job: _Job, plan: Plan, happened: Happened) -> tuple[WorkloadStatus, ...]:
        """Waits for what is there now, as long as is left of the group's time for that."""
        waiter = Waiter(self.cluster, self.clock, job.pool, self.grace)
        started = self.clock.now()
        awaited = [item for item in _present(plan, happened) if is_awaited(item.identity[:2], job.task.mode)]
        nothing_changed = _changed_nothing(happened)
        try:
            return waiter.wait(
                [item for item in awaited if not (nothing_changed and item.identity in plan.silent)],
                job.task.group.restore.ready_timeout_seconds,
                current=plan.current if nothing_changed else frozenset(),
                waited_seconds=job.task.waited_seconds,
            )
        except OutOfTimeError as error:
            error.waited_seconds = (self.clock.now() - started).total_seconds()
            raise

    def _prune(
        self, job: _Job, plan: Plan, outcomes: Mapping[Identity, ObjectResult]
    ) -> Mapping[Identity, ObjectResult]:
        if has_refusals(outcomes.values()):
            return {result.ref.identity: result for result in put_off(plan.pruning, NOT_ALL_IS_IN_PLACE).kept}
        return delete_pruned(self.cluster, self.clock, job.pool, plan.pruning)

    def _restart(
        self, job: _Job, plan: Plan, inventory: Inventory, outcomes: Mapping[Identity, ObjectResult]
    ) -> Restarts:
        """Restarts what the changes that came about ask for, and what an earlier restore has left undone."""
        came_about = (Change.CREATED, Change.CONFIGURED)
        sent = (item for wave in plan.waves for item in wave)
        changed = {item.identity: item for item in sent if outcomes[item.identity].change in came_about}
        due = workloads_to_restart(plan.desired, changed, job.task.group.restore.restart, job.task.mode)
        wanted = inventory.pending_restarts | {ref.identity for ref in due}
        chosen = [item for item in plan.desired if item.identity in wanted]
        return restart(self.cluster, job.pool, chosen, self.clock.now())


def _deleted(pruned: Mapping[Identity, ObjectResult]) -> frozenset[Identity]:
    return frozenset(identity for identity, result in pruned.items() if result.change is Change.PRUNED)


def _done(begun: Inventory, gone: frozenset[Identity], unmarked: Uids) -> Inventory:
    """The inventory as it is after the apply."""
    owned = begun.owned - gone
    known = {identity: uid for identity, uid in {**begun.unmarked, **unmarked}.items() if identity in owned}
    return replace(begun, owned=owned, unmarked=known)


def _changed_nothing(happened: Happened) -> bool:
    """Whether the standby is as it was when the plan was made, as far as this restore is concerned."""
    return not happened.outcomes and not happened.restarted


def _begun(plan: Plan, inventory: Inventory) -> Inventory:
    """The inventory as it has to be before the first object is sent."""
    not_ours = (Change.BLOCKED, Change.FAILED, Change.SKIPPED)
    refused = {result.ref.identity for result in plan.settled if result.change in not_ours}
    owned = frozenset(item.identity for item in plan.desired if item.identity not in refused)
    return Inventory(
        snapshot=plan.snapshot,
        highest=max(plan.snapshot, inventory.highest or plan.snapshot),
        mode=plan.mode.value,
        owned=inventory.owned | owned,
        unmarked=inventory.unmarked,
        pending_restarts=inventory.pending_restarts | {ref.identity for ref in plan.restarts},
    )


def _present(plan: Plan, happened: Happened) -> list[DesiredObject]:
    """The objects that are on the standby now, as far as this restore knows."""
    not_there: set[Identity] = {
        result.ref.identity
        for result in final_results(plan, happened)
        if result.change in (Change.BLOCKED, Change.FAILED, Change.SKIPPED)
    }
    return [item for item in plan.desired if item.identity not in not_there]
