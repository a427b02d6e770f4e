"""Tells the other site in which versions this site's cluster serves what it serves: exports there are in those."""

import logging

from kubestandby.errors import ClusterError, ConfigError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.runtime.context import Context
from kubestandby.runtime.logs import error_facts
from kubestandby.served_versions import served_versions

_LOG = logging.getLogger(__name__)


def tell_versions(context: Context, group: ProtectionGroup, site: Site) -> None:
    """Tells what has changed since it was last told, if anything; nothing while the cluster cannot be asked.

    Raises:
        StoreError: the other site's control bucket cannot be used.
    """
    other = group.other_site(site.name)
    records = context.served(other)
    before = records.newest(group.name, site.name)
    try:
        discovery = context.cluster(site).discover()
    except (ClusterError, ConfigError) as error:
        _LOG.info("versions_not_told", extra={"with": other.name, **error_facts(error)})
        return
    served = served_versions(group.name, site.name, discovery, before)
    if served != before:
        records.tell(served, context.clock.now())
        _LOG.info("versions_told", extra={"told": other.name})
