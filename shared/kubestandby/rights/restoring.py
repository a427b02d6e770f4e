"""The rights that a restore needs at a site. Pure.

Namespaced kinds are granted as kinds, in the group's namespaces alone. Cluster-scoped objects belong to everybody on
the cluster, so they are granted by name: those that the snapshot has.
"""

from collections.abc import Iterator
from dataclasses import replace

from kubestandby.carried import MAX_SINGLE_READS
from kubestandby.groups import OWN_NAMESPACE, ConflictPolicy, ProtectionGroup, Site, inventory_name
from kubestandby.privileges import Right
from kubestandby.resources import ObjectRef, ResourceType
from kubestandby.rights.exporting import IDENTITY
from kubestandby.rights.grants import Grant, Granted, grant, held_in, on
from kubestandby.rights.handing_out import RoleKey, handed_out, role_key
from kubestandby.rights.sensitive import NEVER_DELETED, SECRET, SENSITIVE, GroupKind, how_to_allow, is_allowed
from kubestandby.rights.sources import Sources

SENT_WHOLE: frozenset[GroupKind] = frozenset(
    {
        ("", "Pod"),
        ("", "PodTemplate"),
        ("", "ReplicationController"),
        ("", "ServiceAccount"),
        ("apps", "DaemonSet"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("batch", "CronJob"),
        ("batch", "Job"),
    }
)
"""Kinds whose lists may hold duplicate keys, which a server-side apply cannot express: these are replaced (PUT)."""

LOOKED_AT = (("storage.k8s.io", "storageclasses"), ("apiregistration.k8s.io", "apiservices"))
"""Listed to tell whether claims wait for their first consumer, and which servers behind the API are down."""


def targets(group: ProtectionGroup, site: Site, sources: Sources) -> tuple[str, ...]:
    """The namespaces that a restore at the site writes into."""
    return group.namespaces_at(site.name) or sources.namespaces


def restore_rights(group: ProtectionGroup, site: Site, sources: Sources) -> Granted:
    """What to grant, and what to say about it."""
    spaces = targets(group, site, sources)
    types = sources.restored(group)
    plain = [right for type_ in types if type_.gvk.group_kind != SECRET for right in _on_kind(group, type_)]
    plain.append(Right(verb="list", group="", resource="events"))
    within = (_state(group), grant("", plain, spaces), *_on_secrets(group, types, spaces))
    every = _cluster_wide(group, sources, spaces)
    answer = handed_out(group, sources, lambda namespace: held_in((*within, every), namespace))
    by_hand = frozenset(role_key(ObjectRef.of(manifest)) for manifest in answer.by_hand)
    return Granted(
        grants=(_cluster_wide(group, sources, spaces, by_hand), *within, *answer.grants),
        namespaces=spaces,
        notes=(*_left_out(group, sources, types), *answer.notes),
        by_hand=answer.by_hand,
    )


def _cluster_wide(
    group: ProtectionGroup, sources: Sources, spaces: tuple[str, ...], by_hand: frozenset[RoleKey] = frozenset()
) -> Grant:
    return grant("cluster", [*_looks(spaces), *_on_objects(group, sources, by_hand)])


def _state(group: ProtectionGroup) -> Grant:
    """Kubestandby's own records. Every other group's are only looked at, and only by one that prunes."""
    state = Right(verb="get", group="", resource="configmaps", name=inventory_name(group.name))
    rights = [replace(state, verb=verb) for verb in ("get", "create", "patch")]
    if group.restore.prune:
        rights.append(replace(state, verb="list", name=""))
    return grant("state", rights, (OWN_NAMESPACE,), apart=True)


def _looks(spaces: tuple[str, ...]) -> Iterator[Right]:
    for name in dict.fromkeys((IDENTITY, *spaces)):
        yield Right(verb="get", group="", resource="namespaces", name=name)
    for name in spaces:
        yield Right(verb="patch", group="", resource="namespaces", name=name)
    if len(spaces) > MAX_SINGLE_READS:
        yield Right(verb="list", group="", resource="namespaces")
    for api_group, resource in LOOKED_AT:
        yield Right(verb="list", group=api_group, resource=resource)


def _on_kind(group: ProtectionGroup, type_: ResourceType) -> list[Right]:
    """Rights on all objects of a namespaced kind, in the namespaces where they are bound."""
    verbs = ["get", "list", "create", "patch"]
    if type_.gvk.group_kind in SENT_WHOLE or group.restore.conflict is ConflictPolicy.REPLACE:
        verbs.append("update")
    return on(type_, *verbs, *_delete(group, type_))


def _delete(group: ProtectionGroup, type_: ResourceType) -> tuple[str, ...]:
    kind, settings = type_.gvk.group_kind, group.restore
    may = kind not in NEVER_DELETED and (settings.prune or settings.recreate.holds(*kind))
    return ("delete",) if may else ()


def _on_objects(group: ProtectionGroup, sources: Sources, by_hand: frozenset[RoleKey]) -> Iterator[Right]:
    """Rights on the snapshot's cluster-scoped objects, by their names; those of an administrator are only read."""
    for type_, names in sources.cluster_scoped.items():
        kind = type_.gvk.group_kind
        if group.exclude_kinds.holds(*kind):
            continue
        yield from on(type_, "get", names=names)
        if len(names) > MAX_SINGLE_READS:
            yield from on(type_, "list")
        if not is_allowed(group, kind):
            continue
        written = tuple(name for name in names if (kind[1], "", name) not in by_hand)
        whole = ("update",) if group.restore.conflict is ConflictPolicy.REPLACE else ()
        yield from on(type_, "create", "patch", *whole, *_delete(group, type_), names=written) if written else ()
        if group.restore.recreate.holds(*kind):
            yield from on(type_, "create")  # asked for in a dry run, under another name


def _on_secrets(group: ProtectionGroup, types: tuple[ResourceType, ...], spaces: tuple[str, ...]) -> Iterator[Grant]:
    secrets = next((type_ for type_ in types if type_.gvk.group_kind == SECRET), None)
    if secrets is not None and is_allowed(group, SECRET):
        yield grant("secrets", _on_kind(group, secrets), spaces, apart=True)


def _left_out(group: ProtectionGroup, sources: Sources, types: tuple[ResourceType, ...]) -> Iterator[str]:
    """What the snapshot has, or may have, that nothing printed here lets a restore write."""
    kinds = {type_.gvk.group_kind for type_ in (*types, *sources.cluster_scoped) if type_.gvk.group_kind in SENSITIVE}
    for kind in sorted(kinds):
        if not is_allowed(group, kind) and not group.exclude_kinds.holds(*kind):
            yield (
                f"group {group.name} carries {kind[1]} objects, and nothing printed here lets a restore write them"
                f" ({SENSITIVE[kind]}): write {how_to_allow(kind)} to grant it"
            )
