"""Which types an export lists, and in which namespaces."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from kubestandby.errors import ConfigError, ListExpiredError
from kubestandby.groups import IncludedObject, ProtectionGroup
from kubestandby.ports import Cluster, Discovery
from kubestandby.resources import GVK, Manifest, ResourceType
from kubestandby.snapshots import SiteName

from .drop_rules import NO_FACTS, being_deleted, dropped_by

NEEDED_VERBS = frozenset({"list", "get", "create"})
NAMESPACE = ResourceType(GVK("", "v1", "Namespace"), "namespaces", namespaced=False, verbs=NEEDED_VERBS)

VIRTUAL_GROUPS = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
"""Served from measurements, read-only (k8s.io/metrics): their failure takes nothing from a snapshot."""

NEVER_LISTED = frozenset(
    {
        # of the moment, or made anew by every control plane
        "events",
        "events.events.k8s.io",
        "leases.coordination.k8s.io",
        "leasecandidates.coordination.k8s.io",
        "controllerrevisions.apps",
        "componentstatuses",
        "ipaddresses.networking.k8s.io",
        "servicecidrs.networking.k8s.io",
        "storageversions.internal.apiserver.k8s.io",
        "storageversionmigrations.storagemigration.k8s.io",
        # of this cluster's machines
        "nodes",
        "csinodes.storage.k8s.io",
        "csistoragecapacities.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "resourceslices.resource.k8s.io",
        "devicetaintrules.resource.k8s.io",
        "certificatesigningrequests.certificates.k8s.io",
        "podcertificaterequests.certificates.k8s.io",
        # orders that would be carried out again
        "backups.velero.io",
        "backuprepositories.velero.io",
        "datadownloads.velero.io",
        "datauploads.velero.io",
        "deletebackuprequests.velero.io",
        "downloadrequests.velero.io",
        "podvolumebackups.velero.io",
        "podvolumerestores.velero.io",
        "restores.velero.io",
        "serverstatusrequests.velero.io",
        # read on its own, before all others
        "namespaces",
    }
)
"""As kubectl names types: `plural.group`, or `plural` in the core group."""

TWINS_OF_EXTENSIONS = ("apps", "networking.k8s.io", "policy")
"""Where the kinds of the group `extensions` live today; old servers serve the same objects in both (until 1.22)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The namespaces in dependency order, their manifests, and what is wrong with some of them.

    Attributes:
        dropped: namespaces left out, by rule.
        failures: as in the index.
    """

    namespaces: tuple[str, ...]
    manifests: tuple[Manifest, ...]
    dropped: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    resource_version: str = ""


def listable_types(discovery: Discovery, api_versions: Collection[str] = ()) -> Iterator[ResourceType]:
    """The types that an export reads: they can be listed, read and made anew, and each object is in one of them.

    In the version that the server prefers, or in one of `api_versions` where the server has that.
    """
    plurals = {(type_.gvk.group, type_.plural) for type_ in discovery.types}
    for type_ in (in_wanted_version(type_, discovery, api_versions) for type_ in discovery.types):
        twin = type_.gvk.group == "extensions" and any(
            (group, type_.plural) in plurals for group in TWINS_OF_EXTENSIONS
        )
        if type_.verbs >= NEEDED_VERBS and not twin and kubectl_name(type_) not in NEVER_LISTED:
            yield type_


def in_wanted_version(type_: ResourceType, discovery: Discovery, api_versions: Collection[str]) -> ResourceType:
    """The type in the version that `api_versions` names, where the server has it, else as it is."""
    for version in discovery.served.get(type_.gvk.group_kind, ()):
        gvk = replace(type_.gvk, version=version)
        if gvk.api_version in api_versions:
            return replace(type_, gvk=gvk)
    return type_


def kubectl_name(type_: ResourceType) -> str:
    """`deployments.apps`; `services` for the core group."""
    return f"{type_.plural}.{type_.gvk.group}".rstrip(".")


def may_fail(api_group: str, group: ProtectionGroup) -> bool:
    """Whether the failure of this API group leaves a snapshot complete."""
    return api_group in VIRTUAL_GROUPS or api_group in group.ignore_groups


def read_scope(cluster: Cluster, group: ProtectionGroup, site: SiteName) -> Scope:
    """Reads the group's namespaces.

    Raises:
        ConfigError: one that the group names does not exist, or none is left.
        ClusterError: they cannot be read.
    """
    names = group.namespaces_at(site)
    if names:
        found, version = _named(cluster, group, site), ""
        wanted = [manifest for name in names if (manifest := found.get(name)) is not None]
    else:
        listed, version = _listed(cluster)
        excluded = set(group.exclude_namespaces)
        wanted = sorted(
            (m for m in listed if m["metadata"]["name"] not in excluded), key=lambda m: m["metadata"]["name"]
        )
    kept = [manifest for manifest in wanted if not dropped_by(manifest)]
    if not kept:
        raise ConfigError(f"group {group.name} has no namespace to export; check its namespaces and their labels")
    return Scope(
        namespaces=tuple(manifest["metadata"]["name"] for manifest in kept),
        manifests=tuple(kept),
        dropped=tuple(rule for manifest in wanted if (rule := dropped_by(manifest))),
        failures=tuple(_deletion_failures(wanted)) if names else (),
        resource_version=version,
    )


def _deletion_failures(wanted: Iterable[Manifest]) -> Iterator[str]:
    """A namespace that the group names and that is going away is not in the snapshot: it has to be said."""
    for manifest in wanted:
        if being_deleted(manifest, NO_FACTS):
            yield f"core/namespaces: {manifest['metadata']['name']} is being deleted"


def _named(cluster: Cluster, group: ProtectionGroup, site: SiteName) -> dict[str, Manifest]:
    found = {name: cluster.get(NAMESPACE, "", name) for name in group.namespaces_at(site)}
    missing = [name for name, manifest in found.items() if manifest is None]
    if missing:
        raise ConfigError(
            f"group {group.name} names the namespace{'s' if len(missing) > 1 else ''} {', '.join(missing)}, which the "
            f"cluster of site {site} does not have; create it there or correct spec.namespaces"
        )
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _listed(cluster: Cluster, attempts: int = 3) -> tuple[list[Manifest], str]:
    for left in reversed(range(attempts)):
        listed: list[Manifest] = []
        version = ""
        try:
            for page in cluster.pages(NAMESPACE):
                listed.extend(page.items)
                version = page.resource_version
        except ListExpiredError:
            if not left:
                raise
            continue
        return listed, version
    raise AssertionError


def resolve_include(entry: IncludedObject, group: ProtectionGroup, discovery: Discovery) -> ResourceType | None:
    """The cluster-scoped type that an entry of `spec.include` means; None where its API group did not answer.

    Raises:
        ConfigError: no such kind is served, several are, or it is a namespaced one.
    """
    kind, _, api_group = entry.kind.partition(".")
    found = [t for t in discovery.types if t.gvk.kind == kind and (not api_group or t.gvk.group == api_group)]
    what = f"group {group.name} includes {entry.kind} {entry.name}"
    if not found and any(not api_group or key.startswith(f"{api_group}/") for key in discovery.failures):
        return None
    if not found:
        raise ConfigError(f"{what}, but the cluster serves no such kind; correct spec.include")
    if len(found) > 1:
        forms = ", ".join(f"{t.gvk.kind}.{t.gvk.group}" for t in found)
        raise ConfigError(f"{what}, which may mean {forms}; write one of these in spec.include")
    if found[0].namespaced:
        raise ConfigError(f"{what}, which lives in a namespace; name its namespace in spec.namespaces instead")
    return in_wanted_version(found[0], discovery, group.api_versions)
