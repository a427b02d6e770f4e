"""What somebody asks a function to do, and what came of it: the objects behind every trigger. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kubestandby.layout import Action
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

NEEDS_PRIVILEGE = "needsPrivilege"
"""The key in an outcome's details of what rights are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What a request to import brings along, and what is asked for.

    Attributes:
        payload: the name of the manifests' object, the last part of its key; `sha256` (hex) and `size` (bytes) are its.
        files: what the files were called, for people; no paths.
        namespace: of objects that name none and need one; "" where none is given.
        keep_all: also cluster-scoped objects that nothing in the group's namespaces needs.
        as_of: when the state was read, where that is known: an archive keeps it.
    """

    payload: str
    sha256: str
    size: int
    files: tuple[str, ...] = ()
    namespace: str = ""
    keep_all: bool = False
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPart:
    """What one call did of a request's work, before its time was over and another call went on.

    Attributes:
        request: name of the request that the call worked on.
        began_at, seconds: when the call began to work, and for how long it did.
        before: the step that there was no time for.
        written: objects that it wrote to the cluster.
        waited_seconds: how long it waited for workloads that were all sent.
        told_to_end: whether it was the process that was told to end, not the call's time that was over.
    """

    request: str
    began_at: datetime
    seconds: float
    before: str
    written: int = 0
    waited_seconds: float = 0.0
    told_to_end: bool = False

    @property
    def got_on(self) -> bool:
        """Whether the work is nearer to its end than before; a call that was ended early says nothing about that."""
        return self.written > 0 or self.waited_seconds > 0 or self.told_to_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, written once to the control bucket of the site that is to do the work.

    Attributes:
        name: `<time>-<action>-<id>`, the last part of the object's key.
        origin: who asked: "timer", "webhook", "operator", "tick".
        snapshot: the snapshot to work on; None means the newest complete one.
        to: for a failover: the site that becomes primary.
        accept_stale: for a failover: this snapshot is to be restored although it is stale.
        mode: for a restore: rehearse, warm or hot; "" means the group's own.
        continues: name of the request that this one pushes again, "" for a first one. Its outcome goes there.
        attempt: 1 for a first one.
        order: for an import.
        prune_all: for a restore: any number of objects that the snapshot does not hold may be deleted, where the group
            prunes.
        parts: what calls before this one did of the same work.
        after_epoch: for a failover: the number of the epoch that held when it was asked for; it begins the next one.
        after_sha256: of that epoch's record as it is stored, "" where there is none.
    """

    group: GroupName
    name: str
    action: Action
    origin: str
    requested_at: datetime
    snapshot: SnapshotId | None = None
    to: SiteName | None = None
    accept_stale: SnapshotId | None = None
    mode: str = ""
    continues: str = ""
    attempt: int = 1
    order: ImportOrder | None = None
    prune_all: bool = False
    parts: tuple[WorkPart, ...] = ()
    after_epoch: int = 0
    after_sha256: str = ""

    @property
    def outcome_name(self) -> str:
        """The name under which the outcome is written."""
        return self.continues or self.name


class Verdict(StrEnum):
    """How a request ended."""

    DONE = "done"
    UNCHANGED = "unchanged"
    """Nothing was to be done: the state is that of the newest snapshot, or the standby is as desired."""
    INCOMPLETE = "incomplete"
    """Done in part: a snapshot with failures, a restore in which some objects failed."""
    REFUSED = "refused"
    """May not be done: wrong role, wrong snapshot."""
    NEEDS_PRIVILEGE = "needs-privilege"
    """Not done, or done in part, for lack of rights on a cluster: `needsPrivilege` in the details says which."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a request; its creation tells whoever waits.

    Attributes:
        message: one sentence for the operator; the error where there was one.
        report: key of the restore report in the data bucket, "" where there is none.
        details: figures for the operator (counts, seconds); never manifest data. Where rights are missing, in
            `needsPrivilege` which, whose, and the RBAC objects that an administrator applies.
    """

    group: GroupName
    request: str
    verdict: Verdict
    message: str
    finished_at: datetime
    snapshot: SnapshotId | None = None
    report: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def needs_privilege(self) -> Mapping[str, Any]:
        """What rights are missing: `identity`, `site`, `missing` and `manifest`; empty where none are."""
        needs = self.details.get(NEEDS_PRIVILEGE)
        return needs if isinstance(needs, Mapping) else {}
