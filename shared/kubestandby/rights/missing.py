"""From rights that are needed and rights that are held to one error, with the objects that an administrator applies."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

from kubestandby import manifest_yaml
from kubestandby.errors import ClusterError, ClusterUnavailableError, NeedsPrivilegeError
from kubestandby.groups import OWN_NAMESPACE, ProtectionGroup, Site
from kubestandby.ports import Cluster
from kubestandby.privileges import HeldRules, Right, compacted
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.rights.grants import Duty, Grant, Granted
from kubestandby.rights.manifests import role_objects
from kubestandby.rights.subjects import Subject, account

_SHOWN = 3
_NAMESPACES = ("", "namespaces")

NOWHERE = "kubestandby-nowhere"
"""A namespace that is not there, and so has no roles of its own: what we may do in it we may do everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What is missing.

    Attributes:
        rights: each with an object that needs it, as text; "" where it is not about one.
        by_hand: Roles, ClusterRoles and bindings that hand out more than we hold: an administrator applies them.
    """

    rights: Mapping[Right, str] = field(default_factory=dict)
    by_hand: tuple[Manifest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rights or self.by_hand)


class Held:
    """What our credentials may do on a cluster: asked once for all of it, and once for each namespace that matters."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rules: dict[str, HeldRules | None] = {}
        self._answers: dict[Right, bool] = {}

    def rules(self, namespace: str) -> HeldRules | None:
        """What we may do in the namespace, or cluster-wide (""); None where the server does not tell."""
        if namespace not in self._rules:
            self._rules[namespace] = self._ask(namespace or NOWHERE)
        return self._rules[namespace]

    def allows(self, right: Right) -> bool:
        """Whether we hold the right; where the server does not tell, an attempt will."""
        if self._allows_everywhere(right):
            return True
        rules = self.rules(_place(right))
        if rules is None or rules.allows(right):
            return True
        return not rules.complete and self._may(right)

    def prepare(self, rights: Iterable[Right], pool: Executor) -> None:
        """Asks at once for all namespaces that these rights are about."""
        places = {_place(right) for right in rights if not self._allows_everywhere(right)}
        unknown = sorted(places - self._rules.keys())
        self._rules.update(zip(unknown, pool.map(self._ask, unknown), strict=True))

    def _allows_everywhere(self, right: Right) -> bool:
        rules = self.rules("")
        return rules is None or rules.allows(right)

    def _ask(self, namespace: str) -> HeldRules | None:
        try:
            return self._cluster.rules(namespace)
        except ClusterUnavailableError:
            raise
        except ClusterError:
            return None

    def _may(self, right: Right) -> bool:
        """Asks for one right: first for all objects everywhere, then for all of the namespace, then for the one."""
        wider = (replace(right, namespace="", name=""), replace(right, name=""), right)
        return any(self._may_once(one) for one in dict.fromkeys(wider))

    def _may_once(self, right: Right) -> bool:
        if right not in self._answers:
            self._answers[right] = self._ask_for(right)
        return self._answers[right]

    def _ask_for(self, right: Right) -> bool:
        try:
            return self._cluster.may(right)
        except ClusterUnavailableError:
            raise
        except ClusterError:
            return True


def _place(right: Right) -> str:
    """The namespace whose roles may grant it; a namespace is within itself, to an authoriser."""
    return right.name if (right.group, right.resource) == _NAMESPACES else right.namespace


def not_held(granted: Granted, held: Held) -> Missing:
    """What of all the rights that a group needs our credentials do not hold."""
    wanted = (
        replace(right, namespace=namespace)
        for one in granted.grants
        for namespace in one.namespaces or ("",)
        for rule in one.rules
        for right in rule.rights
    )
    return Missing(rights={right: "" for right in sorted(set(wanted)) if not held.allows(right)})


def needs_privilege(
    cluster: Cluster, duty: Duty, group: ProtectionGroup, site: Site, missing: Missing
) -> NeedsPrivilegeError:
    """The error, as an outcome shows it."""
    subject = _subject(cluster, duty)
    objects = list(missing_objects(group, duty, subject, missing))
    needs = {
        "identity": str(subject),
        "site": str(site.name),
        "missing": [_right_json(right, about) for right, about in missing.rights.items()],
        "byHand": [str(ObjectRef.of(one)) for one in missing.by_hand],
        "manifest": "".join(f"---\n{manifest_yaml.emit(one).decode()}" for one in objects),
    }
    return NeedsPrivilegeError(_message(subject, site, missing), needs)


def missing_objects(group: ProtectionGroup, duty: Duty, subject: Subject, missing: Missing) -> Iterator[Manifest]:
    """What an administrator applies: the missing rights and nothing else, then what is not ours to hand out."""
    new_spaces = {right.name for right in missing.rights if _makes_namespace(right)}
    rights = sorted(right for right in missing.rights if not _makes_namespace(right))
    places = new_spaces | {OWN_NAMESPACE for right in rights if right.namespace == OWN_NAMESPACE}
    for name in sorted(places):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    digest = hashlib.sha256("\n".join(map(str, rights)).encode()).hexdigest()[:8]
    name = f"kubestandby-{duty}-{group.name}.needs-{digest}"
    for one in _grants(rights):
        yield from role_objects(one, name, subject, {"kubestandby.dev/group": str(group.name)})
    yield from missing.by_hand


def _makes_namespace(right: Right) -> bool:
    """A namespace is made by the administrator: only then can rights be granted within it."""
    return (right.group, right.resource, right.verb) == (*_NAMESPACES, "create")


def _grants(rights: Iterable[Right]) -> Iterator[Grant]:
    places: dict[str, list[Right]] = {}
    for right in rights:
        places.setdefault(right.namespace, []).append(right)
    for namespace, some in sorted(places.items()):
        yield Grant(part="", rules=compacted(some), namespaces=(namespace,) if namespace else (), apart=bool(namespace))


def _subject(cluster: Cluster, duty: Duty) -> Subject:
    """Who we are there; where the server does not tell, who we are by our own manifests."""
    try:
        user = cluster.whoami()
    except ClusterUnavailableError:
        raise
    except ClusterError:
        user = ""
    return Subject.of_user(user) if user else account(duty)


def _message(subject: Subject, site: Site, missing: Missing) -> str:
    lacks = [f"{right} (for {about})" if about else str(right) for right, about in missing.rights.items()]
    lacks += [f"hand out what {ObjectRef.of(one)} grants" for one in missing.by_hand]
    more = f" and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
    return (
        f"NeedsPrivilege: on the cluster of {site.name}, {subject} may not {', '.join(lacks[:_SHOWN])}{more}; an"
        " administrator applies the manifest that comes with this outcome; then ask again"
    )


def _right_json(right: Right, about: str) -> dict[str, Any]:
    return {
        "verb": right.verb,
        "apiGroup": right.group,
        "resource": right.resource,
        "namespace": right.namespace,
        "name": right.name,
        "object": about,
    }
