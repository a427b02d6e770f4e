"""The way from a namespace of the primary to the same one of the standby, without functions and buckets between."""

from dataclasses import replace
from typing import Any

from functions.export.exporter import Exporter
from functions.restore.restorer import Restorer
from functions.sanitize.sanitizer import sanitize_snapshot
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.groups import ClusterAccess, ProtectionGroup, RestoreMode
from kubestandby.ports import Cluster
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.served_versions import ServedVersions, served_versions
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SnapshotIndex
from tests.fakes.keys import snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.integration.restore.shop import QUICK
from tests.testbed.access import ClusterAccess as TestCluster
from tests.unit.restore.samples import EAST, WEST, group


def group_of(space: str, restore: dict[str, Any] | None = None, **changes: Any) -> ProtectionGroup:
    """A group with this one namespace."""
    settings = {"ready_timeout_seconds": 30, **(restore or {})}
    return replace(group(**settings), name=GroupName(space), namespaces=(space,), **changes)


def exported(
    primary: TestCluster, protected: ProtectionGroup, there: ServedVersions | None = None
) -> tuple[SnapshotStore, SnapshotIndex]:
    """A sanitized snapshot of what the primary has now."""
    access = ClusterAccess(kubeconfig=primary.kubeconfig, context=primary.context)
    raw, sanitized = snapshot_store(MemoryStore()), snapshot_store(MemoryStore())
    taken = Exporter(connect(access, site="east"), raw, SystemClock()).export(protected, EAST, 1, there).index
    assert taken.complete, taken.failures
    return sanitized, sanitize_snapshot(raw, sanitized, protected, taken.id).index


def cross(primary: TestCluster, standby: Cluster, protected: ProtectionGroup, *, told: bool = False) -> RestoreReport:
    """Exports, sanitizes and restores; `told`: the standby has told the primary what it serves."""
    there = served_versions(protected.name, WEST, standby.discover(), None) if told else None
    snapshots, index = exported(primary, protected, there)
    restorer = Restorer(standby, snapshots, SystemClock(), grace=QUICK)
    return restorer.restore(
        protected, WEST, index, mode=RestoreMode.HOT, purpose=Purpose.RESTORE, requested_at=SystemClock().now()
    )
