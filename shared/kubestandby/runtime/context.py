"""What a function process works with: its configuration, and stores and clusters that are opened when first needed."""

import copy
import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from kubestandby.adapters.key_opening import open_keyring, state_of
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.applied_marks import AppliedMark, AppliedMarks
from kubestandby.errors import ConfigError, StoreError
from kubestandby.groups import ProtectionGroup, Site, VaultKeys
from kubestandby.keys.keyring import Keyring
from kubestandby.ports import Clock, Cluster, ObjectStore
from kubestandby.report_store import ReportStore
from kubestandby.request_log import RequestLog
from kubestandby.roles import CurrentEpoch, current_epoch
from kubestandby.runtime.configured import configured_groups
from kubestandby.runtime.deadlines import NEVER, Deadline
from kubestandby.runtime.timed import TimedClock, TimedCluster, TimedStore, Written
from kubestandby.served_versions import ServedRecords
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName

_LOG = logging.getLogger(__name__)
SITE_VARIABLE = "KUBESTANDBY_SITE"
Connect = Callable[[Site], Cluster]
OpenStore = Callable[[str], ObjectStore]
OpenKeys = Callable[[Site], Keyring]
_Key = TypeVar("_Key")
_Thing = TypeVar("_Thing")


class Context:
    """The configuration with its stores and clusters. Safe to use from many threads.

    Attributes:
        groups: every group of the configuration.
        only_site: the one site that this process serves, "" where it serves them all (one machine).
        clock: the time.
        deadline: when the work of the call that this is for has to stop; of the process as a whole, never.
        written: how many objects the call has written to clusters.
    """

    def __init__(
        self,
        groups: tuple[ProtectionGroup, ...],
        *,
        clock: Clock,
        open_store: OpenStore,
        connect: Connect,
        open_keys: OpenKeys,
        only_site: str = "",
    ) -> None:
        self.groups = groups
        self.clock = clock
        self.only_site = only_site
        self.deadline = NEVER
        self.written = Written()
        self._open_store = open_store
        self._connect = connect
        self._open_keys = open_keys
        self._keyrings: dict[tuple[Path | VaultKeys, float], Keyring] = {}
        self._known_marks: dict[tuple[str, int], dict[str, AppliedMark]] = {}
        self._stores: dict[str, ObjectStore] = {}
        self._clusters: dict[tuple[Site, float], Cluster] = {}
        self._lock = threading.Lock()

    def until(self, deadline: Deadline) -> "Context":
        """The same for the work of one call, which stops with `OutOfTimeError` where its time is over."""
        if deadline is NEVER:
            return self
        one = copy.copy(self)
        one.clock = TimedClock(self.clock, deadline)
        one.deadline = deadline
        one.written = Written()
        return one

    def group(self, name: str) -> ProtectionGroup | None:
        """The group of this name, if the configuration has it."""
        return next((group for group in self.groups if group.name == name), None)

    def served_sites(self, group: ProtectionGroup) -> tuple[Site, ...]:
        """The group's sites that this process works for."""
        return tuple(site for site in group.sites if self.only_site in ("", site.name))

    def store(self, url: str) -> ObjectStore:
        """The bucket of this URL."""
        return self._once(self._stores, url, lambda: self._open_store(url))

    def cluster(self, site: Site) -> Cluster:
        """The site's cluster; connected afresh when its kubeconfig has changed on disk.

        Raises:
            ConfigError: the kubeconfig or the context is missing or wrong.
            ClusterError: the API server refuses.
        """
        key = (site, _changed_at(site.cluster.kubeconfig))
        cluster = self._once(self._clusters, key, lambda: self._connect(site))
        return cluster if self.deadline is NEVER else TimedCluster(cluster, self.deadline, self.written)

    def requests(self, site: Site) -> RequestLog:
        """The requests in the site's control bucket.

        Raises:
            ConfigError: there are no keys here.
            SnapshotError: the trust file is not signed by the root.
        """
        own_site = SiteName(self.only_site) if self.only_site else site.name
        return RequestLog(self.store(site.control), self.clock, self.keyring(site), site.name, own_site=own_site)

    def marks(self, site: Site) -> AppliedMarks:
        """The marks in the site's control bucket; raises like `requests`."""
        keyring = self.keyring(site)
        known = self._once(self._known_marks, (site.control, keyring.trust.version), dict)
        return AppliedMarks(self.store(site.control), keyring, site.name, known=known)

    def reports(self, site: Site) -> ReportStore:
        """The reports in the site's data bucket; raises like `requests`."""
        return ReportStore(self.store(site.data), self.keyring(site), site.name)

    def served(self, site: Site) -> ServedRecords:
        """What the site was told of the versions that the other one serves; raises like `requests`."""
        return ServedRecords(self.store(site.control), self.keyring(site), site.name)

    def snapshots(self, site: Site) -> SnapshotStore:
        """The snapshots in the site's data bucket.

        Raises:
            ConfigError: there are no keys here.
            SnapshotError: the trust file is not signed by the root.
        """
        store = self.store(site.data)
        timed = store if self.deadline is NEVER else TimedStore(store, self.deadline)
        return SnapshotStore(timed, self.keyring(site))

    def keyring(self, site: Site) -> Keyring:
        """What is signed and checked with for the site, by the keys that this process has; read afresh now and then."""
        home = self._home(site)
        return self._once(self._keyrings, state_of(home), lambda: self._open_keys(home))

    def _home(self, site: Site) -> Site:
        """The site whose keys this process has: its own, where it serves one and keys are in the sites' vaults."""
        if site.vault is None or self.only_site in ("", site.name):
            return site
        group = next((group for group in self.groups if site in group.sites), None)
        return next((one for one in group.sites if one.name == self.only_site), site) if group else site

    def roles(self, group: ProtectionGroup, *, allow_rivals: bool = False) -> CurrentEpoch:
        """Who is primary, by the highest epoch that any reachable site knows; raises like `roles.current_epoch`."""
        site = (*self.served_sites(group), *group.sites)[0]
        roles = current_epoch(group, self.controls(group), self.keyring(site), allow_rivals=allow_rivals)
        for cause in roles.doubtful:
            _LOG.error("record_not_believed", extra={"cause": cause})
        return roles

    def controls(self, group: ProtectionGroup) -> Mapping[SiteName, ObjectStore]:
        """The control bucket of every site of the group that can be opened."""
        opened: dict[SiteName, ObjectStore] = {}
        for site in group.sites:
            try:
                opened[site.name] = self.store(site.control)
            except StoreError:
                # A store that cannot be opened is as good as one that cannot be reached.
                continue
        return opened

    def _once(self, things: dict[_Key, _Thing], key: _Key, make: Callable[[], _Thing]) -> _Thing:
        """The thing of this key. Made outside the lock: a cluster that does not answer must not hold up the rest."""
        with self._lock:
            if key in things:
                return things[key]
        made = make()
        with self._lock:
            return things.setdefault(key, made)


