"""Finds out what a restore would do: reads the standby, asks it in dry runs, and puts the plan together."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from kubestandby.errors import FormatError
from kubestandby.groups import ConflictPolicy, ProtectionGroup, RestoreMode
from kubestandby.ports import Cluster, ClusterIdentity, Discovery
from kubestandby.reports import Change, ObjectResult
from kubestandby.snapshots import SiteName, SnapshotId, SnapshotIndex

from .inventory import Inventory, InventoryLedger
from .live_state import Reader, is_being_deleted, read_namespaces
from .planner import PlanInput, make_plan, objects_to_survey
from .plans import Plan, Pruning
from .pruning import PruneInput, find_prunable, put_off
from .resolving import Resolver, definitions_among
from .selection import SnapshotPair, select
from .settling import settle
from .survey import survey
from .waves import NAMESPACE

_LOG = logging.getLogger(__name__)

NOT_ALL_IS_IN_PLACE = "not deleted while other objects cannot be restored"
"""What would take a deleted object's place may be just what was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTask:
    """What is to be restored, where, and how.

    Attributes:
        named: whether an operator asked for just this snapshot.
        prune_all: whether any number of objects may be pruned.
        highest: the newest snapshot that the site has had, by its marks.
        waited_seconds: how long workloads were waited for already, in earlier calls of the same restore.
    """

    group: ProtectionGroup
    site: SiteName
    index: SnapshotIndex
    mode: RestoreMode
    named: bool
    prune_all: bool = False
    highest: SnapshotId | None = None
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Planning:
    """Makes plans for one cluster; `pool` decides how many requests are in flight.

    Attributes:
        lists: of the same cluster; some may have begun already.
    """

    cluster: Cluster
    pool: Executor
    ledger: InventoryLedger
    lists: Reader

    def plan(
        self,
        task: RestoreTask,
        target: ClusterIdentity,
        inventory: Inventory,
        discovery: Discovery,
        objects: Sequence[SnapshotPair],
    ) -> Plan:
        """The plan. Reads only.

        Raises:
            ClusterUnavailableError: the cluster cannot be reached.
            ClusterError: its namespaces cannot be read.
        """
        resolver = Resolver(discovery, definitions_among(objects))
        plan = self._plan_of_objects(task, target, inventory, resolver, objects)
        return replace(plan, pruning=self._pruning(task, resolver, inventory, objects, plan))

    def _plan_of_objects(
        self,
        task: RestoreTask,
        target: ClusterIdentity,
        inventory: Inventory,
        resolver: Resolver,
        objects: Sequence[SnapshotPair],
    ) -> Plan:
        settings = task.group.restore
        used = {ref.namespace for ref, _ in objects if ref.namespace}
        live = read_namespaces(self.cluster, used | {ref.name for ref, _ in objects if ref.gvk.group_kind == NAMESPACE})
        active = frozenset(name for name, manifest in live.items() if not is_being_deleted(manifest))
        selection = select(objects, resolver, task.mode, live.keys(), task.group.exclude_kinds)
        exact = settings.conflict is ConflictPolicy.REPLACE
        found = survey(self.lists, self.pool, objects_to_survey(selection, active, resolver), exact=exact)
        settled = settle(self.cluster, self.pool, found.findings.values(), settings, inventory.unmarked)
        return make_plan(
            PlanInput(
                group=task.group.name,
                site=task.site,
                snapshot=task.index.id,
                mode=task.mode,
                settings=settings,
                target_cluster=target.uid,
                namespaces=task.index.namespaces,
                active_namespaces=active,
                resolver=resolver,
                selection=selection,
                survey=found,
                settled=settled,
            )
        )

    def _pruning(
        self,
        task: RestoreTask,
        resolver: Resolver,
        inventory: Inventory,
        objects: Iterable[SnapshotPair],
        plan: Plan,
    ) -> Pruning:
        """What the snapshot does not hold any more. An incomplete one may just not have been able to read it."""
        left_out = {identity for identity in inventory.owned if task.group.exclude_kinds.holds(*identity[:2])}
        in_snapshot = frozenset(ref.identity for ref, _ in objects) | left_out  # of those the snapshot says nothing
        if not task.group.restore.prune or not task.index.complete or inventory.owned <= in_snapshot:
            return Pruning()
        try:
            others = self.ledger.owned_by_others()
        except FormatError as error:
            _LOG.warning("nothing_pruned", extra={"reason": str(error)})
            return Pruning()
        known = PruneInput(
            owned=inventory.owned,
            unmarked=inventory.unmarked,
            others=others,
            in_snapshot=in_snapshot,
            namespaces=task.index.namespaces,
            prune_all=task.prune_all,
        )
        pruning = find_prunable(self.cluster, resolver, known)
        return put_off(pruning, NOT_ALL_IS_IN_PLACE) if has_refusals(plan.settled) else pruning


def has_refusals(results: Iterable[ObjectResult]) -> bool:
    """Whether anything cannot be restored."""
    return any(result.change in (Change.BLOCKED, Change.FAILED) for result in results)
