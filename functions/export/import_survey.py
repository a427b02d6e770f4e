"""Looks through the manifests of an import before the first one is taken: what they are of, and what they tell.

A later look gives the same answers, so manifests need not be kept in memory.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from kubestandby.codec import canonical_json
from kubestandby.errors import FormatError, ManifestError
from kubestandby.groups import ProtectionGroup
from kubestandby.import_payload import ImportedObject, PayloadReader
from kubestandby.resources import Manifest, ObjectRef, ResourceType

from .drop_rules import Facts
from .imported_types import ImportedTypes
from .namespaced import TEACHING, FactsInTheMaking
from .references import Need
from .scope import NAMESPACE
from .stored_forms import as_stored

MOST_PROBLEMS = 50
"""After so many, whoever wrote the files knows enough."""

_Identity = tuple[str, str, str, str]
_T = TypeVar("_T")


class UnusableFilesError(ManifestError):
    """Manifests that cannot be imported; `problems` has one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class FoundObject:
    """A manifest with its type, and with the namespace that it is in."""

    origin: str
    resource: ResourceType
    manifest: Manifest

    @property
    def ref(self) -> ObjectRef:
        """The object."""
        return ObjectRef.of(self.manifest)


@dataclass(frozen=True, slots=True)
class _First:
    """Where an object was found first: its number among all, its origin, and a digest of what it says."""

    number: int
    origin: str
    digest: bytes


@dataclass(slots=True)
class ImportSurvey:
    """What an import holds.

    Attributes:
        namespaces: manifests of namespaces, by name; none where objects only name one.
    """

    payload: PayloadReader
    types: ImportedTypes
    default_namespace: str
    namespaces: dict[str, Manifest | None] = field(default_factory=dict)
    _facts: FactsInTheMaking = field(default_factory=FactsInTheMaking)
    _seen: dict[_Identity, _First] = field(default_factory=dict)
    _problems: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Looks at every manifest.

        Raises:
            UnusableFilesError: some cannot be imported.
            FormatError: the payload is not in our form.
        """
        for item in self.payload.objects():
            self._noting(item.origin, partial(self.types.learn, item.manifest))
        for number, item in enumerate(self.payload.objects()):
            self._noting(item.origin, partial(self._look_at, item, number))
            if len(self._problems) >= MOST_PROBLEMS:
                break
        if self._problems:
            raise UnusableFilesError(self._problems)

    def objects(self) -> Iterator[FoundObject]:
        """Every object once, in the order in which they were read."""
        for number, item in enumerate(self.payload.objects()):
            found = self._found(item)
            if self._seen[found.ref.identity].number == number:
                yield found

    def _found(self, item: ImportedObject) -> FoundObject:
        """A manifest with its type and namespace.

        Raises:
            ManifestError: that cannot be told.
        """
        resource = self.types.type_of(item.manifest)
        if not resource.namespaced:
            return FoundObject(item.origin, resource, _with_namespace(item.manifest, ""))
        namespace = item.manifest["metadata"].get("namespace") or self.default_namespace
        if not namespace:
            raise ManifestError(f"{ObjectRef.of(item.manifest)} names no namespace; name it, or give --namespace")
        return FoundObject(item.origin, resource, as_stored(_with_namespace(item.manifest, namespace)))

    def facts(self, group: ProtectionGroup) -> Facts:
        """What drop rules have to know."""
        return self._facts.added_to(Facts(include_owned=group.include_owned, exclude_kinds=group.exclude_kinds))

    def holds(self, need: Need) -> bool:
        """Whether there is such an object, in whatever version."""
        return (need.group, need.kind, need.namespace, need.name) in self._seen

    def _look_at(self, item: ImportedObject, number: int) -> None:
        found = self._found(item)
        digest = hashlib.sha256(canonical_json(found.manifest)).digest()
        first = self._seen.setdefault(found.ref.identity, _First(number, found.origin, digest))
        if first.digest != digest:
            raise ManifestError(f"{found.ref} is in {first.origin} too, and says something else there; leave one out")
        kind = found.resource.gvk.group_kind
        if kind in TEACHING:
            self._facts.learn(found.manifest)
        if kind == NAMESPACE.gvk.group_kind:
            self.namespaces[found.ref.name] = found.manifest
        elif found.ref.namespace:
            self.namespaces.setdefault(found.ref.namespace, None)

    def _noting(self, origin: str, step: Callable[[], None]) -> None:
        try:
            at_origin(origin, step)
        except ManifestError as error:
            self._problems.append(str(error))


def at_origin(origin: str, step: Callable[[], _T]) -> _T:
    """Runs a step that reads a manifest which no server has checked; what is wrong with it is told with its origin.

    Raises:
        ManifestError: a field is of another type than the API's, or the manifest cannot be processed.
    """
    try:
        return step()
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(
            f"{origin}: a field is missing, or of another type than the API's; correct it, or leave the object out"
        ) from error
    except (FormatError, ManifestError) as error:
        raise ManifestError(f"{origin}: {error}") from error


def _with_namespace(manifest: Manifest, namespace: str) -> Manifest:
    """The manifest in this namespace; "" takes it out, as a server does for objects that have none."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "namespace"}
    return {**manifest, "metadata": {**metadata, "namespace": namespace} if namespace else metadata}
