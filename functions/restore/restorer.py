"""The order of a restore: verify, plan, apply, wait, report. Each is a module of its own; this one only calls them."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from kubestandby.groups import ProtectionGroup, RestoreMode
from kubestandby.ports import Clock, Cluster, ClusterIdentity
from kubestandby.reports import Change, ObjectResult, Purpose, RestoreReport
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotIndex

from .applier import Applier
from .inventory import Inventory, InventoryLedger
from .live_state import is_being_deleted, read_namespaces
from .planner import PlanInput, make_plan, objects_to_survey
from .plans import DesiredObject, Identity, Plan
from .rehearsing import rehearse
from .reporting import Happened, PhaseClock, RestoreContext, final_results, make_report
from .resolving import Resolver, definitions_among
from .restarts import Restarts, restart, workloads_to_restart
from .selection import SnapshotPair, select
from .settling import settle
from .survey import survey
from .verifying import verify
from .waiting import Grace, Waiter
from .waves import NAMESPACE

IN_FLIGHT = 16
"""Requests at the same time."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What all steps of one restore need."""

    group: ProtectionGroup
    site: SiteName
    index: SnapshotIndex
    mode: RestoreMode
    named: bool
    ledger: InventoryLedger
    pool: Executor
    phases: PhaseClock


@dataclass(frozen=True, slots=True)
class Restorer:
    """Brings one cluster to what a snapshot says.

    Attributes:
        in_flight: requests at the same time.
        grace: how long something may be stuck before it counts as stalled.
    """

    cluster: Cluster
    snapshots: SnapshotStore
    clock: Clock
    in_flight: int = IN_FLIGHT
    grace: Grace = field(default_factory=Grace)

    def plan(
        self,
        group: ProtectionGroup,
        site: SiteName,
        index: SnapshotIndex,
        *,
        mode: RestoreMode | None = None,
        named: bool = False,
    ) -> Plan:
        """What a restore in this mode (by default the group's) would do, without doing it; raises like `restore`."""
        with self._job(group, site, index, mode or group.restore.mode, named=named) as job:
            return self._plan(job)[0]

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
    ) -> RestoreReport:
        """Restores the snapshot. Doing it again converges to the same state, and writes nothing where that is reached.

        `named` says that an operator asked for just this snapshot: it may be incomplete or older than the last one.

        Raises:
            SnapshotError: the snapshot may not be restored here, or its bytes are not what its index says.
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
        with self._job(group, site, index, mode, named=named) as job:
            plan, inventory = self._plan(job)
            rehearsed = mode is RestoreMode.REHEARSE
            happened = self._rehearse(job, plan) if rehearsed else self._carry_out(job, plan, inventory)
            return make_report(index, plan, happened, context, job.phases)

    @contextmanager
    def _job(
        self, group: ProtectionGroup, site: SiteName, index: SnapshotIndex, mode: RestoreMode, *, named: bool
    ) -> Iterator[_Job]:
        ledger = InventoryLedger(self.cluster, group.name)
        with ThreadPoolExecutor(self.in_flight, thread_name_prefix="restore") as pool:
            yield _Job(group, site, index, mode, named, ledger, pool, PhaseClock(self.clock))

    def _plan(self, job: _Job) -> tuple[Plan, Inventory]:
        with job.phases.phase("verify"):
            target = self.cluster.identity()
            inventory = job.ledger.read()
            verify(job.group, job.site, job.index, target, inventory, named=job.named)
            objects = [(item.entry.ref, item.manifest) for item in self.snapshots.objects(job.index)]
        with job.phases.phase("plan"):
            return self._make_plan(job, target, objects), inventory

    def _make_plan(self, job: _Job, target: ClusterIdentity, objects: list[SnapshotPair]) -> Plan:
        resolver = Resolver(self.cluster.discover(), definitions_among(objects))
        used = {ref.namespace for ref, _ in objects if ref.namespace}
        live = read_namespaces(self.cluster, used | {ref.name for ref, _ in objects if ref.gvk.group_kind == NAMESPACE})
        active = frozenset(name for name, manifest in live.items() if not is_being_deleted(manifest))
        selection = select(objects, resolver, job.mode, live.keys())
        found = survey(self.cluster, job.pool, objects_to_survey(selection, active))
        settled = settle(self.cluster, job.pool, found.findings.values())
        return make_plan(
            PlanInput(
                group=job.group.name,
                site=job.site,
                snapshot=job.index.id,
                mode=job.mode,
                restart=job.group.restore.restart,
                target_cluster=target.uid,
                namespaces=job.index.namespaces,
                active_namespaces=active,
                selection=selection,
                survey=found,
                settled=settled,
            )
        )

    def _rehearse(self, job: _Job, plan: Plan) -> Happened:
        with job.phases.phase("apply"):
            return Happened(outcomes=rehearse(self.cluster, job.pool, plan))

    def _carry_out(self, job: _Job, plan: Plan, inventory: Inventory) -> Happened:
        with job.phases.phase("apply"):
            begun = _begun(plan, inventory)
            job.ledger.write(begun)
            outcomes = Applier(self.cluster, self.clock, job.pool).apply(plan)
            restarts = self._restart(job, plan, inventory, outcomes)
            job.ledger.write(replace(begun, pending_restarts=frozenset(restarts.failed)))
        happened = Happened(outcomes=outcomes, restarted=restarts.done, failed_restarts=restarts.failed)
        with job.phases.phase("wait"):
            waiter = Waiter(self.cluster, self.clock, job.pool, self.grace)
            workloads = waiter.wait(_present(plan, happened), job.group.restore.ready_timeout_seconds)
        return replace(happened, workloads=workloads)

    def _restart(
        self, job: _Job, plan: Plan, inventory: Inventory, outcomes: Mapping[Identity, ObjectResult]
    ) -> Restarts:
        """Restarts what the changes that came about ask for, and what an earlier restore has left undone."""
        came_about = (Change.CREATED, Change.CONFIGURED)
        sent = (item for wave in plan.waves for item in wave)
        changed = {item.identity: item for item in sent if outcomes[item.identity].change in came_about}
        due = workloads_to_restart(plan.desired, changed, job.group.restore.restart, job.mode)
        wanted = inventory.pending_restarts | {ref.identity for ref in due}
        chosen = [item for item in plan.desired if item.identity in wanted]
        return restart(self.cluster, job.pool, chosen, self.clock.now())


def _begun(plan: Plan, inventory: Inventory) -> Inventory:
    """The inventory as it has to be before the first object is sent."""
    refused = {result.ref.identity for result in plan.settled if result.change in (Change.BLOCKED, Change.FAILED)}
    owned = frozenset(item.identity for item in plan.desired if item.identity not in refused)
    return Inventory(
        snapshot=plan.snapshot,
        highest=max(plan.snapshot, inventory.highest or plan.snapshot),
        mode=plan.mode.value,
        owned=inventory.owned | owned,
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
