"""What a command works on: the configuration, its groups, and their sites' stores, opened when they are needed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from kubestandby.adapters.group_file import load_groups
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.key_opening import open_keyring
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.applied_marks import AppliedMarks
from kubestandby.cli.reading import attempt
from kubestandby.control_records import Doubt
from kubestandby.errors import ConfigError, UntrustedRecordError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.ports import Clock, ObjectStore
from kubestandby.report_store import ReportStore
from kubestandby.request_log import RequestLog
from kubestandby.roles import CurrentEpoch, current_epoch
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SiteName, SnapshotIndex

_FUNCTIONS = (KeyRole.EXPORT, KeyRole.SANITIZE, KeyRole.RESTORE)


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the command line."""

    config: Path
    groups: tuple[ProtectionGroup, ...]
    clock: Clock

    @classmethod
    def open(cls, config: Path) -> "Session":
        """Reads the configuration.

        Raises:
            ConfigError: it is missing or wrong.
        """
        return cls(config, load_groups(config), SystemClock())

    def group(self, name: str) -> ProtectionGroup:
        """The group of this name.

        Raises:
            ConfigError: the configuration has none.
        """
        for group in self.groups:
            if group.name == name:
                return group
        known = ", ".join(group.name for group in self.groups)
        raise ConfigError(f"{self.config} has no protection group {name!r}; it has {known}")

    def groups_at(self, site_name: str, group_name: str | None = None) -> list[ProtectionGroup]:
        """The groups that have this site: the one of that name, or without a name all of them.

        Raises:
            ConfigError: there is no such group, or none has the site.
        """
        chosen = [self.group(group_name)] if group_name else list(self.groups)
        found = [group for group in chosen if any(site.name == site_name for site in group.sites)]
        if not found:
            known = ", ".join(dict.fromkeys(site.name for group in chosen for site in group.sites))
            raise ConfigError(f"{self.config} has no site {site_name!r}; it has {known}")
        return found


def snapshots_at(site: Site) -> SnapshotStore:
    """The snapshots in a site's data bucket.

    Raises:
        ConfigError: there are no keys here to check them with.
        SnapshotError: the trust file is not signed by the root.
    """
    return SnapshotStore(open_store(site.data), keyring_at(site))


def check_keys(groups: Iterable[ProtectionGroup]) -> None:
    """Makes sure that functions can run here, before any is started; raises like `snapshots_at`.

    Raises:
        ConfigError: this machine has no key that a function works with: an operator's, of functions that run elsewhere.
    """
    sites = [site for group in groups for site in group.sites]
    keyrings = [(keyring_at(site), site.name) for site in sites]
    if not any(keyring.holds(role, site) for keyring, site in keyrings for role in _FUNCTIONS):
        raise ConfigError(
            f"the functions cannot run on this machine: {sites[0].keys / 'sites'} has no key of theirs; where they run"
            " elsewhere, `export KUBESTANDBY_FUNCTIONS=elsewhere`, else bring over the keys of the site"
        )


def check_operator(group: ProtectionGroup) -> None:
    """Makes sure that the operator's key is here, before what it has to sign is asked for.

    Raises:
        ConfigError: it is not, or is not trusted.
    """
    site = group.sites[0]
    if not keyring_at(site).holds(KeyRole.OPERATOR):
        raise ConfigError(
            f"what changes roles or a standby is signed with the operator's key, and {site.keys / 'operators'} has none"
            " that the trust file knows; do this where it is, or make a new one with `kubestandby keys rotate operator"
            " --root-key FILE` and bring trust.json to the sites"
        )


def last_proof(group: ProtectionGroup, index: SnapshotIndex) -> datetime:
    """When the state was last known to be that of the snapshot: by a heartbeat at any reachable site, or as taken."""
    readings = (attempt(partial(_freshest, site, index)) for site in group.sites)
    return max((reading.value for reading in readings if reading.value), default=index.taken_at)


def _freshest(site: Site, index: SnapshotIndex) -> datetime | None:
    return snapshots_at(site).freshest(index)


def requests_at(session: Session, site: Site) -> RequestLog:
    """The requests in a site's control bucket; raises like `snapshots_at`."""
    return RequestLog(open_store(site.control), session.clock, keyring_at(site), site.name)


def _passed_over(_: UntrustedRecordError) -> None:
    """`status` tells of records that do not count; other commands pass them over."""


def marks_at(site: Site, doubt: Doubt = _passed_over) -> AppliedMarks:
    """The marks in a site's control bucket; raises like `snapshots_at`."""
    return AppliedMarks(open_store(site.control), keyring_at(site), site.name, doubt)


def reports_at(site: Site, doubt: Doubt = _passed_over) -> ReportStore:
    """The reports in a site's data bucket; raises like `snapshots_at`."""
    return ReportStore(open_store(site.data), keyring_at(site), site.name, doubt)


def keyring_at(site: Site) -> Keyring:
    """The keys that are here, and the trust file of a site; raises like `snapshots_at`.

    An operator's folder goes before the vault of a site: it has the operator's key, and needs no right to read there.
    """
    folder = KeyFolder(site.keys)
    return folder.keyring(SystemClock()) if folder.exists() else open_keyring(site, SystemClock())


def controls(group: ProtectionGroup) -> Mapping[SiteName, ObjectStore]:
    """The control bucket of each site."""
    return {site.name: open_store(site.control) for site in group.sites}


def roles_of(group: ProtectionGroup, *, allow_rivals: bool = False) -> CurrentEpoch:
    """The highest epoch that any reachable site knows; raises like `roles.current_epoch`."""
    return current_epoch(group, controls(group), keyring_at(group.sites[0]), allow_rivals=allow_rivals)


def primary_of(group: ProtectionGroup) -> Site:
    """The site that is primary now; raises like `roles.current_epoch`."""
    return group.site(roles_of(group).epoch.primary)
