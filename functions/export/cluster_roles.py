"""Which ClusterRoles belong to a snapshot. They are judged together: one may be aggregated from others. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from kubestandby.resources import Manifest

from .closure import Closure
from .drop_rules import NO_FACTS, Facts, dropped_by
from .references import CLUSTER_ROLE, Need

_RBAC = "rbac.authorization.k8s.io/v1"
_BOOTSTRAPPED = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_PART_OF = "rbac.authorization.k8s.io/aggregate-to-"
SERVERS_OWN: Mapping[str, str] = {"admin": "", "edit": "admin", "view": "edit"}
"""The roles that every API server makes and aggregates by a label, each with the one that it is itself part of.

Source: kubernetes.io/docs/reference/access-authn-authz/rbac, default roles and role aggregation.
"""


def roles_wanted(closure: Closure, roles: Sequence[Manifest], facts: Facts = NO_FACTS) -> set[str]:
    """The names of those that belong to it; `closure` takes in on what the holders of those that it names work.

    `roles` are all that there are, those that are left out included: the server's own `view` does not cross, but what
    a user has made part of it does. On what people with the server's own roles work says nothing about controllers.
    """
    named = cluster_roles_named(closure.needs)
    kept = [role for role in roles if not dropped_by(role, facts)]
    # With the parts: sanitize takes the rules of an aggregated role out, and files of an author's never had them.
    held = with_parts(named, kept)
    for role in kept:
        if role["metadata"]["name"] in held:
            closure.note_rules(role)
    others = {r["metadata"]["name"] for r in roles if closure.is_labelled(r) or closure.is_about_own_api(r)}
    return with_parts(named | others, roles)


def with_servers_own(roles: Sequence[Manifest]) -> list[Manifest]:
    """The roles and, where files do not have them, those that every API server has, as far as it matters here."""
    held = {role["metadata"]["name"] for role in roles}
    return [*roles, *(_servers_own(name, whole) for name, whole in SERVERS_OWN.items() if name not in held)]


def with_parts(needed: Collection[str], roles: Iterable[Manifest]) -> set[str]:
    """The names of the needed ClusterRoles and of all that is aggregated into them (ClusterRole.aggregationRule)."""
    by_name = {role["metadata"]["name"]: role for role in roles}
    found: set[str] = set()
    waiting = [name for name in needed if name in by_name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_parts_of(by_name[name], by_name.values()))
    return found


def cluster_roles_named(needs: Iterable[Need]) -> set[str]:
    """Names of the ClusterRoles among the needs."""
    return {need.name for need in needs if need[:2] == CLUSTER_ROLE}


def _servers_own(name: str, whole: str) -> Manifest:
    labels = {**_BOOTSTRAPPED, **({f"{_PART_OF}{whole}": "true"} if whole else {})}
    parts = {"clusterRoleSelectors": [{"matchLabels": {f"{_PART_OF}{name}": "true"}}]}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": _RBAC, "kind": "ClusterRole", "metadata": metadata, "aggregationRule": parts}


def _parts_of(role: Manifest, roles: Iterable[Manifest]) -> list[str]:
    selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
    return [part["metadata"]["name"] for part in roles if any(_selects(s, part) for s in selectors)]


def _selects(selector: Mapping[str, Any], manifest: Manifest) -> bool:
    """Whether a label selector matches; an empty one matches everything (metav1.LabelSelector)."""
    labels = manifest["metadata"].get("labels") or {}
    exact = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return exact and all(_satisfies(expression, labels) for expression in selector.get("matchExpressions") or ())


def _satisfies(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """One LabelSelectorRequirement. An operator that we do not know selects: too much is safer than too little."""
    key, values = expression.get("key", ""), expression.get("values") or ()
    meanings: dict[str, bool] = {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return meanings.get(str(expression.get("operator")), True)
