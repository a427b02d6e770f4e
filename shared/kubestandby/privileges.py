"""Rights on a Kubernetes API server, and the rules that grant them, as RBAC counts them. Data only.

Source: rbac.authorization.k8s.io/v1, PolicyRule; k8s.io/kubernetes/pkg/registry/rbac/validation.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

ANY = "*"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Right:
    """One verb on one resource; in one namespace, or cluster-wide (""); on one object, or on all of them ("")."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """`create deployments.apps in shop`, `patch namespaces shop`."""
        resource = f"{self.resource}.{self.group}".rstrip(".")
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {resource}{name}" + (f" in {self.namespace}" if self.namespace else "")


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Rule:
    """A PolicyRule. No names means every object; `urls` are paths outside of the API's resources."""

    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, rule: Mapping[str, Any]) -> "Rule":
        """Reads a rule as it stands in a Role, or in the answer to a SelfSubjectRulesReview."""

        def texts(key: str) -> tuple[str, ...]:
            return tuple(str(one) for one in rule.get(key) or ())

        return cls(
            groups=texts("apiGroups"),
            resources=texts("resources"),
            verbs=texts("verbs"),
            names=texts("resourceNames"),
            urls=texts("nonResourceURLs"),
        )

    @property
    def manifest(self) -> dict[str, list[str]]:
        """As it stands in a Role."""
        fields = {
            "apiGroups": self.groups,
            "resources": self.resources,
            "resourceNames": self.names,
            "nonResourceURLs": self.urls,
            "verbs": self.verbs,
        }
        return {key: list(values) for key, values in fields.items() if values}

    def allows(self, right: Right) -> bool:
        """Whether the rule grants the right, in whichever namespace it is bound."""
        on_object = not self.names or right.name in self.names
        return (
            on_object
            and _among(right.verb, self.verbs)
            and _among(right.group, self.groups)
            and (_among(right.resource, self.resources) or _subresource_among(right.resource, self.resources))
        )

    @property
    def rights(self) -> Iterator[Right]:
        """Each single right that it grants."""
        for verb, group, resource, name in product(self.verbs, self.groups, self.resources, self.names or ("",)):
            yield Right(verb=verb, group=group, resource=resource, name=name)


def _among(wanted: str, granted: tuple[str, ...]) -> bool:
    return wanted in granted or ANY in granted


def _under(url: str, granted: tuple[str, ...]) -> bool:
    """A granted path that ends in `*` stands for all that begin like it (PolicyRule.nonResourceURLs)."""
    return any(url == path or (path.endswith(ANY) and url.startswith(path.removesuffix(ANY))) for path in granted)


def _subresource_among(wanted: str, granted: tuple[str, ...]) -> bool:
    """`*/scale` grants the subresource of every resource."""
    _, slash, sub = wanted.partition("/")
    return bool(slash) and f"{ANY}/{sub}" in granted


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRules:
    """What somebody may do in one namespace, whatever gives them that.

    Attributes:
        complete: whether the server could name all of it (SubjectRulesReviewStatus.incomplete).
    """

    rules: tuple[Rule, ...] = ()
    complete: bool = True

    def allows(self, right: Right) -> bool:
        """Whether any rule grants the right."""
        return any(rule.allows(right) for rule in self.rules)

    def covers(self, wanted: Iterable[Rule]) -> bool:
        """Whether somebody with these rules may hand out all of the wanted ones (privilege escalation prevention)."""
        return all(self._covers(rule) for rule in wanted)

    def _covers(self, wanted: Rule) -> bool:
        paths = all(
            any(_under(url, held.urls) and _among(verb, held.verbs) for held in self.rules)
            for url, verb in product(wanted.urls, wanted.verbs)
        )
        return paths and all(self.allows(right) for right in wanted.rights)


def compacted(rights: Iterable[Right]) -> tuple[Rule, ...]:
    """The fewest rules that grant these rights and nothing else; the same rights always give the same rules.

    Their namespaces are the caller's affair.
    """
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        verbs.setdefault((right.group, right.name, right.resource), set()).add(right.verb)
    by_names: dict[tuple[str, str, tuple[str, ...]], set[str]] = {}
    for (group, name, resource), granted in verbs.items():
        names = by_names.setdefault((group, resource, _ordered(granted)), set())
        names.add(name)
    by_resources: dict[tuple[str, tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for (group, resource, granted_verbs), names in by_names.items():
        by_resources.setdefault((group, _apart(names), granted_verbs), set()).add(resource)
    rules = (
        Rule(groups=(group,), resources=tuple(sorted(resources)), verbs=granted_verbs, names=some)
        for (group, some, granted_verbs), resources in by_resources.items()
    )
    return tuple(sorted(rules))


def _apart(names: set[str]) -> tuple[str, ...]:
    """No names where one of them is empty: that means every object."""
    return () if "" in names else tuple(sorted(names))


_VERBS = ("get", "list", "create", "patch", "update", "delete", "bind")


def _ordered(verbs: set[str]) -> tuple[str, ...]:
    known = [verb for verb in _VERBS if verb in verbs]
    return (*known, *sorted(verbs - set(_VERBS)))
