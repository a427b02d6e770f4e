"""A group, what its clusters serve and what its snapshot holds; and the RBAC objects made of that."""

from dataclasses import replace
from typing import Any

from kubestandby.groups import Kinds, ProtectionGroup, RightsSettings
from kubestandby.privileges import Rule
from kubestandby.resources import Manifest
from kubestandby.rights.exporting import export_rights
from kubestandby.rights.grants import Duty, Granted
from kubestandby.rights.manifests import rbac_objects
from kubestandby.rights.restoring import restore_rights
from kubestandby.rights.sources import Sources
from kubestandby.rights.subjects import RBAC, Subject, account
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore import samples

RIGHTS = {Duty.EXPORT: export_rights, Duty.RESTORE: restore_rights}
SITES = {Duty.EXPORT: samples.EAST, Duty.RESTORE: samples.WEST}


def group_with(allow: tuple[str, ...] = (), exclude: tuple[str, ...] = (), **restore: Any) -> ProtectionGroup:
    rights = RightsSettings(allow=Kinds(names=frozenset(allow)))
    return replace(samples.group(**restore), rights=rights, exclude_kinds=Kinds(names=frozenset(exclude)))


def role(name: str, namespace: str = "shop", *, verbs: tuple[str, ...] = ("get",), **fields: Any) -> Manifest:
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": list(verbs)}]
    return _rbac("Role" if namespace else "ClusterRole", name, namespace, **{"rules": rules, **fields})


def binding(name: str, of: str, namespace: str = "shop", *, kind: str = "") -> Manifest:
    kind = kind or ("Role" if namespace else "ClusterRole")
    reference = {"apiGroup": RBAC, "kind": kind, "name": of}
    subject = {"kind": "ServiceAccount", "name": "web", "namespace": namespace or "shop"}
    bound = "RoleBinding" if namespace else "ClusterRoleBinding"
    return _rbac(bound, name, namespace, roleRef=reference, subjects=[subject])


def _rbac(kind: str, name: str, namespace: str, **fields: Any) -> Manifest:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **fields}


def sources(*manifests: Manifest, served: FakeCluster | None = None) -> Sources:
    """As `rbac` learns them from a cluster and a snapshot of these manifests."""
    cluster = served or FakeCluster()
    for manifest in manifests:
        if manifest["kind"] == "CustomResourceDefinition":
            cluster.put(manifest)
    _, index = samples.stored(*manifests)
    types = cluster.discover().types
    held = {entry.ref.gvk.group_kind for entry in index.entries}
    summaries = tuple(_summary(type_) for type_ in types if type_.gvk.group_kind in held)
    access = tuple(manifest for manifest in manifests if manifest["apiVersion"].startswith(RBAC))
    return Sources(discovery=cluster.discover(), index=replace(index, types=summaries), access=access)


def _summary(type_: Any) -> Any:
    from kubestandby.snapshots import TypeSummary

    return TypeSummary(gvk=type_.gvk, plural=type_.plural, count=1, namespaced=type_.namespaced)


def granted(duty: Duty, group: ProtectionGroup, known: Sources) -> Granted:
    return RIGHTS[duty](group, group.site(SITES[duty]), known)


def objects(duty: Duty, group: ProtectionGroup, known: Sources, subject: Subject | None = None) -> list[Manifest]:
    return rbac_objects([(group, granted(duty, group, known))], duty, subject or account(duty))


def rules(made: list[Manifest]) -> list[tuple[Manifest, Rule]]:
    return [(one, Rule.of(rule)) for one in made for rule in one.get("rules", ())]


def rule_text(made: list[Manifest], resource: str) -> set[tuple[str, ...]]:
    """(role, verbs, names) of every rule on the resource."""
    return {
        (one["metadata"]["name"], " ".join(rule.verbs), " ".join(rule.names))
        for one, rule in rules(made)
        if resource in rule.resources
    }
