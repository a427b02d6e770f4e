"""Looks at the cluster of one site, with the credentials that the configuration gives this machine for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from kubestandby.adapters.kube_clock import server_time
from kubestandby.adapters.kube_cluster import connect
from kubestandby.cli.doctor.classes import KINDS, NAMING, named_classes
from kubestandby.cli.doctor.verdicts import Check, Level, on_api_groups, on_classes, on_clock, on_rights
from kubestandby.cli.reading import Reading, attempt
from kubestandby.cli.rights_sources import Asked, learn
from kubestandby.cli.session import Session, snapshots_at
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.ports import Cluster, Discovery
from kubestandby.privileges import Right
from kubestandby.resources import Manifest
from kubestandby.rights.explaining import needing_everything
from kubestandby.rights.exporting import export_rights
from kubestandby.rights.grants import Duty
from kubestandby.rights.missing import Held, not_held
from kubestandby.rights.restoring import restore_rights
from kubestandby.rights.sources import Sources
from kubestandby.snapshots import SnapshotIndex, Stage

_DUTY_OF = {"primary": Duty.EXPORT, "standby": Duty.RESTORE}
_UNREACHED = "the cluster cannot be asked"
_AFTER = "mend what is above, and run this again"


@dataclass(slots=True)
class ClusterLook:
    """One cluster, asked once for what all groups need to know of it."""

    session: Session
    site: Site
    _cluster: Cluster = field(init=False)
    _discovery: Discovery | None = field(init=False, default=None)
    _who: str = field(init=False, default="")

    def cluster_checks(self, group: ProtectionGroup, role: str) -> Iterator[Check]:
        """Whether it answers, what it is, what time it is there, and which of its API groups do not answer."""
        subject = f"cluster of {self.site.name}"
        connected = attempt(self._connect)
        if connected.value is None:
            yield self._not_reached(subject, connected.unreachable)
            yield Check("clock", Level.NOT_CHECKED, _UNREACHED, _AFTER)
            yield Check("API groups", Level.NOT_CHECKED, _UNREACHED, _AFTER)
            return
        yield Check(subject, Level.OK, connected.value)
        theirs = attempt(lambda: server_time(self.site.cluster, self.site.name))
        yield on_clock(self.session.clock.now(), theirs.value)
        if self._discovery is not None:
            yield from on_api_groups(self._discovery, group.ignore_groups, is_primary=role == "primary")

    def group_checks(self, group: ProtectionGroup, role: str, *, is_reached: bool) -> Iterator[Check]:
        """What one group needs of the cluster; `is_reached`: whether all of its buckets can be read."""
        if self._discovery is None:
            for what in (*(f"rights to {duty}" for duty in Duty), "storage classes", "ingress classes"):
                yield Check(f"{group.name}: {what}", Level.NOT_CHECKED, _UNREACHED, _AFTER)
            return
        for duty in Duty:
            yield self._rights(group, duty, is_due=_DUTY_OF[role] is duty, is_reached=is_reached)
        yield from self._classes(group, is_reached=is_reached)

    def _connect(self) -> str:
        self._cluster = connect(self.site.cluster, site=self.site.name, limits=self.site.limits)
        identity = self._cluster.identity()
        self._who = self._cluster.whoami()
        self._discovery = self._cluster.discover()
        return f"Kubernetes {identity.version}, as {self._who}"

    def _not_reached(self, subject: str, why: str) -> Check:
        if self.site.cluster.in_cluster:
            step = "give doctor a configuration whose cluster is a kubeconfig, or run it in a pod with this account"
            return Check(subject, Level.NOT_CHECKED, f"inCluster, and this is not in it: {why}", step)
        return Check(subject, Level.FAILED, why, "check address, credentials and network to the API server")

    def _rights(self, group: ProtectionGroup, duty: Duty, *, is_due: bool, is_reached: bool) -> Check:
        mend = f"kubestandby rbac --site {self.site.name} --role {duty} --group {group.name} | kubectl apply -f -"
        sources = self._sources(group, duty, is_reached=is_reached)
        missing = attempt(partial(self._missing, group, duty, sources.value)) if sources.value else None
        if missing is None or missing.value is None:
            why = missing.unreachable if missing else sources.unreachable
            return Check(f"{group.name}: rights to {duty}", Level.NOT_CHECKED, why, mend)
        return on_rights(group.name, duty, self._who, missing.value, is_due=is_due, mend=mend)

    def _sources(self, group: ProtectionGroup, duty: Duty, *, is_reached: bool) -> Reading[Sources]:
        if not is_reached:
            return Reading(Sources(discovery=self._discovery))
        return attempt(lambda: learn(group, self.site_of(group), duty, Asked()).sources)

    def _missing(self, group: ProtectionGroup, duty: Duty, sources: Sources) -> list[Right]:
        is_guess = duty is Duty.RESTORE and sources.index is None
        generous = group if is_guess else needing_everything(group)
        rights_of = export_rights if duty is Duty.EXPORT else restore_rights
        granted = rights_of(generous, self.site_of(group), _held_types(sources) if duty is Duty.RESTORE else sources)
        return list(not_held(granted, Held(self._cluster)).rights)

    def _classes(self, group: ProtectionGroup, *, is_reached: bool) -> Iterator[Check]:
        named = attempt(partial(self._named, group)) if is_reached else Reading(None, "a bucket cannot be read")
        for kind, api_group in KINDS.items():
            there = attempt(partial(self._names_of, api_group, kind))
            if named.value is None or there.value is None:
                why = named.unreachable or there.unreachable
                subject = f"{group.name}: {'storage' if kind == 'StorageClass' else 'ingress'} classes"
                yield Check(subject, Level.NOT_CHECKED, why, f"kubectl get {kind.lower()}")
            else:
                yield from on_classes(group.name, kind, named.value[kind], there.value)

    def _named(self, group: ProtectionGroup) -> dict[str, dict[str, str]]:
        site = self.site_of(group)
        snapshots = snapshots_at(site)
        index = snapshots.newest_complete(Stage.SANITIZED, group.name)
        naming = index is not None and any(entry.ref.gvk.group_kind in NAMING for entry in index.entries)
        objects: list[Manifest] = []
        if index is not None and naming:
            objects = [one.manifest for one in snapshots.objects(index) if one.entry.ref.gvk.group_kind in NAMING]
        return {kind: dict(names) for kind, names in named_classes(group, site, index, objects).items()}

    def _names_of(self, api_group: str, kind: str) -> list[str]:
        type_ = self._discovery.find(api_group, kind) if self._discovery else None
        pages = self._cluster.pages(type_) if type_ else ()
        return [str(item["metadata"]["name"]) for page in pages for item in page.items]

    def site_of(self, group: ProtectionGroup) -> Site:
        """The group's own site of this name: its buckets may be others than those of another group."""
        return group.site(self.site.name)


def _held_types(sources: Sources) -> Sources:
    """Of a snapshot those types that it has objects of: what a restore of it would ask for."""
    index: SnapshotIndex | None = sources.index
    if index is None:
        return sources
    return Sources(index=replace(index, types=tuple(one for one in index.types if one.count)), access=sources.access)
