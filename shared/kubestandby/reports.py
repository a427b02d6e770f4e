"""What a restore did or would do, object by object. Data only; `codec` gives it bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kubestandby.resources import ObjectRef
from kubestandby.snapshots import GroupName, SiteName, SnapshotId


class Purpose(StrEnum):
    """Why a restore ran: the pipeline by itself, an operator, a failover, or to see what would happen."""

    SYNC = "sync"
    RESTORE = "restore"
    FAILOVER = "failover"
    PLAN = "plan"


class Change(StrEnum):
    """What was done, or in a plan would be done, to one object (flux' words, and kubectl's)."""

    CREATED = "created"
    CONFIGURED = "configured"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    """Cannot be applied, known before trying: its kind is not served, its owner failed."""
    FAILED = "failed"
    """The server refused it."""
    PRUNED = "pruned"
    """Deleted: an earlier snapshot brought it, and this one does not hold it any more."""


class Readiness(StrEnum):
    """kstatus' words (sigs.k8s.io/cli-utils/pkg/kstatus)."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"
    NOT_FOUND = "NotFound"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One field that differs. Values are text, already masked where they are secret data."""

    path: str
    live: str
    desired: str


@dataclass(frozen=True, slots=True)
class Drift:
    """One field that somebody else (`manager`, of managedFields) has set on the live object beside what we set.

    The value is text, already masked where it is secret data.
    """

    path: str
    live: str
    manager: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectResult:
    """What became of one object. `reason` says why, where it is not simply created, configured or unchanged.

    Attributes:
        diffs: fields that this restore changed or would change.
        drift: fields that others have set and the snapshot does not have; the first few of them.
    """

    ref: ObjectRef
    change: Change
    reason: str = ""
    diffs: tuple[FieldDiff, ...] = ()
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadStatus:
    """How far a workload has come, in kstatus' words, with the reason where it is not Current."""

    ref: ObjectRef
    readiness: Readiness
    message: str = ""
    stalled: bool = False
    """It cannot progress by itself: paused, unschedulable, over quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """A restore, from request to the last workload.

    Attributes:
        phases: seconds per phase: verify, plan, apply, wait.
        images: every image that the snapshot's workloads need.
        rpo_seconds: age of the restored state at the moment of the request: proof of freshness, or taken_at.
        rto_seconds: request until every workload was Current; None where that did not happen.
        overrides: what would have stood in the way, had the operator not named the snapshot, or accepted its age.
        restarted: workloads restarted because a ConfigMap or Secret that they use changed.
        held_deletions: objects that would be pruned, but are so many that an operator has to say so first.
    """

    group: GroupName
    snapshot: SnapshotId
    purpose: Purpose
    mode: str
    site: SiteName
    target_cluster: str
    requested_at: datetime
    started_at: datetime
    finished_at: datetime
    results: tuple[ObjectResult, ...]
    workloads: tuple[WorkloadStatus, ...] = ()
    restarted: tuple[ObjectRef, ...] = ()
    images: tuple[str, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    rpo_seconds: float | None = None
    rto_seconds: float | None = None
    request: str = ""
    held_deletions: int = 0
    overrides: tuple[str, ...] = ()

    def count(self, change: Change) -> int:
        """How many objects had this outcome."""
        return sum(result.change is change for result in self.results)

    @property
    def succeeded(self) -> bool:
        """Whether nothing was refused, blocked or left short of Current."""
        refused = any(result.change in (Change.FAILED, Change.BLOCKED) for result in self.results)
        return not refused and all(status.readiness is Readiness.CURRENT for status in self.workloads)
