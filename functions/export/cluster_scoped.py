"""Exports the cluster-scoped objects that a group's namespaces need, in the order of `stages`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kubestandby.carried import listable_types
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import ProtectionGroup
from kubestandby.ports import Cluster, Discovery
from kubestandby.resources import Manifest, ResourceType

from .assembly import Assembly
from .closure import INCLUDE_LABEL, POINTERS, SCRIPTS_LABEL
from .cluster_roles import roles_wanted
from .drop_rules import dropped_by
from .listing import Listed, Lister, ListTask, Query, Sieve, right_to
from .references import Need
from .scope import resolve_include
from .stages import DEEPEST_CHAIN, Stage, is_chained, stage_of


@dataclass(slots=True)
class ClusterScopedExport:
    """One export of cluster-scoped objects."""

    cluster: Cluster
    lister: Lister
    group: ProtectionGroup
    discovery: Discovery
    assembly: Assembly

    def run(self) -> None:
        """Takes every object that belongs to the snapshot; types that cannot be read are noted.

        Raises:
            ConfigError: an entry of `spec.include` cannot be understood.
            ClusterError: the cluster as a whole does not answer, or refuses the credentials.
        """
        types = [
            type_
            for type_ in listable_types(self.discovery, self.group.api_versions, self.group.exclude_kinds)
            if not type_.namespaced
        ]
        at = {stage: [type_ for type_ in types if stage_of(type_.gvk.group_kind) is stage] for stage in Stage}
        self._take_included()
        self._list(at[Stage.FIRST])
        self._list(at[Stage.CLASSES])
        self._list_roles(at[Stage.ROLES])
        self._take_chains({kind: type_ for type_ in types if is_chained(kind := type_.gvk.group_kind)})
        self._list(at[Stage.DEFINITIONS])

    def _list(self, types: Sequence[ResourceType]) -> None:
        def take_all(listed: Listed) -> None:
            for manifest in listed.manifests():
                self.assembly.take(listed.resource, manifest)

        self._run([self._task(type_, wanted=self.assembly.closure.wants) for type_ in types], take_all)

    def _list_roles(self, types: Sequence[ResourceType]) -> None:
        """ClusterRoles are judged together, since one may be aggregated from others, those left out included."""
        self._run([self._task(type_, wanted=None) for type_ in types], self._take_roles)

    def _take_roles(self, listed: Listed) -> None:
        roles = list(listed.manifests())
        names = roles_wanted(self.assembly.closure, roles)
        sieve = Sieve(dropped_by, wanted=lambda role: role["metadata"]["name"] in names)
        for role in roles:
            if sieve.keeps(role):
                self.assembly.take(listed.resource, role)
        self.assembly.note_dropped(sieve.dropped)

    def _task(self, resource: ResourceType, *, wanted: Callable[[Manifest], bool] | None) -> ListTask:
        """A list of the whole type where anything of it may be needed, otherwise of what labels ask for."""
        drop = dropped_by if wanted is not None else _drop_nothing
        return ListTask(
            resource=resource,
            queries=(Query(),) if self._may_be_needed(resource) else _by_label(self.group),
            sieve=lambda: Sieve(drop, wanted=wanted),
        )

    def _may_be_needed(self, resource: ResourceType) -> bool:
        kind = resource.gvk.group_kind
        return kind in POINTERS or self.assembly.closure.names_any(kind)

    def _run(self, tasks: Sequence[ListTask], take: Callable[[Listed], None]) -> None:
        with self.lister.run(tasks) as results:
            for listed in results:
                self.assembly.note_list(listed)
                take(listed)

    def _take_included(self) -> None:
        for entry in self.group.include:
            resource = resolve_include(entry, self.group, self.discovery)
            what = f"spec.include {entry.kind} {entry.name}"
            if resource is None:
                self.assembly.note_failure("", f"{what}: its API group could not be read")
            elif not self._take_one(resource, entry.name, what):
                self.assembly.note_failure("", f"{what}: the cluster has no such object")

    def _take_chains(self, types: dict[tuple[str, str], ResourceType]) -> None:
        asked: set[Need] = set()
        for _ in range(DEEPEST_CHAIN):
            new = self.assembly.closure.needs - asked
            missing = sorted(need for need in new if need[:2] in types and not need.namespace)
            asked.update(missing)
            for need in missing:
                self._take_one(types[need[:2]], need.name, f"{need.kind}.{need.group} {need.name}")

    def _take_one(self, resource: ResourceType, name: str, what: str) -> bool:
        """Takes one object by name; whether it is there."""
        try:
            manifest = self.cluster.get(resource, "", name)
        except ClusterError as error:
            if error.status in (0, 401):
                raise
            if isinstance(error, ClusterUnavailableError):
                self.cluster.identity()  # raises where the cluster as a whole is down
            self.assembly.note_failure(resource.gvk.group, f"{what}: {error.status} {error.reason}")
            self.assembly.note_refused(right_to("get", resource, name=name) if error.status == 403 else None)
            return True
        if manifest is None:
            return False
        sieve = Sieve(dropped_by)
        if sieve.keeps(manifest):
            self.assembly.take(resource, manifest)
        self.assembly.note_dropped(sieve.dropped)
        return True


def _by_label(group: ProtectionGroup) -> tuple[Query, ...]:
    """Two lists: a label selector cannot say "or". Which namespace the scripts' label names is checked afterwards."""
    return Query(label_selector=f"{INCLUDE_LABEL}={group.name}"), Query(label_selector=SCRIPTS_LABEL)


def _drop_nothing(_: Manifest) -> str:
    return ""
