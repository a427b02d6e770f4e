"""What a request means to export: whether this site may export now, and what came of it."""

import logging
from contextlib import suppress
from time import monotonic

from kubestandby.epochs import FIRST_EPOCH, Epoch, begin_epoch
from kubestandby.errors import ObjectExistsError, RoleError, StoreError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Action
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.runtime.work import Handlers, RequestedWork, Result
from kubestandby.served_versions import ServedVersions

from .committing import ExportResult
from .exporter import Exporter
from .importing import carry_out_import
from .privileges import ExportRights
from .results import result_of
from .sweeper import Sweeper
from .telling_versions import VersionsTeller

_LOG = logging.getLogger(__name__)


def handlers(context: Context) -> Handlers:
    """What the export function does: exports on request, and with every tick makes good what events left undone."""
    return Handlers(carry_out=_Export(context).carry_out, tick=Sweeper(context).sweep)


class _Export:
    def __init__(self, context: Context) -> None:
        self._context = context

    def carry_out(self, work: RequestedWork) -> Result:
        """Exports the group at the request's site, or imports what the request brings along.

        Raises:
            RoleError: another site is primary.
            StandbyError: what the cluster or the store raised.
        """
        started = monotonic()
        epoch = self._epoch_here(work.group, work.site)
        if work.request.action is Action.IMPORT:
            return carry_out_import(self._context, work, epoch.number)
        cluster = self._context.cluster(work.site)
        exporter = Exporter(
            cluster,
            self._context.snapshots(work.site),
            self._context.clock,
            page_size=work.site.limits.page_size,
        )
        rights = ExportRights(cluster, work.group, work.site)
        with rights.explaining():
            exported = exporter.export(work.group, work.site.name, epoch.number, self._served_there(work))
        self._share(work.group, work.site, exported)
        return rights.told(result_of(exported, round(monotonic() - started, 3)), exported)

    def _served_there(self, work: RequestedWork) -> ServedVersions | None:
        """What the other site has told of itself. It lies at this one: known when the other is out of reach, too.

        Where nothing has been told yet and the other site is this process' business too, it is told now: the first
        export and the first tick come at the same time.
        """
        group, other = work.group, work.group.other_site(work.site.name)
        told = self._context.served(work.site).newest(group.name, other.name)
        if told is None and other in self._context.served_sites(group):
            return VersionsTeller(self._context).tell(group, other)
        return told

    def _share(self, group: ProtectionGroup, site: Site, exported: ExportResult) -> None:
        """Copies a heartbeat to the other site, so that it can be read there when this one is gone."""
        if exported.heartbeat is None:
            return
        other = group.other_site(site.name)
        try:
            self._context.snapshots(other).take_in(exported.heartbeat)
        except StoreError as error:
            _LOG.warning("heartbeat_not_shared", extra={"with": other.name, **error_facts(error)})

    def _epoch_here(self, group: ProtectionGroup, site: Site) -> Epoch:
        """The current epoch, which names this site; the first one is written down at its first export."""
        roles = self._context.roles(group)
        for name in roles.unreachable:
            _LOG.warning("control_bucket_unreachable", extra={"site_unreachable": name})
        epoch = roles.epoch
        if epoch.primary != site.name:
            raise RoleError(
                f"group {group.name}: {site.name} may not export: {epoch.primary} is primary since epoch"
                f" {epoch.number}; ask {epoch.primary}, or fail over to {site.name}"
            )
        if epoch.number == FIRST_EPOCH and not roles.record:
            with suppress(ObjectExistsError):
                begin_epoch(self._context.store(site.control), self._context.keyring(site), epoch)
        return epoch
