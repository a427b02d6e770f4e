"""A shop with one of everything that people restore, and how to restore it."""

from dataclasses import replace
from typing import Any

from functions.restore.restorer import Restorer
from functions.restore.waiting import Grace
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.groups import RestoreMode
from kubestandby.ports import Cluster
from kubestandby.reports import Purpose, RestoreReport
from kubestandby.resources import Manifest
from kubestandby.snapshots import GroupName
from tests.unit.restore.samples import WEST, claim, config_map, group, namespace, secret, stored, workload

QUICK = Grace(stuck=3.0, quiet=6.0)


def restore_on(
    cluster: Cluster,
    name: str,
    *manifests: Manifest,
    mode: RestoreMode = RestoreMode.HOT,
    timeout: int = 60,
    prune_all: bool = False,
    **settings: Any,
) -> RestoreReport:
    """Restores a group of this name, which has a namespace of this name."""
    clock = SystemClock()
    snapshots, index = stored(*manifests, group=GroupName(name), namespaces=(name,))
    protected = replace(group(ready_timeout_seconds=timeout, **settings), name=GroupName(name), namespaces=(name,))
    restorer = Restorer(cluster, snapshots, clock, grace=QUICK)
    return restorer.restore(
        protected,
        WEST,
        index,
        mode=mode,
        purpose=Purpose.RESTORE,
        requested_at=clock.now(),
        prune_all=prune_all,
    )


def shop(space: str) -> list[dict[str, Any]]:
    """An application in the namespace, with cluster-scoped parts named after it."""
    return [
        namespace(space),
        config_map("settings", space, color="blue"),
        secret("password", space, key="aGk="),
        *_rights(space),
        *_definition(space),
        claim("files", space, accessModes=["ReadWriteOnce"], resources={"requests": {"storage": "1Gi"}}),
        _object(
            "v1", "Service", "web", space, spec={"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]}
        ),
        _object(
            "v1",
            "Service",
            "db",
            space,
            spec={"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"port": 1, "protocol": "TCP"}]},
        ),
        workload(
            name="web",
            namespace=space,
            serviceAccountName="shop",
            priorityClassName=f"{space}-first",
            volumes=[{"name": "settings", "configMap": {"name": "settings"}}],
        ),
        _database(space),
        *_around(space),
    ]


def _object(api_version: str, kind: str, name: str, space: str = "", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": space} if space else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _rights(space: str) -> list[dict[str, Any]]:
    rbac = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]
    subject = {"kind": "ServiceAccount", "name": "shop", "namespace": space}
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": f"{space}-reader"}
    return [
        _object("v1", "ServiceAccount", "shop", space),
        _object(f"{rbac}/v1", "ClusterRole", f"{space}-reader", rules=rules),
        _object(f"{rbac}/v1", "RoleBinding", "reader", space, roleRef=role, subjects=[subject]),
        _object("scheduling.k8s.io/v1", "PriorityClass", f"{space}-first", value=1000),
    ]


def _definition(space: str) -> list[dict[str, Any]]:
    group_name = f"{space}.example"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Ticket", "listKind": "TicketList", "plural": "tickets", "singular": "ticket"}
    spec = {"group": group_name, "scope": "Namespaced", "names": names, "versions": [version]}
    return [
        _object("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"tickets.{group_name}", spec=spec),
        _object(f"{group_name}/v1", "Ticket", "one", space, spec={"uid": "kept"}),
    ]


def _database(space: str) -> dict[str, Any]:
    database = workload("StatefulSet", "db", space)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    database["spec"]["serviceName"] = "db"
    database["spec"]["replicas"] = 1
    database["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": spec}]
    return database


def _around(space: str) -> list[dict[str, Any]]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rules = [{"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
    pod = {"containers": [{"name": "main", "image": "registry.example/job:1"}], "restartPolicy": "Never"}
    job = {"template": {"spec": pod}}
    return [
        _object(
            "autoscaling/v2", "HorizontalPodAutoscaler", "web", space, spec={"maxReplicas": 5, "scaleTargetRef": target}
        ),
        _object(
            "policy/v1",
            "PodDisruptionBudget",
            "web",
            space,
            spec={"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        ),
        _object("networking.k8s.io/v1", "Ingress", "web", space, spec={"rules": rules}),
        _object("batch/v1", "Job", "migrate", space, spec=job),
        _object("batch/v1", "CronJob", "nightly", space, spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": job}}),
        workload("DaemonSet", "agent", space),
    ]