def _changed_at(file: Path | None) -> float:
    """When the file was written; 0 where there is none to look at."""
    try:
        return file.stat().st_mtime if file else 0.0
    except OSError:
        return 0.0


def context_from_environment() -> Context:
    """The context of this process: `KUBESTANDBY_CONFIG` says where from, `KUBESTANDBY_SITE` the site, if only one.

    Raises:
        ConfigError: the configuration is missing or wrong, or no group has the site.
        StoreError: the store that it is in cannot be read.
    """
    groups = configured_groups(open_store)
    only_site = os.environ.get(SITE_VARIABLE, "")
    known = {site.name for group in groups for site in group.sites}
    if only_site and only_site not in known:
        raise ConfigError(
            f"{SITE_VARIABLE}={only_site} is no site of any group; write one of {', '.join(sorted(known))}"
        )
    return Context(
        groups,
        clock=SystemClock(),
        open_store=open_store,
        connect=_connect,
        open_keys=_open_keys,
        only_site=only_site,
    )


def _open_keys(site: Site) -> Keyring:
    return open_keyring(site, SystemClock())


def _connect(site: Site) -> Cluster:
    # Late: sanitize never talks to a cluster and its image has no SDK for it.
    from kubestandby.adapters.kube_cluster import connect

    return connect(site.cluster, site=site.name, limits=site.limits)
