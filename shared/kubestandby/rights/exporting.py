"""The rights that an export needs at a site: to list, nothing else. Pure."""

from kubestandby.groups import ProtectionGroup, Site
from kubestandby.privileges import Right
from kubestandby.resources import BUILT_IN_GROUPS, ResourceType
from kubestandby.rights.grants import Grant, Granted, grant, on
from kubestandby.rights.sensitive import NAMESPACE, SECRET, how_to_allow, is_allowed
from kubestandby.rights.sources import Sources

IDENTITY = "kube-system"
"""The namespace whose UID tells one cluster from another."""


def export_rights(group: ProtectionGroup, site: Site, sources: Sources) -> Granted:
    """What to grant, and what to say about it."""
    types = sources.carried(group)
    spaces = group.namespaces_at(site.name)
    listed = [right for type_ in types if _is_listed(type_) for right in on(type_, "list")]
    grants = [_cluster_wide(group, spaces, types), grant("", listed, spaces)]
    secrets = next((type_ for type_ in types if type_.gvk.group_kind == SECRET), None)
    notes: list[str] = []
    if secrets is not None and is_allowed(group, SECRET):
        grants.append(grant("secrets", on(secrets, "list"), spaces, apart=bool(spaces)))
    elif secrets is not None:
        notes.append(
            f"group {group.name} carries Secrets, and nothing printed here lets the export read them: write"
            f" {how_to_allow(SECRET)} to grant it, or spec.excludeKinds: [Secret] to leave them out"
        )
    return Granted(grants=tuple(grants), namespaces=spaces, notes=tuple(notes))


def _is_listed(type_: ResourceType) -> bool:
    return type_.namespaced and type_.gvk.group_kind != SECRET


def _cluster_wide(group: ProtectionGroup, spaces: tuple[str, ...], types: tuple[ResourceType, ...]) -> Grant:
    rights = [Right(verb="get", group="", resource="namespaces", name=name) for name in (IDENTITY, *spaces)]
    if not spaces:
        rights.append(Right(verb="list", group="", resource="namespaces"))
    for type_ in types:
        if type_.namespaced or type_.gvk.group_kind == NAMESPACE:
            continue
        # A class may name a custom object as its parameters: that one is then read by name.
        custom = type_.gvk.group not in BUILT_IN_GROUPS
        rights += on(type_, "list", *(("get",) if custom else ()))
        rights += on(type_, "get", names=_included(group, type_)) if _included(group, type_) else []
    return grant("cluster", rights)


def _included(group: ProtectionGroup, type_: ResourceType) -> tuple[str, ...]:
    """Names of the objects of this type that the configuration names itself."""
    kinds = (type_.gvk.kind, f"{type_.gvk.kind}.{type_.gvk.group}")
    return tuple(entry.name for entry in group.include if entry.kind in kinds)
