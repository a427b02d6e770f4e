"""Tells the other site in which versions this site's cluster serves what it serves: exports there are in those."""

import logging

from kubestandby.errors import ClusterError, ConfigError
from kubestandby.groups import ClusterAccess, ProtectionGroup, Site
from kubestandby.ports import Discovery
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.served_versions import ServedVersions, served_versions

_LOG = logging.getLogger(__name__)


class VersionsTeller:
    """Tells for all groups. Asks each cluster once: one that does not answer is waited for once, not for each group."""

    def __init__(self, context: Context) -> None:
        """`context`: of one tick."""
        self._context = context
        self._found: dict[tuple[str, ClusterAccess], Discovery | ClusterError | ConfigError] = {}

    def tell(self, group: ProtectionGroup, site: Site) -> ServedVersions | None:
        """Tells what has changed since it was last told, if anything; nothing while the cluster cannot be asked.

        Returns what holds now; None where nothing was ever told.

        Raises:
            StoreError: the other site's control bucket cannot be used.
        """
        other = group.other_site(site.name)
        records = self._context.served(other)
        before = records.newest(group.name, site.name)
        found = self._discovery(site)
        if not isinstance(found, Discovery):
            _LOG.warning("versions_not_told", extra={"with": other.name, **error_facts(found)})
            return before
        served = served_versions(group.name, site.name, found, before)
        if served != before:
            records.tell(served, self._context.clock.now())
            _LOG.info("versions_told", extra={"told": other.name})
        return served

    def _discovery(self, site: Site) -> Discovery | ClusterError | ConfigError:
        """What the site's cluster serves, or why it could not be asked."""
        key = site.name, site.cluster
        if key not in self._found:
            try:
                self._found[key] = self._context.cluster(site).discover()
            except (ClusterError, ConfigError) as error:
                self._found[key] = error
        return self._found[key]
