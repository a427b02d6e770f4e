"""What is exported and restored: authored objects, the same in every run."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kubestandby.resources import GVK, Manifest, ResourceType

CONFIG_MAPS = ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", namespaced=True)
SECRETS = ResourceType(GVK("", "v1", "Secret"), "secrets", namespaced=True)
SERVICES = ResourceType(GVK("", "v1", "Service"), "services", namespaced=True)
DEPLOYMENTS = ResourceType(GVK("apps", "v1", "Deployment"), "deployments", namespaced=True)
SERVICE_ACCOUNTS = ResourceType(GVK("", "v1", "ServiceAccount"), "serviceaccounts", namespaced=True)
ROLE_BINDINGS = ResourceType(GVK("rbac.authorization.k8s.io", "v1", "RoleBinding"), "rolebindings", namespaced=True)
NAMESPACES = ResourceType(GVK("", "v1", "Namespace"), "namespaces", namespaced=False)

PER_NAMESPACE = 100
LARGE_BYTES = 900_000

Authored = tuple[ResourceType, Manifest]


@dataclass(frozen=True, slots=True)
class Load:
    """Objects in namespaces.

    Attributes:
        types: all types of the objects, in the order in which a restore sends them: what controllers have to see
            first, for they begin their part at once.
        mix: the objects of one namespace.
    """

    name: str
    namespaces: tuple[str, ...]
    types: tuple[ResourceType, ...]
    mix: Callable[[str], Iterator[Authored]]

    @property
    def size(self) -> int:
        """How many objects there are, namespaces not counted."""
        return len(self.namespaces) * PER_NAMESPACE

    def objects(self) -> Iterator[Authored]:
        """All objects, namespace by namespace, without the namespaces themselves."""
        for namespace in self.namespaces:
            yield from self.mix(namespace)

    def in_order(self) -> Iterator[Authored]:
        """All objects, type by type in the order of `types`."""
        for wanted in self.types:
            yield from (item for item in self.objects() if item[0] == wanted)

    def workloads_last(self) -> Iterator[Authored]:
        """All objects, type by type: the order in which applies take least time, for no controller works meanwhile."""
        for wanted in sorted(self.types, key=lambda resource: resource == DEPLOYMENTS):
            yield from (item for item in self.objects() if item[0] == wanted)


def mixed_load(size: int) -> Load:
    """Small objects of six types; `size` is a multiple of `PER_NAMESPACE`."""
    types = (DEPLOYMENTS, SERVICE_ACCOUNTS, ROLE_BINDINGS, SECRETS, CONFIG_MAPS, SERVICES)
    return Load(str(size), _namespaces(size // PER_NAMESPACE), types, _mixed)


def large_load() -> Load:
    """500 ConfigMaps of 900 KB."""
    return Load("large", _namespaces(5), (CONFIG_MAPS,), _large)


def namespace_manifest(name: str) -> Manifest:
    """One of the load's namespaces."""
    return _manifest(NAMESPACES, "", name)


def _namespaces(count: int) -> tuple[str, ...]:
    return tuple(f"bench-{number:03d}" for number in range(count))


def _mixed(namespace: str) -> Iterator[Authored]:
    chance = random.Random(namespace)  # noqa: S311 - test data
    for resource, count, body in (
        (SERVICE_ACCOUNTS, 5, _service_account),
        (ROLE_BINDINGS, 5, _role_binding),
        (SECRETS, 30, _secret),
        (CONFIG_MAPS, 40, _config_map),
        (SERVICES, 10, _service),
        (DEPLOYMENTS, 10, _deployment),
    ):
        for number in range(count):
            name = f"app-{number:02d}"
            yield resource, {**_manifest(resource, namespace, name), **body(name, chance)}


def _large(namespace: str) -> Iterator[Authored]:
    chance = random.Random(namespace)  # noqa: S311 - test data
    for number in range(PER_NAMESPACE):
        lines = [f"key_{line:05d} = {chance.randbytes(16).hex()} # setting {line}" for line in range(LARGE_BYTES // 60)]
        text = "\n".join(lines)
        yield CONFIG_MAPS, {**_manifest(CONFIG_MAPS, namespace, f"big-{number:02d}"), "data": {"settings.ini": text}}


def _manifest(resource: ResourceType, namespace: str, name: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "bench"}
    within = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **within, "labels": labels}
    return {"apiVersion": resource.gvk.api_version, "kind": resource.gvk.kind, "metadata": metadata}


def _service_account(_name: str, _chance: random.Random) -> dict[str, Any]:
    return {"automountServiceAccountToken": False}


def _role_binding(name: str, _chance: random.Random) -> dict[str, Any]:
    return {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": name}],
    }


def _secret(name: str, chance: random.Random) -> dict[str, Any]:
    values = {"username": name, "password": chance.randbytes(24).hex(), "url": f"postgres://db.{name}.svc:5432/{name}"}
    return {"type": "Opaque", "stringData": values}


def _config_map(name: str, chance: random.Random) -> dict[str, Any]:
    settings = "".join(f"{name}.setting.{line} = {chance.randbytes(8).hex()}\n" for line in range(12))
    return {"data": {"application.properties": settings, "LOG_LEVEL": "info", "FEATURES": "search,cart,checkout"}}


def _service(name: str, _chance: random.Random) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}, {"name": "metrics", "port": 9090, "targetPort": 9090}]
    return {"spec": {"selector": {"app.kubernetes.io/name": name}, "ports": ports}}


def _deployment(name: str, chance: random.Random) -> dict[str, Any]:
    selector = {"app.kubernetes.io/name": name}
    container = {
        "name": "app",
        "image": f"registry.example/bench/{name}:1.{chance.randrange(100)}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "envFrom": [{"configMapRef": {"name": name}}, {"secretRef": {"name": name}}],
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    volumes = [{"name": "config", "configMap": {"name": name}}]
    template = {"metadata": {"labels": selector}, "spec": {"containers": [container], "volumes": volumes}}
    return {"spec": {"replicas": 0, "selector": {"matchLabels": selector}, "template": template}}
