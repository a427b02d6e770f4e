"""In which namespaces an export lists, and what the configuration names by itself."""

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from kubestandby.carried import MAX_SINGLE_READS, NEEDED_VERBS, in_wanted_version
from kubestandby.errors import ClusterError, ConfigError, ListExpiredError
from kubestandby.groups import IncludedObject, ProtectionGroup
from kubestandby.ports import Cluster, Discovery
from kubestandby.resources import GVK, Manifest, ResourceType
from kubestandby.snapshots import SiteName

from .drop_rules import NO_FACTS, being_deleted, dropped_by
from .listing import THREADS

NAMESPACE = ResourceType(GVK("", "v1", "Namespace"), "namespaces", namespaced=False, verbs=NEEDED_VERBS)

VIRTUAL_GROUPS = frozenset({"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"})
"""Served from measurements, read-only (k8s.io/metrics): their failure takes nothing from a snapshot."""


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
    names = dict.fromkeys(group.namespaces_at(site))
    found = _found(cluster, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise ConfigError(
            f"group {group.name} names the namespace{'s' if len(missing) > 1 else ''} {', '.join(missing)}, which the "
            f"cluster of site {site} does not have; create it there or correct spec.namespaces"
        )
    return found


def _found(cluster: Cluster, names: Collection[str]) -> dict[str, Manifest]:
    """Those that exist: many are picked from one list, unless we may only read each by its name.

    That is all that `kubestandby rbac` grants, and a list of all would tell of other namespaces.
    """
    if len(names) > MAX_SINGLE_READS:
        try:
            listed, _ = _listed(cluster)
        except ClusterError as error:
            if error.status != 403:
                raise
        else:
            return {name: manifest for manifest in listed if (name := manifest["metadata"]["name"]) in names}
    return _read_each(cluster, names)


def _read_each(cluster: Cluster, names: Collection[str]) -> dict[str, Manifest]:
    """Side by side, since there may be a thousand."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="export") as pool:
        read = pool.map(lambda name: cluster.get(NAMESPACE, "", name), names)
        return {name: manifest for name, manifest in zip(names, read, strict=True) if manifest is not None}


def _listed(cluster: Cluster) -> tuple[list[Manifest], str]:
    """All namespaces at one resourceVersion; a list that expires on the way is begun anew, twice at most."""
    for _ in range(2):
        with suppress(ListExpiredError):
            return _listed_once(cluster)
    return _listed_once(cluster)


def _listed_once(cluster: Cluster) -> tuple[list[Manifest], str]:
    listed: list[Manifest] = []
    version = ""
    for page in cluster.pages(NAMESPACE):
        listed.extend(page.items)
        version = page.resource_version
    return listed, version


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
