"""What a restore is going to do, as data: made by `planner`, carried out by `applier`, shown by `reporting`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, Drift, FieldDiff, ObjectResult
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

Identity = tuple[str, str, str, str]
"""(group, kind, namespace, name): `ObjectRef.identity`."""

GroupKind = tuple[str, str]
"""(group, kind): `GVK.group_kind`."""

Uids = Mapping[Identity, str]
"""UIDs of live objects, as far as they are known."""

MAX_REPORTED_DIFFS = 50
"""How many fields of one object a report names; what is left out is counted in the reason."""


@dataclass(frozen=True, slots=True)
class OwnerLink:
    """An owner that the object is to have, and the OwnerReference to it but for the UID."""

    owner: Identity
    reference: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DesiredObject:
    """One object as the standby is to have it.

    Attributes:
        ref: as the snapshot names it.
        resource: the standby's type of it; its version may be another than the snapshot's.
        manifest: at the resource's version and as the restore mode wants it.
        note: what was decided about it and the operator should know, "" for nothing.
        served: whether the standby serves the kind already; else a definition in the snapshot will make it.
        owners: objects of this restore; the manifest has references to those of which the UID is known.
        identity: the same object in whatever version.
    """

    ref: ObjectRef
    resource: ResourceType
    manifest: Manifest
    note: str = ""
    served: bool = True
    owners: tuple[OwnerLink, ...] = ()
    identity: Identity = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reckons the identity once: a plan asks for it a dozen times."""
        object.__setattr__(self, "identity", self.ref.identity)


class Method(StrEnum):
    """How an object is sent."""

    APPLY = "apply"
    """Server-side apply."""
    WHOLE = "whole"
    """Created or replaced whole, where server-side apply cannot express the object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedObject:
    """One object that will be sent.

    Attributes:
        change: created or configured.
        live_version: resourceVersion of the live object, "" where there is none.
        awaits_deletion: the live object is being deleted; this one comes when that one is gone.
        refused: what the server said against it in a dry run, "" where it said nothing.
        force: whether fields are taken from others who own them.
        strip: whether what only others have set is taken away after that.
        recreates: UID of the live object that is deleted first, "" where none is.
        drift: fields that others have set beside ours.
    """

    desired: DesiredObject
    change: Change
    reason: str = ""
    diffs: tuple[FieldDiff, ...] = ()
    drift: tuple[Drift, ...] = ()
    force: bool = True
    strip: bool = False
    recreates: str = ""
    method: Method = Method.APPLY
    live_version: str = ""
    awaits_deletion: bool = False
    refused: str = ""

    @property
    def identity(self) -> Identity:
        """Of the desired object."""
        return self.desired.identity

    def result(self, change: Change | None = None, reason: str | None = None) -> ObjectResult:
        """The outcome for the report: as planned, or as it came."""
        words = self.reason if reason is None else reason
        left_out = len(self.diffs) - MAX_REPORTED_DIFFS
        if left_out > 0:
            words = f"{words}; " * bool(words) + f"{left_out} more fields differ"
        shown = self.diffs[:MAX_REPORTED_DIFFS]
        return ObjectResult(
            ref=self.desired.ref, change=change or self.change, reason=words, diffs=shown, drift=self.drift
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """One object that earlier snapshots brought and this one does not hold. `resource` is the standby's type of it."""

    ref: ObjectRef
    resource: ResourceType
    uid: str

    @property
    def result(self) -> ObjectResult:
        """The outcome for the report."""
        return ObjectResult(ref=self.ref, change=Change.PRUNED, reason="the snapshot does not hold it any more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What will be deleted after everything has been applied.

    Attributes:
        waves: in this order; a wave starts when the objects of the one before are gone.
        kept: objects that stay although the snapshot does not hold them, with the reason.
        gone: what the inventory holds and the standby, or our claim to it, does not any more.
        held: how many deletions are held until an operator says so.
    """

    waves: tuple[tuple[Deletion, ...], ...] = ()
    kept: tuple[ObjectResult, ...] = ()
    gone: frozenset[Identity] = frozenset()
    held: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a restore will send, in waves, and what became of the rest.

    Attributes:
        waves: what is sent; a wave starts when the one before has ended, its objects are sent at the same time.
        settled: objects that are not sent: unchanged, skipped, blocked, or refused for good by a dry run.
        desired: all objects that the standby should have, sent or not.
        namespaces: namespaces that are on the standby now and not being deleted.
        restarts: workloads to restart after the apply, because a ConfigMap or Secret that they use changes.
        uids: of owners that are on the standby now, and will still be after the apply.
        current: what a restore waits for, and was as desired and Current when the plan was made.
        silent: of them, custom resources on which nobody reports.
    """

    group: GroupName
    site: SiteName
    snapshot: SnapshotId
    mode: RestoreMode
    target_cluster: str
    waves: tuple[tuple[PlannedObject, ...], ...]
    settled: tuple[ObjectResult, ...]
    desired: tuple[DesiredObject, ...]
    namespaces: frozenset[str]
    restarts: tuple[ObjectRef, ...] = ()
    uids: Uids = field(default_factory=dict)
    current: frozenset[Identity] = frozenset()
    silent: frozenset[Identity] = frozenset()
    pruning: Pruning = Pruning()

    @property
    def results(self) -> tuple[ObjectResult, ...]:
        """The planned outcome of every object, in a fixed order."""
        sent = [planned.result() for wave in self.waves for planned in wave]
        pruned = [deletion.result for wave in self.pruning.waves for deletion in wave]
        return in_report_order([*self.settled, *sent, *self.pruning.kept, *pruned])

    @property
    def changes_nothing(self) -> bool:
        """Whether nothing would be sent and nothing is in the way."""
        in_the_way = (Change.BLOCKED, Change.FAILED)
        nothing_to_do = not self.waves and not self.restarts and not self.pruning.waves
        return nothing_to_do and not any(r.change in in_the_way for r in self.settled)


def in_report_order(results: list[ObjectResult]) -> tuple[ObjectResult, ...]:
    """Sorts results by namespace, kind and name: the same restore always gives the same report."""
    return tuple(sorted(results, key=lambda r: (r.ref.namespace, r.ref.gvk.kind, r.ref.gvk.group, r.ref.name)))
