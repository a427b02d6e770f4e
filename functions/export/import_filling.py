"""Puts the objects of an import into a snapshot: those that an export would have taken from a cluster."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from kubestandby.carried import NEVER_LISTED, kubectl_name
from kubestandby.groups import ProtectionGroup
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.transforms import Transform

from .absent_needs import absent_from
from .assembly import Assembly
from .drop_rules import Facts, dropped_by
from .import_needed import FoundSpool, ImportNeeded, is_meant
from .import_survey import FoundObject, ImportSurvey, at_origin
from .listing import Sieve
from .scope import NAMESPACE, VIRTUAL_GROUPS

REVIEWS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
"""API groups of questions to a server, which keeps none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportScope:
    """The namespaces in dependency order, with their manifests.

    Attributes:
        added: those that no file describes.
        dropped: namespaces left out, by rule.
        failures: as in the index.
    """

    manifests: tuple[Manifest, ...]
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(manifest["metadata"]["name"] for manifest in self.manifests)


@dataclass(slots=True)
class ImportFilling:
    """One import, from the survey to the assembly.

    Attributes:
        keep_all: also cluster-scoped objects that nothing in the namespaces needs.
    """

    group: ProtectionGroup
    survey: ImportSurvey
    scope: ImportScope
    assembly: Assembly
    keep_all: bool
    _left_out: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Takes every object that belongs to the snapshot, and counts the others by rule.

        Raises:
            ManifestError: a manifest cannot be understood; the message starts with its origin.
            StoreError: the temporary folder is full.
        """
        self._left_out.update(self.scope.dropped)
        for manifest in self.scope.manifests:
            self.assembly.take(NAMESPACE, manifest)
        for failure in self.scope.failures:
            self.assembly.note_failure("", failure)
        cluster_scoped = FoundSpool(self.survey)
        try:
            self._take_namespaced(cluster_scoped)
            self._take_needed(cluster_scoped)
        finally:
            cluster_scoped.close()
        self.assembly.note_dropped(self._left_out)

    def absent(self, transforms: Sequence[Transform]) -> tuple[str, ...]:
        """Objects that the snapshot names and no file holds, once it was run.

        `transforms` are those on the way to the other site.
        """
        needs = absent_from(self.survey.holds, self.assembly.closure.needs, transforms)
        return tuple(str(ObjectRef(GVK(need.group, "", need.kind), need.namespace, need.name)) for need in needs)

    def _take_namespaced(self, cluster_scoped: FoundSpool) -> None:
        facts = self.survey.facts(self.group)
        chosen = frozenset(self.scope.namespaces)
        for found in self.survey.objects():
            rule = _out_of_question(found, chosen)
            if rule:
                self._left_out[rule] += 1
            elif found.resource.namespaced:
                self._take(found, facts)
            elif not _is_namespace(found):
                cluster_scoped.add(found)

    def _take_needed(self, cluster_scoped: FoundSpool) -> None:
        facts = self.survey.facts(self.group)
        take = partial(self._take, facts=facts)
        needed = ImportNeeded(cluster_scoped, self.group, self.assembly.closure, facts, take)
        self._left_out["not_needed_by_its_namespaces"] += needed.run(keep_all=self.keep_all)
        self._left_out += Counter()  # drops what was counted zero times
        self._note_missing(cluster_scoped)

    def _take(self, found: FoundObject, facts: Facts) -> None:
        sieve = Sieve(lambda manifest: dropped_by(manifest, facts))

        def take() -> None:
            if sieve.keeps(found.manifest):
                self.assembly.take(found.resource, found.manifest)

        at_origin(found.origin, take)
        self._left_out += sieve.dropped
        self.assembly.images.merge(sieve.images)

    def _note_missing(self, cluster_scoped: FoundSpool) -> None:
        for entry in self.group.include:
            if not any(is_meant(entry, found) for found in cluster_scoped):
                self.assembly.note_failure("", f"spec.include {entry.kind} {entry.name}: the files have no such object")


def _out_of_question(found: FoundObject, namespaces: frozenset[str]) -> str:
    """Why an export would not have looked at the object, or ""."""
    type_name, group = kubectl_name(found.resource), found.resource.gvk.group
    if not _is_namespace(found) and (type_name in NEVER_LISTED or group in VIRTUAL_GROUPS | REVIEWS):
        return "type_never_exported"
    namespace = found.ref.name if _is_namespace(found) else found.ref.namespace
    return "of_another_namespace" if namespace and namespace not in namespaces else ""


def _is_namespace(found: FoundObject) -> bool:
    return found.resource.gvk.group_kind == NAMESPACE.gvk.group_kind
