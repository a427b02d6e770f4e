"""What a restore hands out to others: the Roles of the application and their bindings. Pure.

The API server lets nobody hand out rights that they do not hold themselves (kubernetes.io/docs/reference/access-authn-
authz/rbac, privilege escalation prevention), unless they may `escalate`, which is never granted here, or may `bind`
that very role. So `bind` is granted for the roles that the snapshot's bindings name, and which are harmless; roles that
hold more than the restore does are for an administrator to apply.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubestandby.groups import ProtectionGroup
from kubestandby.privileges import ANY, HeldRules, Right, Rule
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.rights.grants import Grant, grant
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import RBAC

ROLES = frozenset({"Role", "ClusterRole"})
BINDINGS = frozenset({"RoleBinding", "ClusterRoleBinding"})
USUAL_ROLES: Mapping[str, frozenset[str]] = {
    "RoleBinding": frozenset({"view", "edit"}),
    "ClusterRoleBinding": frozenset({"view"}),
}
"""Roles that every cluster has and that may be bound without looking into them (user-facing roles)."""

_NOT_TO_BE_BOUND = frozenset({ANY, "bind", "escalate", "impersonate"})
_TOKENS = frozenset({ANY, "serviceaccounts/token"})
_EVERYTHING = (Rule(groups=(ANY,), resources=(ANY,), verbs=(ANY,)), Rule(urls=(ANY,), verbs=(ANY,)))
_PLURALS = {"Role": "roles", "ClusterRole": "clusterroles"}

RoleKey = tuple[str, str, str]
"""(kind, namespace, name) of a role or a binding."""

HeldIn = Callable[[str], HeldRules]
"""What the restore may do itself, by namespace; "" is cluster-wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """Rights to bind; what is left to an administrator, with a sentence on each."""

    grants: tuple[Grant, ...]
    notes: tuple[str, ...]
    by_hand: tuple[Manifest, ...]


@dataclass(slots=True)
class _Found:
    binds: dict[str, list[Right]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    by_hand: list[Manifest] = field(default_factory=list)


def handed_out(group: ProtectionGroup, sources: Sources, held_in: HeldIn) -> HandedOut:
    """Sorts the snapshot's Roles, ClusterRoles and bindings."""
    access = [m for m in sources.access if not group.exclude_kinds.holds(*GVK.of(m).group_kind)]
    found, roles = _Found(), {role_key(ObjectRef.of(m)): m for m in access if m["kind"] in ROLES}
    for role in roles.values():
        _look_at_role(role, held_in, found)
    for binding in (m for m in access if m["kind"] in BINDINGS):
        _look_at_binding(binding, roles, held_in, found)
    return HandedOut(grants=tuple(_grants(found)), notes=tuple(found.notes), by_hand=tuple(found.by_hand))


def role_key(ref: ObjectRef) -> RoleKey:
    """The key of a role or a binding."""
    return ref.gvk.kind, ref.namespace, ref.name


def rules_of(role: Manifest) -> tuple[Rule, ...]:
    """The rules of a Role or ClusterRole."""
    return tuple(Rule.of(rule) for rule in role.get("rules") or ())


def is_grantable(role: Manifest, held: HeldRules) -> bool:
    """Whether somebody with these rights may write the role.

    An aggregated one may come to hold anything, so the API server asks for everything, whatever its rules are now
    (kubernetes/kubernetes, pkg/registry/rbac/clusterrole/policybased: fullAuthority).
    """
    return held.covers(rules_of(role) + (_EVERYTHING if role.get("aggregationRule") else ()))


def role_named(binding: Manifest) -> RoleKey:
    """The key of the role that a binding binds."""
    reference: Mapping[str, Any] = binding.get("roleRef") or {}
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    return kind, binding["metadata"].get("namespace", "") if kind == "Role" else "", name


def right_to_bind(binding: Manifest) -> Right:
    """The right that lets somebody make this binding without holding what it hands out."""
    kind, _, name = role_named(binding)
    namespace = binding["metadata"].get("namespace", "")
    return Right(verb="bind", group=RBAC, resource=_PLURALS.get(kind, kind.lower()), namespace=namespace, name=name)


def _look_at_role(role: Manifest, held_in: HeldIn, found: _Found) -> None:
    ref = ObjectRef.of(role)
    if not is_grantable(role, held_in(ref.namespace)):
        found.by_hand.append(role)
        found.notes.append(f"{ref} holds rights that the restore does not: an administrator applies it (--app-roles)")


def _look_at_binding(binding: Manifest, roles: Mapping[RoleKey, Manifest], held_in: HeldIn, found: _Found) -> None:
    ref, key = ObjectRef.of(binding), role_named(binding)
    role = roles.get(key)
    if role is not None and is_grantable(role, held_in(ref.namespace)):
        return
    if is_bindable(role) if role is not None else key[2] in USUAL_ROLES[ref.gvk.kind] and key[0] == "ClusterRole":
        found.binds.setdefault(ref.namespace, []).append(right_to_bind(binding))
        return
    found.by_hand.append(binding)
    found.notes.append(f"{ref} binds {key[0]} {key[2]}, which is not the restore's to hand out: see --app-roles")


def is_bindable(role: Manifest) -> bool:
    """Whether the role may be bound by name: it is no way to more rights than it lists."""
    return not role.get("aggregationRule") and all(_is_harmless(rule) for rule in rules_of(role))


def _is_harmless(rule: Rule) -> bool:
    if ANY in (*rule.groups, *rule.resources, *rule.urls):
        return False
    return not _NOT_TO_BE_BOUND & {*rule.verbs} and not _TOKENS & {*rule.resources}


def _grants(found: _Found) -> Iterator[Grant]:
    for namespace, rights in sorted(found.binds.items()):
        part = "bind" if namespace else "bind-cluster"
        yield grant(part, _unplaced(rights), (namespace,) if namespace else (), apart=bool(namespace))


def _unplaced(rights: Iterable[Right]) -> list[Right]:
    return [Right(verb=one.verb, group=one.group, resource=one.resource, name=one.name) for one in rights]
