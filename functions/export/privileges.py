"""What becomes of an export for which rights are missing: all of them are told at once, with what grants them."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from kubestandby.errors import NeedsPrivilegeError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.ports import Cluster
from kubestandby.privileges import Right
from kubestandby.rights.explaining import explained, needing_everything
from kubestandby.rights.exporting import export_rights
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, Missing, needs_privilege, not_held
from kubestandby.rights.sources import Sources
from kubestandby.runtime.work import Result

from .committing import ExportResult


@dataclass(frozen=True, slots=True)
class ExportRights:
    """Looks after the rights of one export."""

    cluster: Cluster
    group: ProtectionGroup
    site: Site

    def explaining(self) -> AbstractContextManager[None]:
        """Turns a refusal to read what every export has to read into all that is missing, at once."""
        return explained(self._all_missing)

    def told(self, result: Result, exported: ExportResult) -> Result:
        """The result, with the types that may not be listed."""
        if not exported.refused:
            return result
        error = self._error(Missing(rights=dict.fromkeys(sorted(exported.refused), "")))
        return result.lacking(error, f"snapshot {exported.index.id} is incomplete")

    def _error(self, missing: Missing) -> NeedsPrivilegeError:
        return needs_privilege(self.cluster, Duty.EXPORT, self.group, self.site, missing)

    def _all_missing(self, refused: Right) -> NeedsPrivilegeError:
        sources = Sources(discovery=self.cluster.discover())
        granted = export_rights(needing_everything(self.group), self.site, sources)
        found = not_held(granted, Held(self.cluster))
        return self._error(Missing(rights={refused: "", **found.rights}))
