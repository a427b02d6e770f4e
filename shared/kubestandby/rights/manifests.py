"""Rights as RBAC objects (rbac.authorization.k8s.io/v1). The same rights always give the same objects. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from kubestandby.groups import OWN_NAMESPACE, ProtectionGroup
from kubestandby.resources import Manifest
from kubestandby.rights.grants import Duty, Grant, Granted
from kubestandby.rights.subjects import RBAC, Subject

_LABELS = {"app.kubernetes.io/part-of": "kubestandby", "kubestandby.dev/exclude": "true"}
"""Rights belong to the cluster that they are on: they must not travel with the application's namespaces."""
_ORDER = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def rbac_objects(granted: Iterable[tuple[ProtectionGroup, Granted]], duty: Duty, subject: Subject) -> list[Manifest]:
    """What an administrator applies, in the order in which `kubectl apply` can make it; not what is done by hand."""
    made: list[Manifest] = []
    spaces: set[str] = set()
    for group, rights in granted:
        spaces |= {OWN_NAMESPACE, *rights.namespaces} if duty is Duty.RESTORE else set()
        for one in rights.grants:
            made += role_objects(one, _name(duty, group, one), subject, {"kubestandby.dev/group": str(group.name)})
    if subject.namespace:
        spaces.add(subject.namespace)
        made.append(_object("v1", "ServiceAccount", subject.name, subject.namespace, {}))
    made += [_object("v1", "Namespace", name, "", {}) for name in spaces]
    return sorted(made, key=_place)


def role_objects(one: Grant, name: str, subject: Subject, labels: dict[str, str]) -> Iterator[Manifest]:
    """A grant as a role and its bindings; nothing where it grants nothing."""
    if not one.rules:
        return
    rules = [rule.manifest for rule in one.rules]
    if not one.apart:
        yield {**_object(f"{RBAC}/v1", "ClusterRole", name, "", labels), "rules": rules}
    for namespace in one.namespaces if one.apart else ():
        yield {**_object(f"{RBAC}/v1", "Role", name, namespace, labels), "rules": rules}
    kind = "Role" if one.apart else "ClusterRole"
    bound = {"roleRef": {"apiGroup": RBAC, "kind": kind, "name": name}, "subjects": [subject.manifest]}
    if not one.namespaces:
        yield {**_object(f"{RBAC}/v1", "ClusterRoleBinding", name, "", labels), **bound}
    for namespace in one.namespaces:
        yield {**_object(f"{RBAC}/v1", "RoleBinding", name, namespace, labels), **bound}


def _name(duty: Duty, group: ProtectionGroup, one: Grant) -> str:
    name = f"kubestandby-{duty}-{group.name}"  # no name of a group has a dot: no two groups share a role
    return f"{name}.{one.part}" if one.part else name


def _object(api_version: str, kind: str, name: str, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": {**_LABELS, **labels}}
    if namespace:
        metadata["namespace"] = namespace
    if kind == "Namespace":
        del metadata["labels"]  # of the application's namespaces its own labels say everything
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _place(manifest: Manifest) -> tuple[int, str, str]:
    metadata = manifest["metadata"]
    return _ORDER.index(manifest["kind"]), metadata.get("namespace", ""), metadata["name"]
