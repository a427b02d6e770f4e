"""Small applications, and snapshots of them, to build restore tests from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.restore.plans import DesiredObject
from functions.restore.restorer import Restorer
from kubestandby.archive import ArchiveBuilder
from kubestandby.groups import ClusterAccess, ProtectionGroup, RestoreMode, RestoreSettings, Site
from kubestandby.ports import Cluster
from kubestandby.reports import ObjectResult, Purpose, RestoreReport
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, ImageUse, SiteName, SnapshotId, SnapshotIndex, Stage
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import BUILT_IN, FakeCluster
from tests.fakes.keys import add_sealed, sealer, snapshot_store
from tests.fakes.memory_store import MemoryStore

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FIRST = SnapshotId(1, 1)
EAST, WEST = SiteName("east"), SiteName("west")
PRIMARY_UID, STANDBY_UID = "uid-of-primary", "uid-of-standby"
TYPES = {type_.gvk.group_kind: type_ for type_ in BUILT_IN}


def group(**restore: Any) -> ProtectionGroup:
    sites = tuple(Site(name=name, cluster=ClusterAccess(), data="", control="") for name in (EAST, WEST))
    settings = RestoreSettings(**{"ready_timeout_seconds": 0, **restore})
    return ProtectionGroup(
        name=GroupName("shop"), namespaces=("shop",), sites=sites, primary=EAST, standby=WEST, restore=settings
    )


def stored(*manifests: Manifest, **changes: Any) -> tuple[SnapshotStore, SnapshotIndex]:
    """A committed snapshot of these manifests."""
    snapshots = snapshot_store(MemoryStore())
    group_name, number = changes.get("group", "shop"), changes.get("id", FIRST)
    sealing = sealer(group_name, changes.get("source_cluster", PRIMARY_UID))
    with ArchiveBuilder() as builder:
        add_sealed(builder, sealing, manifests)
        archive = builder.finish()
        index = SnapshotIndex(
            group=GroupName("shop"),
            id=FIRST,
            stage=Stage.SANITIZED,
            source_cluster=PRIMARY_UID,
            source_site=EAST,
            server_version="v1.34.4",
            tool_version="0.1.0",
            taken_at=NOON,
            fresh_until=NOON + timedelta(days=1),
            previous="",
            namespaces=("shop",),
            types=(),
            failures=(),
            entries=archive.entries,
            content_sha256=archive.content_sha256,
            archive_sha256=archive.sha256,
            archive_size=archive.size,
            images=(ImageUse(reference="registry.example/web:1", used_by=("Deployment.apps shop/web",)),),
            sealing=sealing.close(number),
        )
        index = replace(index, **changes)
        snapshots.commit(index, archive)
    return snapshots, index


def standby(*objects: Manifest) -> FakeCluster:
    return FakeCluster(*objects, uid=STANDBY_UID)


def restore(
    cluster: Cluster,
    *manifests: Manifest,
    mode: RestoreMode = RestoreMode.HOT,
    settings: dict[str, Any] | None = None,
    clock: FakeClock | None = None,
    named: bool = False,
    **changes: Any,
) -> RestoreReport:
    """Restores a snapshot of these manifests, in one call."""
    snapshots, index = stored(*manifests, **changes)
    restorer = Restorer(cluster, snapshots, clock or FakeClock(NOON))
    return restorer.restore(
        group(**(settings or {})),
        WEST,
        index,
        mode=mode,
        purpose=Purpose.RESTORE,
        requested_at=NOON,
        named=named,
    )


def outcomes(report: RestoreReport) -> dict[str, str]:
    """Object to outcome, as text."""
    return {str(result.ref): str(result.change) for result in report.results}


def result_of(report: RestoreReport, kind: str, name: str) -> ObjectResult:
    return next(r for r in report.results if r.ref.gvk.kind == kind and r.ref.name == name)


def desired(manifest: Manifest, **changes: Any) -> DesiredObject:
    ref = ObjectRef.of(manifest)
    resource = TYPES.get(ref.gvk.group_kind) or ResourceType(ref.gvk, f"{ref.gvk.kind.lower()}s", bool(ref.namespace))
    return replace(DesiredObject(ref=ref, resource=resource, manifest=manifest), **changes)


def namespace(name: str = "shop") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(name: str = "settings", namespace: str = "shop", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def secret(name: str = "password", namespace: str = "shop", **data: str) -> dict[str, Any]:
    return {**config_map(name, namespace, **data), "kind": "Secret", "type": "Opaque"}


def workload(kind: str = "Deployment", name: str = "web", namespace: str = "shop", **pod: Any) -> dict[str, Any]:
    labels = {"app": name}
    containers = [{"name": "main", "image": "registry.example/web:1"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers, **pod}}
    spec = {"replicas": 3, "selector": {"matchLabels": labels}, "template": template}
    if kind == "DaemonSet":
        del spec["replicas"]
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def claim(name: str = "data", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def definition(kind: str = "Ticket", group: str = "shop.example", version: str = "v1") -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version, "served": True, "storage": True}],
        },
    }


def custom(kind: str = "Ticket", name: str = "one", api_version: str = "shop.example/v1") -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": {"n": 1}}


def autoscaler(name: str = "web", target: str = "web") -> dict[str, Any]:
    scale_target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"maxReplicas": 9, "scaleTargetRef": scale_target},
    }
