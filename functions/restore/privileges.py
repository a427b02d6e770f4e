"""What becomes of a restore for which rights are missing: it stops before its first write, or goes on and tells it.

A failover goes on with all that it may do, since its site is primary by then; plans and rehearsals write nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from kubestandby.errors import ClusterError, NeedsPrivilegeError
from kubestandby.groups import Kinds, ProtectionGroup, RightsSettings, Site
from kubestandby.ports import Cluster
from kubestandby.privileges import Right
from kubestandby.reports import Change, RestoreReport
from kubestandby.requests import NEEDS_PRIVILEGE, Verdict
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, Missing, needs_privilege, not_held
from kubestandby.rights.refused import refused_right
from kubestandby.rights.restoring import restore_rights
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import RBAC
from kubestandby.runtime.work import Result
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SnapshotIndex

_ANYTHING = RightsSettings(allow=Kinds(every=True))


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

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turns a refusal to read what every restore has to read into all that is missing, at once."""
        try:
            yield
        except NeedsPrivilegeError:
            raise
        except ClusterError as error:
            right = refused_right(str(error)) if error.status == 403 else None
            if right is None:
                raise
            raise self._error(self._all_that_is_missing(right)) from error

    def told(self, result: Result, report: RestoreReport) -> Result:
        """The result, with what was missing."""
        missing = _merged(self._missing, _refused_in(report))
        if not missing or (report.succeeded and report.purpose != "plan"):
            return result
        error = self._error(missing)
        details = {**result.details, NEEDS_PRIVILEGE: dict(error.needs)}
        return replace(result, verdict=Verdict.NEEDS_PRIVILEGE, message=f"{result.message}; {error}", details=details)

    def _error(self, missing: Missing) -> NeedsPrivilegeError:
        return needs_privilege(self.cluster, Duty.RESTORE, self.group, self.site, missing)

    def _all_that_is_missing(self, right: Right) -> Missing:
        """What is missing for the kinds and namespaces of the snapshot, whatever of it differs on the cluster."""
        held = replace(self.index, types=tuple(one for one in self.index.types if one.count))
        objects = self.snapshots.all_objects(self.index)
        access = tuple(one.manifest for one in objects if one.entry.ref.gvk.group == RBAC)
        group = replace(self.group, rights=_ANYTHING)
        granted = restore_rights(group, self.site, Sources(index=held, access=access))
        found = not_held(granted, Held(self.cluster))
        spaces = {
            Right(verb="create", group="", resource="namespaces", name=name): f"Namespace {name}"
            for name in granted.namespaces
        }
        return Missing(rights={right: "", **found.rights, **spaces}, by_hand=granted.by_hand)


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
