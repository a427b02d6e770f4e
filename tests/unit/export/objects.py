"""Manifests to build tests from, as a server gives them."""

from typing import Any

from kubestandby.resources import Manifest


def obj(api_version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    """Any object; `labels`, `annotations` and `owners` go to its metadata."""
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    for field, key in (("labels", "labels"), ("annotations", "annotations"), ("owners", "ownerReferences")):
        if field in rest:
            metadata[key] = rest.pop(field)
    metadata.update(rest.pop("metadata", {}))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def namespace(name: str = "shop", **rest: Any) -> dict[str, Any]:
    return obj("v1", "Namespace", name, **rest)


def config_map(name: str = "settings", within: str = "shop", **rest: Any) -> dict[str, Any]:
    return obj("v1", "ConfigMap", name, within, **{"data": {"key": "value"}, **rest})


def secret(name: str, within: str = "shop", **rest: Any) -> dict[str, Any]:
    return obj("v1", "Secret", name, within, **{"type": "Opaque", "data": {"key": "dmFsdWU="}, **rest})


def service(name: str = "web", within: str = "shop", **spec: Any) -> dict[str, Any]:
    return obj("v1", "Service", name, within, spec=spec)


def pod(name: str = "web-1", within: str = "shop", *, image: str = "web:1", **rest: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": image}], **rest.pop("spec", {})}
    return obj("v1", "Pod", name, within, spec=spec, **rest)


def deployment(name: str = "web", within: str = "shop", *, image: str = "web:1", **pod_spec: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "main", "image": image}], **pod_spec}
    return obj("apps/v1", "Deployment", name, within, spec={"template": {"spec": spec}})


def claim(name: str = "data", within: str = "shop", **spec: Any) -> dict[str, Any]:
    return obj("v1", "PersistentVolumeClaim", name, within, spec=spec)


def cluster_role(name: str, **rest: Any) -> dict[str, Any]:
    return obj("rbac.authorization.k8s.io/v1", "ClusterRole", name, **{"rules": [], **rest})


def role_binding(name: str, role: str, within: str = "shop") -> dict[str, Any]:
    return obj("rbac.authorization.k8s.io/v1", "RoleBinding", name, within, roleRef=_role_ref(role), subjects=[])


def cluster_role_binding(name: str, role: str, *subjects: Manifest) -> dict[str, Any]:
    kind, version = "ClusterRoleBinding", "rbac.authorization.k8s.io/v1"
    return obj(version, kind, name, roleRef=_role_ref(role), subjects=list(subjects))


def _role_ref(role: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}


def definition(plural: str, kind: str, group: str = "example.com", scope: str = "Namespaced") -> dict[str, Any]:
    names = {"plural": plural, "kind": kind}
    versions = [{"name": "v1", "served": True, "storage": True}]
    spec = {"group": group, "scope": scope, "names": names, "versions": versions}
    return obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", spec=spec)


def owner(kind: str, name: str, api_version: str = "apps/v1", *, controller: bool = True) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": "1", "controller": controller}
