"""Takes the cluster-scoped objects of an import that its namespaces need: as `cluster_scoped` does of a cluster."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from kubestandby.groups import IncludedObject, ProtectionGroup

from .closure import Closure
from .cluster_roles import roles_wanted, with_servers_own
from .drop_rules import Facts
from .import_survey import FoundObject, ImportSurvey, at_origin
from .listing import Spool
from .references import CLUSTER_ROLE, Need
from .stages import DEEPEST_CHAIN, Stage, is_chained, stage_of

_Wanted = Callable[[FoundObject], bool]


class FoundSpool:
    """Objects in the order in which they came, to be looked at again and again."""

    def __init__(self, survey: ImportSurvey) -> None:
        self._survey = survey
        self._spool = Spool()
        self._count = 0

    def add(self, found: FoundObject) -> None:
        """Takes in one object."""
        self._spool.add([{"origin": found.origin, "manifest": found.manifest}])
        self._count += 1

    def __iter__(self) -> Iterator[FoundObject]:
        for item in self._spool:
            manifest = item["manifest"]
            yield FoundObject(item["origin"], self._survey.types.type_of(manifest), manifest)

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Lets go of everything."""
        self._spool.close()


@dataclass(slots=True)
class ImportNeeded:
    """One import's cluster-scoped objects.

    Attributes:
        take: puts an object into the snapshot, so that `closure` knows what it needs, unless a drop rule leaves it out.
    """

    found: FoundSpool
    group: ProtectionGroup
    closure: Closure
    facts: Facts
    take: Callable[[FoundObject], None]
    _settled: set[int] = field(default_factory=set)

    def run(self, *, keep_all: bool) -> int:
        """Takes what is needed, or everything; how many objects nothing needs.

        Raises:
            ManifestError: a manifest cannot be understood; the message starts with its origin.
        """
        self._take_where(lambda found: keep_all or any(is_meant(entry, found) for entry in self.group.include))
        self._take_stage(Stage.FIRST)
        self._take_stage(Stage.CLASSES)
        self._take_roles()
        self._take_chains()
        self._take_stage(Stage.DEFINITIONS)
        return len(self.found) - len(self._settled)

    def _take_stage(self, stage: Stage) -> None:
        self._take_where(lambda found: stage_of(_kind(found)) is stage and self.closure.wants(found.manifest))

    def _take_roles(self) -> None:
        roles = [found for found in self.found if _kind(found) == CLUSTER_ROLE]
        for role in roles:
            at_origin(role.origin, partial(self._judge_alone, role))
        wanted = roles_wanted(self.closure, with_servers_own([role.manifest for role in roles]), self.facts)
        self._take_where(lambda found: _kind(found) == CLUSTER_ROLE and found.ref.name in wanted)

    def _judge_alone(self, role: FoundObject) -> None:
        """As if something named it: what is wrong with a role is told with its place, not with all the others."""
        named = Closure(self.closure.group, self.closure.namespaces, needs={Need(*CLUSTER_ROLE, role.ref.name)})
        roles_wanted(named, [role.manifest], self.facts)

    def _take_chains(self) -> None:
        for _ in range(DEEPEST_CHAIN):
            if not self._take_where(lambda found: is_chained(_kind(found)) and self.closure.wants(found.manifest)):
                break

    def _take_where(self, wanted: _Wanted) -> bool:
        """Takes what is wanted and was not taken before; whether there was any."""
        before = len(self._settled)
        for number, found in enumerate(self.found):
            if number not in self._settled and at_origin(found.origin, partial(wanted, found)):
                self._settled.add(number)
                self.take(found)
        return len(self._settled) > before


def is_meant(entry: IncludedObject, found: FoundObject) -> bool:
    """Whether an entry of `spec.include` names this object."""
    kind, _, group = entry.kind.partition(".")
    gvk = found.resource.gvk
    return entry.name == found.ref.name and kind == gvk.kind and group in ("", gvk.group)


def _kind(found: FoundObject) -> tuple[str, str]:
    return found.resource.gvk.group_kind
