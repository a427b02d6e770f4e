"""Clusters with an application in them, as somebody might have made it, and as a server would show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from tests.properties.values import mappings, texts

NAMESPACES = ("base", "shop")
Manifest = dict[str, Any]

names = st.sampled_from(["a", "b", "web", "system:x", "name.with.dots"])
within = st.sampled_from(NAMESPACES)
marks = st.dictionaries(st.sampled_from(["app", "tier", "example.com/note"]), texts, max_size=2)
plain_texts = st.dictionaries(
    st.sampled_from(["y", "on", "uid: ", "clusterIP", "token", "key.yaml"]), texts, max_size=4
)
images = st.sampled_from(["registry.example/shop/web:1", "registry.example/shop/web@sha256:" + "0" * 64, "busybox"])


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@st.composite
def metadata(draw: st.DrawFn, *, namespaced: bool = True) -> Manifest:
    """What its author wrote, and what a server and its controllers added."""
    made: Manifest = {"name": draw(names), "labels": draw(marks), "annotations": draw(marks)}
    if namespaced:
        made["namespace"] = draw(within)
    if draw(st.booleans()):
        made |= {"generation": draw(st.integers(1, 9)), "selfLink": "/x", "uid": "uid-of-the-source"}
    if draw(st.booleans()):
        made["finalizers"] = ["example.com/guard"]
    return made


def of_kind(
    api_version: str, kind: str, meta: st.SearchStrategy[Manifest], **fields: Any
) -> st.SearchStrategy[Manifest]:
    drawn = {name: field if isinstance(field, st.SearchStrategy) else st.just(field) for name, field in fields.items()}
    return st.fixed_dictionaries({"apiVersion": st.just(api_version), "kind": st.just(kind), "metadata": meta, **drawn})


@st.composite
def pod_templates(draw: st.DrawFn) -> Manifest:
    container = {"name": "main", "image": draw(images), "env": [{"name": "A", "value": draw(texts)}]}
    spec: Manifest = {"containers": [container]}
    if draw(st.booleans()):
        spec["priorityClassName"] = "high"
    return {"metadata": {"labels": {"app": "web"}, "creationTimestamp": None}, "spec": spec}


selectors = st.just({"matchLabels": {"app": "web"}})
statuses = st.just({"observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "updatedReplicas": 2})
deployments = of_kind(
    "apps/v1",
    "Deployment",
    metadata(),
    spec=st.fixed_dictionaries({"replicas": st.integers(0, 3), "selector": selectors, "template": pod_templates()}),
    status=statuses,
)
services = of_kind(
    "v1",
    "Service",
    metadata(),
    spec=st.sampled_from(
        [
            {"clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.7"], "ports": [{"port": 80}], "selector": {"app": "web"}},
            {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]},
            {"type": "ExternalName", "externalName": "db.example"},
        ]
    ),
    status={"loadBalancer": {}},
)
role_bindings = of_kind(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    metadata(),
    subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}],
    roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"},
)
owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-of-web", "controller": True}
owned = of_kind(
    "apps/v1",
    "ReplicaSet",
    metadata().map(lambda meta: {**meta, "ownerReferences": [owner]}),
    spec={"selector": {"matchLabels": {"app": "web"}}},
)
custom_resources = of_kind("example.com/v1", "Goose", metadata(), spec=mappings, status=mappings)
objects = st.one_of(
    of_kind("v1", "ConfigMap", metadata(), data=plain_texts),
    of_kind("v1", "Secret", metadata(), type="Opaque", data=st.just({"code": "MQ=="})),
    of_kind("v1", "ServiceAccount", metadata(), automountServiceAccountToken=st.booleans()),
    deployments,
    services,
    role_bindings,
    owned,
    custom_resources,
)

CLUSTER_SCOPED: tuple[Manifest, ...] = (
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "geese.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Goose", "plural": "geese"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True}],
        },
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    },
    {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 7},
)


def identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["kind"], manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


applications: st.SearchStrategy[Sequence[Manifest]] = st.lists(objects, max_size=8, unique_by=identity).map(
    lambda made: [*CLUSTER_SCOPED, *(namespace(name) for name in NAMESPACES), *made]
)
"""Everything that is in a cluster, in any order but for definitions and namespaces, which come first."""
