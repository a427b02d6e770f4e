"""An application with an object of every kind that a group can carry, twice: one stays, one is gone in version 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FRONT, BACK, BACK_WEST = "front", "back", "back-west"
"""BACK is called BACK_WEST on the standby."""

Manifest = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
_TWICE = [{"name": "MODE", "value": "one"}, {"name": "MODE", "value": "two"}]
"""The API allows it, and a server-side apply cannot express it: such objects are sent whole."""


def application() -> list[Manifest]:
    """Everything, in an order in which a server takes it."""
    return [
        *_definitions(),
        *(_object("v1", "Namespace", name, "") for name in (FRONT, BACK)),
        *_cluster_scoped("stay"),
        *_cluster_scoped("gone"),
        *_access(),
        *_one_of_each(FRONT, "stay"),
        *_one_of_each(FRONT, "gone"),
        _object("v1", "ConfigMap", "stay", BACK, data={"a": "1"}),
        _object("v1", "Secret", "stay", BACK, stringData={"code": "not-for-logs"}),
    ]


def _object(api_version: str, kind: str, name: str, namespace: str = FRONT, **fields: Any) -> Manifest:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def _definitions() -> Iterator[Manifest]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    for kind, scope in (("Widget", "Namespaced"), ("Engine", "Cluster")):
        names = {"kind": kind, "listKind": f"{kind}List", "plural": f"{kind.lower()}s", "singular": kind.lower()}
        spec = {"group": "least.example", "scope": scope, "names": names, "versions": [version]}
        yield _object(
            "apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{kind.lower()}s.least.example", "", spec=spec
        )


def _cluster_scoped(name: str) -> Iterator[Manifest]:
    """What the namespaces need beyond themselves: named by a Pod, an Ingress, and a class."""
    parameters = {"apiGroup": "least.example", "kind": "Engine", "name": f"least-{name}"}
    yield _object(
        "storage.k8s.io/v1",
        "StorageClass",
        f"least-{name}",
        "",
        provisioner="testbed.kubestandby.dev/provisioner",
        volumeBindingMode="WaitForFirstConsumer",
    )
    yield _object("scheduling.k8s.io/v1", "PriorityClass", f"least-{name}", "", value=1000)
    yield _object("least.example/v1", "Engine", f"least-{name}", "", spec={"power": 1})
    yield _object(
        "networking.k8s.io/v1",
        "IngressClass",
        f"least-{name}",
        "",
        spec={"controller": "least.example/none", "parameters": parameters},
    )


def role(name: str, namespace: str, *rules: tuple[str, str, list[str]]) -> Manifest:
    made = [{"apiGroups": [group], "resources": [resource], "verbs": verbs} for group, resource, verbs in rules]
    return _object(f"{RBAC}/v1", "Role" if namespace else "ClusterRole", name, namespace, rules=made)


def binding(name: str, namespace: str, of: str, kind: str = "") -> Manifest:
    kind = kind or ("Role" if namespace else "ClusterRole")
    subject = {"kind": "ServiceAccount", "name": "stay", "namespace": FRONT}
    return _object(
        f"{RBAC}/v1",
        "RoleBinding" if namespace else "ClusterRoleBinding",
        name,
        namespace,
        roleRef={"apiGroup": RBAC, "kind": kind, "name": of},
        subjects=[subject],
    )


def _access() -> Iterator[Manifest]:
    """Some that the restore may hand out itself, and some (`watch`) that it may not."""
    for name in ("least-stay", "least-gone"):
        yield role(name, "", ("storage.k8s.io", "storageclasses", ["list"]))
        yield binding(name, "", name)
    yield role("least-watches", "", ("", "nodes", ["watch"]))
    yield binding("least-watches", "", "least-watches")
    yield role("watches", FRONT, ("", "pods", ["get", "list", "watch"]))
    yield binding("watches", FRONT, "watches")
    yield binding("views", FRONT, "view", "ClusterRole")


def _one_of_each(space: str, name: str) -> Iterator[Manifest]:
    yield from _around(space, name)
    yield from _workloads(space, name)
    yield role(name, space, ("", "configmaps", ["get", "list"]))
    yield binding(name, space, name)
    yield _object("least.example/v1", "Widget", name, space, spec={"size": 1})


def _around(space: str, name: str) -> Iterator[Manifest]:
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": f"least-{name}", **size}
    limit = {"type": "PersistentVolumeClaim", "max": {"storage": "9Gi"}}
    subset = {"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 80}]}
    backend = {"service": {"name": name, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    entry = {"host": f"{name}.example", "http": {"paths": paths}}
    devices = {"devices": {"requests": [{"name": "one", "exactly": {"deviceClassName": "none.example"}}]}}
    slice_ = {"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.8"]}], "ports": [{"port": 80}]}
    yield _object("v1", "ServiceAccount", name, space, secrets=[{"name": "a"}, {"name": "a"}])
    yield _object("v1", "ConfigMap", name, space, data={"colour": "blue"})
    yield _object("v1", "Secret", name, space, stringData={"code": "not-for-logs"})
    yield _object("v1", "LimitRange", name, space, spec={"limits": [limit]})
    yield _object("v1", "ResourceQuota", name, space, spec={"hard": {"count/services": "50"}})
    yield _object("v1", "PersistentVolumeClaim", name, space, spec=claim)
    yield _object("v1", "Service", name, space, spec={"selector": {"app": name}, "ports": [{"port": 80}]})
    yield _object("v1", "Endpoints", f"out-{name}", space, subsets=[subset])
    yield _object("discovery.k8s.io/v1", "EndpointSlice", f"by-hand-{name}", space, **slice_)
    yield _object("networking.k8s.io/v1", "NetworkPolicy", name, space, spec={"podSelector": {}})
    yield _object(
        "networking.k8s.io/v1", "Ingress", name, space, spec={"ingressClassName": f"least-{name}", "rules": [entry]}
    )
    yield _object("resource.k8s.io/v1", "ResourceClaim", name, space, spec=devices)
    yield _object("resource.k8s.io/v1", "ResourceClaimTemplate", name, space, spec={"spec": devices})


def _workloads(space: str, name: str) -> Iterator[Manifest]:
    labels = {"app": name}
    selector = {"matchLabels": labels}
    plain: Manifest = {"containers": [{"name": "main", "image": "registry.example/least:1"}]}
    twice = [{**plain["containers"][0], "env": _TWICE}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": twice, "priorityClassName": f"least-{name}"}}
    once = {"metadata": {"labels": labels}, "spec": {"containers": twice, "restartPolicy": "Never"}}
    selecting = {"replicas": 1, "selector": selector, "template": template}
    job = {"suspend": True, "template": {"spec": {**plain, "restartPolicy": "Never"}}}
    nightly = {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": once}}}
    scaling = {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}
    yield _object("v1", "PodTemplate", name, space, template=template)
    yield _object("v1", "Pod", f"bare-{name}", space, spec=plain)
    yield _object("v1", "ReplicationController", f"old-{name}", space, spec={**selecting, "selector": labels})
    yield _object("apps/v1", "Deployment", name, space, spec=selecting)
    yield _object("apps/v1", "ReplicaSet", f"set-{name}", space, spec=selecting)
    yield _object("apps/v1", "StatefulSet", name, space, spec={**selecting, "serviceName": name})
    yield _object("apps/v1", "DaemonSet", name, space, spec={"selector": selector, "template": template})
    yield _object("batch/v1", "Job", name, space, spec=job)
    yield _object("batch/v1", "CronJob", name, space, spec=nightly)
    yield _object("autoscaling/v2", "HorizontalPodAutoscaler", name, space, spec=scaling)
    yield _object("policy/v1", "PodDisruptionBudget", name, space, spec={"minAvailable": 0, "selector": selector})
