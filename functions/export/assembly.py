"""Puts the objects of one export together: the archive, and what the index says of them."""

from collections import Counter
from dataclasses import dataclass, field

from kubestandby.archive import ArchiveBuilder
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.sealed_form import is_sealed
from kubestandby.keys.sealing import SnapshotSealer
from kubestandby.privileges import Right
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.snapshots import RuleCount, TypeSummary

from .closure import Closure
from .images import ImageLedger
from .likely_secrets import SecretScan
from .listing import Listed
from .references import needs_of
from .scope import may_fail
from .state_digest import StateDigest


@dataclass(slots=True)
class _TypeCount:
    """One type so far. `versions` and `failures` come from the lists that it was read by."""

    resource: ResourceType
    count: int = 0
    versions: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Assembly:
    """Takes in objects one by one, from one thread; holds in memory only what becomes the index."""

    def __init__(
        self, group: ProtectionGroup, namespaces: tuple[str, ...], archive: ArchiveBuilder, sealer: SnapshotSealer
    ) -> None:
        self.closure = Closure(group.name, frozenset(namespaces))
        self.images = ImageLedger()
        self.state = StateDigest()
        self.refused: set[Right] = set()
        self.scan = SecretScan(group)
        self._group = group
        self._archive = archive
        self._sealer = sealer
        self._taken: set[tuple[str, str, str, str]] = set()
        self._types: dict[tuple[str, str], _TypeCount] = {}
        self._dropped: Counter[str] = Counter()
        self._failures: set[str] = set()

    def take(self, resource: ResourceType, manifest: Manifest) -> None:
        """Puts one object into the snapshot, sealed where it is a Secret, unless it is in it already."""
        ref = ObjectRef.of(manifest)
        if ref.identity in self._taken:
            return
        self._taken.add(ref.identity)
        stored, told = self._sealer.seal(manifest)
        entry = self._archive.add(ref, resource.plural, stored, sealed=is_sealed(stored))
        self.state.add(entry.path, told)
        self.images.add(manifest)
        self.scan.look(ref, manifest)
        self.closure.note(manifest, needs_of(manifest, resource))
        self._of(resource).count += 1

    def note_list(self, listed: Listed) -> None:
        """Notes how a list went, and what was left out of it. Its objects are the caller's."""
        self.note_version(listed.resource, listed.resource_version)
        for part in listed.parts:
            self.note_dropped(part.sieve.dropped)
            self.images.merge(part.sieve.images)
            self.note_refused(part.refused)
        if listed.failure:
            self._of(listed.resource).failures.append(listed.failure)
            name = f"{listed.resource.gvk.group or 'core'}/{listed.resource.plural}"
            self.note_failure(listed.resource.gvk.group, f"{name}: {listed.failure}")

    def note_version(self, resource: ResourceType, resource_version: str) -> None:
        """Notes at which resourceVersion a type was listed; "" where it was not read as a list."""
        of_type = self._of(resource)
        if resource_version:
            of_type.versions.append(resource_version)

    def note_dropped(self, rules: Counter[str]) -> None:
        """Counts objects that were left out, by rule."""
        self._dropped.update(rules)

    def note_failure(self, api_group: str, failure: str) -> None:
        """Notes what could not be read, unless this API group may fail."""
        if not may_fail(api_group, self._group):
            self._failures.add(failure)

    def note_refused(self, right: Right | None) -> None:
        """Notes a right that was missing, unless its API group may fail."""
        if right is not None and not may_fail(right.group, self._group):
            self.refused.add(right)

    @property
    def failures(self) -> tuple[str, ...]:
        """As in the index."""
        return tuple(sorted(self._failures))

    @property
    def dropped(self) -> tuple[RuleCount, ...]:
        """As in the index."""
        return tuple(RuleCount(rule=rule, count=count) for rule, count in sorted(self._dropped.items()))

    def types(self) -> tuple[TypeSummary, ...]:
        """As in the index: every type that was read, the empty ones too."""
        return tuple(_summary(self._types[key]) for key in sorted(self._types))

    def _of(self, resource: ResourceType) -> _TypeCount:
        return self._types.setdefault((resource.gvk.group, resource.plural), _TypeCount(resource))


def _summary(of_type: _TypeCount) -> TypeSummary:
    return TypeSummary(
        gvk=of_type.resource.gvk,
        plural=of_type.resource.plural,
        count=of_type.count,
        resource_version=",".join(dict.fromkeys(of_type.versions)),
        incomplete="; ".join(dict.fromkeys(of_type.failures)),
        namespaced=of_type.resource.namespaced,
    )
