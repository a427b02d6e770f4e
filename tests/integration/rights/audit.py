"""Rights granted, from printed RBAC objects; rights used, from an API server's audit log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from kubestandby.privileges import Right, Rule

ALWAYS_GRANTED = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
"""Reviews of oneself: every identity may ask (ClusterRole system:basic-user)."""


@dataclass(frozen=True)
class Use:
    """One request: the rights that it took, and whether the authoriser agreed."""

    rights: tuple[Right, ...]
    allowed: bool


def granted(printed: str) -> set[Right]:
    """Every single right that the printed objects give, where it is bound."""
    objects = [document for document in yaml.safe_load_all(printed) if document]
    rules = {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): [
            right for rule in one["rules"] for right in Rule.of(rule).rights
        ]
        for one in objects
        if one["kind"] in ("Role", "ClusterRole")
    }
    found: set[Right] = set()
    for one in (one for one in objects if "roleRef" in one):
        kind, name = one["roleRef"]["kind"], one["roleRef"]["name"]
        namespace = one["metadata"].get("namespace", "")
        key = (kind, namespace if kind == "Role" else "", name)
        found |= {replace(right, namespace=namespace) for right in rules[key]}
    return found


def uses(events: Iterable[dict[str, Any]], user: str) -> Iterator[Use]:
    """What the user itself asked for; not who impersonates it, and not what everybody may."""
    for event in events:
        about = event.get("objectRef") or {}
        if event["user"]["username"] != user or "impersonatedUser" in event or not about:
            continue
        group = about.get("apiGroup", "")
        if group in ALWAYS_GRANTED:
            continue
        yield Use(tuple(_rights(event, about)), event["annotations"]["authorization.k8s.io/decision"] == "allow")


def _rights(event: dict[str, Any], about: dict[str, Any]) -> Iterator[Right]:
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    is_namespace = (about.get("apiGroup", ""), about["resource"]) == ("", "namespaces")
    right = Right(
        verb=event["verb"],
        group=about.get("apiGroup", ""),
        resource=resource,
        namespace="" if is_namespace else about.get("namespace", ""),
        name=about.get("name", ""),
    )
    yield right
    if right.verb == "patch" and event["responseStatus"]["code"] == 201:
        yield replace(right, verb="create")  # an apply that makes the object is authorised for both


def covered(right: Right, by: Iterable[Right]) -> bool:
    """Whether one of these gives this one."""
    return any(_gives(one, right) for one in by)


def unused(rights: set[Right], used: set[Right]) -> set[Right]:
    """Kinds of rights that no request took, in none of the namespaces, on none of the objects that they are for."""
    kinds = {_of_kind(right) for right in rights if any(_gives(right, one) for one in used)}
    return {_of_kind(right) for right in rights} - kinds


def _of_kind(right: Right) -> Right:
    return replace(right, namespace="", name="")


def _gives(one: Right, right: Right) -> bool:
    same = (one.verb, one.group, one.resource) == (right.verb, right.group, right.resource)
    return same and one.namespace in ("", right.namespace) and one.name in ("", right.name)
