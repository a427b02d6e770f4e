"""Counts what a restore asks of a real cluster."""

from collections.abc import Iterator
from typing import Any

from kubestandby.ports import Cluster, ClusterIdentity, Discovery, Page
from kubestandby.privileges import HeldRules, Right
from kubestandby.resources import Manifest, ObjectRef, ResourceType


class RecordingCluster:
    """Passes everything on. `writes`: verb and object of each real write; `dry_runs`: of each dry run."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.writes: list[str] = []
        self.dry_runs: list[str] = []
        self.reads: list[str] = []

    def forget(self) -> None:
        self.writes.clear()
        self.dry_runs.clear()
        self.reads.clear()

    def identity(self) -> ClusterIdentity:
        return self._cluster.identity()

    def discover(self) -> Discovery:
        return self._cluster.discover()

    def pages(self, resource: ResourceType, **options: Any) -> Iterator[Page]:
        self.reads.append(f"list {resource.qualified_plural}")
        return self._cluster.pages(resource, **options)

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        self.reads.append(f"get {resource.qualified_plural} {namespace}/{name}")
        return self._cluster.get(resource, namespace, name)

    def apply(
        self,
        resource: ResourceType,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = "kubestandby",
        force: bool = True,
    ) -> Manifest:
        self._note("apply", manifest, dry_run=dry_run)
        return self._cluster.apply(resource, manifest, dry_run=dry_run, manager=manager, force=force)

    def create(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        self._note("create", manifest, dry_run=dry_run)
        return self._cluster.create(resource, manifest, dry_run=dry_run)

    def replace(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        self._note("replace", manifest, dry_run=dry_run)
        return self._cluster.replace(resource, manifest, dry_run=dry_run)

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        self.writes.append(f"delete {ref}")
        self._cluster.delete(resource, ref, uid=uid)

    def whoami(self) -> str:
        return self._cluster.whoami()

    def rules(self, namespace: str) -> HeldRules:
        return self._cluster.rules(namespace)

    def may(self, right: Right) -> bool:
        return self._cluster.may(right)

    def _note(self, verb: str, manifest: Manifest, *, dry_run: bool) -> None:
        (self.dry_runs if dry_run else self.writes).append(f"{verb} {ObjectRef.of(manifest)}")
