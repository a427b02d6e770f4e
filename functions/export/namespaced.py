"""Exports what is in a group's namespaces."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

from kubestandby.carried import listable_types
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import Discovery
from kubestandby.resources import Manifest, ResourceType

from .assembly import Assembly
from .drop_rules import Facts, dropped_by
from .listing import Lister, ListTask, Query, Sieve

LISTED_ONE_BY_ONE = 3
"""Up to so many namespaces are listed each on its own; more are picked from one list over the whole cluster."""

TEACHING = frozenset({("", "Service"), ("", "ServiceAccount")})
"""Types of which `Facts` are learnt; they are listed first."""

TAUGHT = frozenset({("", "Endpoints"), ("", "Secret")})
"""Types that are judged by those (`drop_rules`): their lists begin when the others have ended."""


def export_namespaced(
    lister: Lister, group: ProtectionGroup, discovery: Discovery, namespaces: Sequence[str], assembly: Assembly
) -> None:
    """Takes every object that is to be kept; types that cannot be read are noted.

    Raises:
        ClusterError: the cluster as a whole does not answer, or refuses the credentials.
    """
    types = [type_ for type_ in listable_types(discovery, group.api_versions, group.exclude_kinds) if type_.namespaced]
    types.sort(key=lambda type_: type_.gvk.group_kind not in TEACHING)
    known, learning = Facts(include_owned=group.include_owned), FactsInTheMaking()
    with lister.run([_task(type_, namespaces, known, learning) for type_ in types]) as results:
        for listed in results:
            assembly.note_list(listed)
            for manifest in listed.manifests():
                assembly.take(listed.resource, manifest)


def _task(resource: ResourceType, namespaces: Sequence[str], known: Facts, learning: "FactsInTheMaking") -> ListTask:
    kind, chosen = resource.gvk.group_kind, frozenset(namespaces)

    def wanted(manifest: Manifest) -> bool:
        within = manifest["metadata"].get("namespace") in chosen
        if within and kind in TEACHING:
            learning.learn(manifest)
        return within

    def sieve() -> Sieve:
        facts = learning.added_to(known) if kind in TAUGHT else known
        return Sieve(lambda manifest: dropped_by(manifest, facts), wanted=wanted)

    each = tuple(Query(namespace=namespace) for namespace in namespaces)
    few = len(namespaces) <= LISTED_ONE_BY_ONE
    return ListTask(
        resource=resource,
        queries=each if few else (Query(),),
        fallback=() if few else each,
        sieve=sieve,
        ended=learning.expect_list() if kind in TEACHING else None,
    )


class FactsInTheMaking:
    """Learns from Services and ServiceAccounts, those that are left out too. Only ever adds: threads may share it."""

    def __init__(self) -> None:
        self._lists: list[Event] = []
        self._services: set[tuple[str, str]] = set()
        self._secrets: set[tuple[str, str]] = set()

    def expect_list(self) -> Callable[[], None]:
        """One more list will teach something; what comes back is to be called when it has ended."""
        ended = Event()
        self._lists.append(ended)
        return ended.set

    def learn(self, manifest: Manifest) -> None:
        """Takes in one object."""
        metadata = manifest["metadata"]
        if manifest["kind"] == "Service" and (manifest.get("spec") or {}).get("selector"):
            self._services.add((metadata["namespace"], metadata["name"]))
        elif manifest["kind"] == "ServiceAccount":
            names = [secret.get("name", "") for secret in manifest.get("secrets") or ()]
            self._secrets.update((metadata["namespace"], name) for name in names)

    def added_to(self, known: Facts) -> Facts:
        """What was known, with what was learnt; waits for the end of all lists that were expected."""
        for ended in self._lists:
            ended.wait()
        return replace(known, selecting_services=frozenset(self._services), token_secrets=frozenset(self._secrets))
