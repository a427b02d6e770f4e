"""What becomes of a restore for which rights are missing: it stops before its first write, or goes on and tells it.

A failover goes on with all that it may do, since its site is primary by then; plans and rehearsals write nothing.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from kubestandby.errors import NeedsPrivilegeError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.ports import Cluster
from kubestandby.privileges import Right
from kubestandby.reports import Change, RestoreReport
from kubestandby.rights.explaining import explained, needing_everything
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, Missing, needs_privilege, not_held
from kubestandby.rights.refused import refused_right
from kubestandby.rights.restoring import restore_rights
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import RBAC
from kubestandby.runtime.work import Result
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SnapshotIndex


@dataclass(slots=True)
class RightsWatch:
    """Watches one restore for missing rights.

    Attributes:
        goes_on: whether it carries on without them.
    """

    cluster: Cluster
    snapshots: SnapshotStore
    group: ProtectionGroup
    site: Site
    index: SnapshotIndex
    goes_on: bool = False
    _missing: Missing = field(default_factory=Missing)

    def see(self, missing: Missing) -> None:
        """Takes in what is missing for a plan.

        Raises:
            NeedsPrivilegeError: the restore does not go on without it.
        """
        self._missing = missing
        if not self.goes_on:
            raise self._error(missing)

    def explaining(self) -> AbstractContextManager[None]:
        """Turns a refusal to read what every restore has to read into all that is missing, at once."""
        return explained(lambda refused: self._error(self._all_missing(refused)))

    def told(self, result: Result, report: RestoreReport) -> Result:
        """The result, with what was missing."""
        missing = _merged(self._missing, _refused_in(report))
        if not missing or (report.succeeded and report.purpose != "plan"):
            return result
        return result.lacking(self._error(missing), result.message)

    def _error(self, missing: Missing) -> NeedsPrivilegeError:
        return needs_privilege(self.cluster, Duty.RESTORE, self.group, self.site, missing)

    def _all_missing(self, refused: Right) -> Missing:
        """What is missing for the kinds and namespaces of the snapshot, whatever of it differs on the cluster."""
        held = replace(self.index, types=tuple(one for one in self.index.types if one.count))
        objects = self.snapshots.all_objects(self.index)
        access = tuple(one.manifest for one in objects if one.entry.ref.gvk.group == RBAC)
        granted = restore_rights(needing_everything(self.group), self.site, Sources(index=held, access=access))
        found = not_held(granted, Held(self.cluster))
        spaces = {
            Right(verb="create", group="", resource="namespaces", name=name): f"Namespace {name}"
            for name in granted.namespaces
        }
        return Missing(rights={refused: "", **found.rights, **spaces}, by_hand=granted.by_hand)


def _merged(first: Missing, second: Missing) -> Missing:
    return Missing(rights=dict(sorted({**second.rights, **first.rights}.items())), by_hand=first.by_hand)


def _refused_in(report: RestoreReport) -> Missing:
    """Rights that the server refused while it was carried out."""
    found: dict[Right, str] = {}
    for result in report.results:
        right = refused_right(result.reason) if result.change in (Change.FAILED, Change.BLOCKED) else None
        if right is not None:
            found.setdefault(right, str(result.ref))
    return Missing(rights=found)
