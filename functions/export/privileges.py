"""What becomes of an export for which rights are missing: all of them are told at once, with what grants them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kubestandby.errors import ClusterError
from kubestandby.groups import Kinds, ProtectionGroup, RightsSettings, Site
from kubestandby.ports import Cluster
from kubestandby.requests import NEEDS_PRIVILEGE, Verdict
from kubestandby.rights.exporting import export_rights
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, Missing, needs_privilege, not_held
from kubestandby.rights.refused import refused_right
from kubestandby.rights.sources import Sources
from kubestandby.runtime.work import Result

from .committing import ExportResult

_ANYTHING = RightsSettings(allow=Kinds(every=True))


@dataclass(frozen=True, slots=True)
class ExportRights:
    """Looks after the rights of one export."""

    cluster: Cluster
    group: ProtectionGroup
    site: Site

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turns a refusal to read what every export has to read into all that is missing, at once."""
        try:
            yield
        except ClusterError as error:
            right = refused_right(str(error)) if error.status == 403 else None
            if right is None:
                raise
            group = replace(self.group, rights=_ANYTHING)
            granted = export_rights(group, self.site, Sources(discovery=self.cluster.discover()))
            found = not_held(granted, Held(self.cluster))
            missing = Missing(rights={right: "", **found.rights})
            raise needs_privilege(self.cluster, Duty.EXPORT, self.group, self.site, missing) from error

    def told(self, result: Result, exported: ExportResult) -> Result:
        """The result, with the types that may not be listed."""
        if not exported.refused:
            return result
        missing = Missing(rights=dict.fromkeys(sorted(exported.refused), ""))
        error = needs_privilege(self.cluster, Duty.EXPORT, self.group, self.site, missing)
        details = {**result.details, NEEDS_PRIVILEGE: dict(error.needs)}
        message = f"snapshot {exported.index.id} is incomplete; {error}"
        return replace(result, verdict=Verdict.NEEDS_PRIVILEGE, message=message, details=details)
