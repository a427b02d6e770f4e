"""A protection group's configuration, as typed data. Reading it from YAML is `adapters.group_file`'s job."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kubestandby.errors import ConfigError
from kubestandby.resources import BUILT_IN_GROUPS
from kubestandby.snapshots import GroupName, SiteName
from kubestandby.transforms import Transform, digest, namespace_names, towards

API_VERSION = "kubestandby.dev/v1"
OWN_NAMESPACE = "kubestandby-system"
"""Where a restore keeps its inventory on a cluster: it belongs to that cluster and never travels."""
DEFAULT_EXCLUDED_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "kube-flannel", OWN_NAMESPACE)


def inventory_name(group: GroupName) -> str:
    """The ConfigMap in `OWN_NAMESPACE` that remembers what the group owns on a cluster."""
    return f"kubestandby-{group}"


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


class ConflictPolicy(StrEnum):
    """What a restore does where the standby has an object that differs from the snapshot's."""

    APPLY = "apply"
    """Server-side apply by force: we own what we set. What others have set beside that stays, and is told as drift."""
    REPLACE = "replace"
    """Exactly the snapshot: as apply, and then what others have set is taken away."""
    SKIP = "skip"
    """What others have made or changed is left alone, and told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinds:
    """A choice of kinds.

    Attributes:
        names: `Deployment` for a kind of Kubernetes itself, `Widget.example.com` for any.
        every: all kinds, whatever the names.
    """

    names: frozenset[str] = frozenset()
    every: bool = False

    def holds(self, group: str, kind: str) -> bool:
        """Whether the kind of this API group is chosen."""
        by_name = group in BUILT_IN_GROUPS and kind in self.names
        return self.every or by_name or f"{kind}.{group}" in self.names


NO_KINDS = Kinds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsSettings:
    """`spec.rights`: what the identities of the functions may be given beyond what is harmless.

    Attributes:
        allow: sensitive kinds (`rights.sensitive`) for which rights are printed at all.
        privileged_pods: whether restored Pods may be privileged: host namespaces and paths, added capabilities.
    """

    allow: Kinds = NO_KINDS
    privileged_pods: bool = False


class OkeEndpoint(StrEnum):
    """Which of an OKE cluster's endpoints is used."""

    PUBLIC = "public"
    PRIVATE = "private"
    VCN_HOSTNAME = "vcn-hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class OkeCluster:
    """A cluster of OCI's Kubernetes Engine, by its OCID: the service says where it is, we sign its tokens."""

    id: str
    endpoint: OkeEndpoint = OkeEndpoint.PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAccess:
    """An API server and a token that is in a Vault secret.

    Attributes:
        certificate_authority: certificates in PEM; "" for those that the system trusts.
        secret: OCID of the secret.
    """

    server: str
    secret: str
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """How to reach a cluster. One of them is set.

    Attributes:
        kubeconfig: a file.
        kubeconfig_secret: OCID of a Vault secret that holds a kubeconfig.
        context: in either, "" for its current one.
        in_cluster: by the service account of the pod that this runs in.
    """

    kubeconfig: Path | None = None
    context: str = ""
    in_cluster: bool = False
    kubeconfig_secret: str = ""
    oke: OkeCluster | None = None
    token: TokenAccess | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLimits:
    """How much a function process asks of a site's cluster.

    Attributes:
        requests_in_flight: requests at the same time.
        requests_per_second: requests begun in a second.
        page_size: objects in one page of a list.
    """

    requests_in_flight: int = 16
    requests_per_second: int = 3000
    page_size: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsKey:
    """A key of a key management service that signs in a role, in the one version that the trust file has.

    Attributes:
        role: `export`, `sanitize` or `restore`.
        key: its OCID.
        version: OCID of its version.
    """

    role: str
    key: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKeys:
    """Where a site's functions have their keys: secrets of an OCI vault, named as the files in a site's folder are.

    Attributes:
        vault: its OCID; it is in the site's own region.
        prefix: of every secret's name.
        kms: roles whose key is not a secret, but signs inside the vault.
        kms_endpoint: where it does so: the vault's crypto endpoint.
    """

    vault: str
    prefix: str = ""
    kms: tuple[KmsKey, ...] = ()
    kms_endpoint: str = ""

    def kms_key(self, role: str) -> KmsKey | None:
        """The key that signs in the role inside the vault, if there is one."""
        return next((key for key in self.kms if key.role == role), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One region or data centre.

    Attributes:
        keys: the folder of the keys that this machine has.
        vault: where the site's functions have theirs instead.
    """

    name: SiteName
    cluster: ClusterAccess
    data: str
    control: str
    limits: ClusterLimits = field(default_factory=ClusterLimits)
    keys: Path = Path("keys")
    vault: VaultKeys | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludedObject:
    """A cluster-scoped object that the group names itself.

    `kind` may be qualified by its group: `ClusterRole.rbac.authorization.k8s.io`.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreSettings:
    """`spec.restore`.

    Attributes:
        recreate: kinds that may be deleted and made anew where a change in place is not possible.
        prune: whether objects of earlier snapshots that this one does not hold any more are deleted.
    """

    mode: RestoreMode = RestoreMode.HOT
    restart: RestartPolicy = RestartPolicy.CHANGED
    ready_timeout_seconds: int = 300
    conflict: ConflictPolicy = ConflictPolicy.APPLY
    recreate: Kinds = NO_KINDS
    prune: bool = False


class WebhookKind(StrEnum):
    """Who sends a webhook: decides how it proves itself and what it says."""

    GITHUB = "github"
    GITLAB = "gitlab"
    ARGOCD = "argocd"
    FLUX = "flux"
    STANDARD = "standard"
    """Standard Webhooks, https://www.standardwebhooks.com."""
    OCI_DEVOPS = "oci-devops"
    """An event of OCI's, which comes by the function's own invocation: the platform has checked who invokes."""
    OCIR = "ocir"
    """As `OCI_DEVOPS`."""

    @property
    def is_event(self) -> bool:
        """Whether it comes as an event of the platform, without a secret of ours."""
        return self in (WebhookKind.OCI_DEVOPS, WebhookKind.OCIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where a secret is: in a file, an environment variable, or a secret of OCI Vault. Never the secret itself."""

    file: Path | None = None
    env: str = ""
    vault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMatch:
    """Which deployments concern the group: globs by what a delivery names. An empty list asks for nothing."""

    repositories: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who may ask for an export of the group, at `/webhooks/GROUP/NAME`.

    Attributes:
        secrets: one, or two while it is being changed: either is right.
    """

    name: str
    kind: WebhookKind
    secrets: tuple[SecretReference, ...] = ()
    match: WebhookMatch = field(default_factory=WebhookMatch)


class LikelySecrets(StrEnum):
    """What is done where likely secrets are in clear: in ConfigMaps, and in environments of pod templates."""

    REPORT = "report"
    REFUSE = "refuse"
    """No snapshot is taken."""
    IGNORE = "ignore"
    """They are not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """How snapshots are looked through for secrets in clear. `allow`: globs of what is none, `OBJECT FIELD`."""

    likely_secrets: LikelySecrets = LikelySecrets.REPORT
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionGroup:
    """One group. Either `namespaces` (dependency order) or all but `exclude_namespaces`.

    Attributes:
        ignore_groups: API groups whose failure does not make a snapshot incomplete.
        fresh_seconds: how long a snapshot counts as fresh.
        primary: the site that is primary until the first epoch object says otherwise.
        transforms: in the order in which they are applied.
        exclude_kinds: kinds that the group does not carry: never read, never restored.
        include_owned: kinds that are exported although a custom resource controls them.
        api_versions: `apps/v1`: in which kinds are exported, where the primary serves them, instead of those that it
            prefers.
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
    webhooks: tuple[Webhook, ...] = ()
    transforms: tuple[Transform, ...] = ()
    include_owned: Kinds = NO_KINDS
    api_versions: tuple[str, ...] = ()
    exclude_kinds: Kinds = NO_KINDS
    rights: RightsSettings = field(default_factory=RightsSettings)
    scan: ScanSettings = field(default_factory=ScanSettings)

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

    def transforms_to(self, site: SiteName) -> tuple[Transform, ...]:
        """What is done to a snapshot that goes to this site."""
        return towards(self.transforms, site, self.standby)

    def sanitize_sha256(self, site: SiteName) -> str:
        """Digest of the configuration by which a snapshot is sanitized for this site; "" where there is none."""
        return digest(self.transforms_to(site))

    def namespaces_at(self, site: SiteName) -> tuple[str, ...]:
        """`namespaces`, by the names that they have at this site. Those left out have no names of their own."""
        names = namespace_names(self.transforms_to(site)) if site == self.standby else {}
        return tuple(names.get(name, name) for name in self.namespaces)
