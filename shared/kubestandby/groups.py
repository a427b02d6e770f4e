"""A protection group's configuration, as typed data. Reading it from YAML is `adapters.group_file`'s job."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kubestandby.errors import ConfigError
from kubestandby.snapshots import GroupName, SiteName

API_VERSION = "kubestandby.dev/v1"
DEFAULT_EXCLUDED_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "kube-flannel")


class RestoreMode(StrEnum):
    """What the standby does with each new snapshot."""

    REHEARSE = "rehearse"
    """Server-side dry run of everything: proves that it would restore."""
    WARM = "warm"
    """Apply, with workloads at zero."""
    HOT = "hot"
    """Apply."""


class RestartPolicy(StrEnum):
    """When a restore restarts workloads."""

    NEVER = "never"
    CHANGED = "changed"
    """Those that use a ConfigMap or Secret which this restore changed."""
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """How to reach a cluster: a kubeconfig and a context in it ("" = its current one), or from inside it."""

    kubeconfig: Path | None = None
    context: str = ""
    in_cluster: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One region or data centre."""

    name: SiteName
    cluster: ClusterAccess
    data: str
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedObject:
    """A cluster-scoped object that the group names itself.

    `kind` may be qualified by its group: `ClusterRole.rbac.authorization.k8s.io`.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSettings:
    """`spec.restore`."""

    mode: RestoreMode = RestoreMode.HOT
    restart: RestartPolicy = RestartPolicy.CHANGED
    ready_timeout_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionGroup:
    """One group. Either `namespaces` (dependency order) or all but `exclude_namespaces`.

    Attributes:
        ignore_groups: API groups whose failure does not make a snapshot incomplete.
        fresh_seconds: how long a snapshot counts as fresh.
        primary: the site that is primary until the first epoch object says otherwise.
    """

    name: GroupName
    namespaces: tuple[str, ...] = ()
    exclude_namespaces: tuple[str, ...] = DEFAULT_EXCLUDED_NAMESPACES
    schedule: str = ""
    sites: tuple[Site, ...] = ()
    primary: SiteName = field(default=SiteName(""))
    standby: SiteName = field(default=SiteName(""))
    restore: RestoreSettings = field(default_factory=RestoreSettings)
    include: tuple[IncludedObject, ...] = ()
    ignore_groups: tuple[str, ...] = ()
    fresh_seconds: int = 86_400

    def site(self, name: str) -> Site:
        """The site of this name.

        Raises:
            ConfigError: the group has no such site.
        """
        for site in self.sites:
            if site.name == name:
                return site
        known = ", ".join(site.name for site in self.sites)
        raise ConfigError(f"group {self.name} has no site {name!r}; its sites are {known}")

    def other_site(self, name: str) -> Site:
        """The partner of the site of this name."""
        self.site(name)
        return next(site for site in self.sites if site.name != name)
