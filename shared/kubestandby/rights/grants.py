"""Rights that belong together: what one Role or ClusterRole holds, and where it is bound. Data only."""

from dataclasses import dataclass, field
from enum import StrEnum

from kubestandby.privileges import HeldRules, Right, Rule, compacted
from kubestandby.resources import Manifest, ResourceType


class Duty(StrEnum):
    """Which function the rights are for."""

    EXPORT = "export"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role.

    Attributes:
        part: what of the group's rights it is, the last part of its name; "" for the main one.
        namespaces: where it is bound; empty is everywhere.
        apart: whether each namespace has a Role of its own, rather than all a ClusterRole.
    """

    part: str
    rules: tuple[Rule, ...]
    namespaces: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """All rights of one group at one site.

    Attributes:
        namespaces: those that must be there before a RoleBinding can be in them.
        notes: what an administrator should know: one sentence each.
        by_hand: the snapshot's Roles, ClusterRoles and bindings that the function itself may not make.
    """

    grants: tuple[Grant, ...]
    namespaces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    by_hand: tuple[Manifest, ...] = field(default_factory=tuple)


def on(type_: ResourceType, *verbs: str, names: tuple[str, ...] = ()) -> list[Right]:
    """The rights to do this with objects of the type, all of them or those of these names."""
    return [
        Right(verb=verb, group=type_.gvk.group, resource=type_.plural, name=name)
        for verb in verbs
        for name in names or ("",)
    ]


def grant(part: str, rights: list[Right], namespaces: tuple[str, ...] = (), *, apart: bool = False) -> Grant:
    """A grant of these rights, which say nothing of namespaces themselves."""
    return Grant(part=part, rules=compacted(rights), namespaces=namespaces, apart=apart)


def held_in(grants: tuple[Grant, ...], namespace: str) -> HeldRules:
    """What all of the grants together allow in a namespace; "" is cluster-wide."""
    rules = (rule for one in grants if not one.namespaces or namespace in one.namespaces for rule in one.rules)
    return HeldRules(rules=tuple(rules))
