"""A Kubernetes API server in memory: enough to list, get, apply, create, replace and delete, with failures on demand.

It serves the usual built-in types and every CRD that is put into it. It does not default, validate or admit anything:
what depends on that is tested on real clusters.
"""

import copy
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from kubestandby.errors import ClusterError, ListExpiredError
from kubestandby.ports import ClusterIdentity, Discovery, Page
from kubestandby.privileges import ANY, HeldRules, Right, Rule
from kubestandby.resources import GVK, Manifest, ObjectRef, ResourceType
from tests.fakes.server_side_apply import merged

VERBS = frozenset({"create", "delete", "get", "list", "patch", "update", "watch"})
CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMESPACED = """
v1 ConfigMap configmaps; v1 Endpoints endpoints; v1 Event events; v1 LimitRange limitranges
v1 PersistentVolumeClaim persistentvolumeclaims; v1 Pod pods; v1 PodTemplate podtemplates
v1 ReplicationController replicationcontrollers; v1 ResourceQuota resourcequotas; v1 Secret secrets
v1 Service services; v1 ServiceAccount serviceaccounts; apps/v1 ControllerRevision controllerrevisions
apps/v1 DaemonSet daemonsets; apps/v1 Deployment deployments; apps/v1 ReplicaSet replicasets
apps/v1 StatefulSet statefulsets; autoscaling/v2 HorizontalPodAutoscaler horizontalpodautoscalers
batch/v1 CronJob cronjobs; batch/v1 Job jobs; coordination.k8s.io/v1 Lease leases
discovery.k8s.io/v1 EndpointSlice endpointslices; events.k8s.io/v1 Event events
networking.k8s.io/v1 Ingress ingresses; networking.k8s.io/v1 NetworkPolicy networkpolicies
policy/v1 PodDisruptionBudget poddisruptionbudgets; rbac.authorization.k8s.io/v1 Role roles
rbac.authorization.k8s.io/v1 RoleBinding rolebindings; resource.k8s.io/v1 ResourceClaim resourceclaims
resource.k8s.io/v1 ResourceClaimTemplate resourceclaimtemplates
"""
CLUSTER_SCOPED = """
v1 Namespace namespaces; v1 Node nodes; v1 PersistentVolume persistentvolumes
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration mutatingwebhookconfigurations
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration validatingwebhookconfigurations
apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions
apiregistration.k8s.io/v1 APIService apiservices; networking.k8s.io/v1 IngressClass ingressclasses
node.k8s.io/v1 RuntimeClass runtimeclasses; rbac.authorization.k8s.io/v1 ClusterRole clusterroles
rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings; resource.k8s.io/v1 DeviceClass deviceclasses
scheduling.k8s.io/v1 PriorityClass priorityclasses; storage.k8s.io/v1 StorageClass storageclasses
storage.k8s.io/v1 VolumeAttributesClass volumeattributesclasses
"""


def _types(text: str, *, namespaced: bool) -> Iterator[ResourceType]:
    for line in text.replace(";", "\n").strip().splitlines():
        api_version, kind, plural = line.split()
        gvk = GVK.of({"apiVersion": api_version, "kind": kind})
        yield ResourceType(gvk, plural, namespaced=namespaced, verbs=VERBS)


BUILT_IN = (*_types(NAMESPACED, namespaced=True), *_types(CLUSTER_SCOPED, namespaced=False))


@dataclass
class Failure:
    """Fails calls of `operation` ("list", "get", "apply", "create", "replace", "delete", "discover", "identity").

    `plural` and `name` narrow it ("" = any); of a list, `after_pages` pages come first. `times`: how often; -1: always.
    """

    operation: str
    error: Exception
    plural: str = ""
    name: str = ""
    namespace: str | None = None
    after_pages: int = 0
    spared: int = 0
    times: int = -1

    def strikes(self, operation: str, plural: str, namespace: str, name: str, pages: int) -> bool:
        fits = self.operation == operation and self.plural in ("", plural) and self.name in ("", name)
        if not fits or self.namespace not in (None, namespace) or pages != self.after_pages or self.times == 0:
            return False
        if self.spared:
            self.spared -= 1
            return False
        self.times -= 1
        return True


class FakeCluster:
    """Implements `ports.Cluster`.

    Attributes:
        calls: (operation, plural, namespace, name) of every call, in order.
        writes: those of them that changed something.
        silent_groups: API groups whose server is down, with the reason that discovery gives.
    """

    def __init__(self, *objects: Manifest, uid: str = "cluster-1", version: str = "v1.34.4") -> None:
        self._identity = ClusterIdentity(uid, version)
        self._types: dict[tuple[str, str], ResourceType] = {type_.gvk.group_kind: type_ for type_ in BUILT_IN}
        self._versions: dict[tuple[str, str], tuple[str, ...]] = {}
        self._objects: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self._counter = itertools.count(1)
        self._lock = threading.RLock()
        self._failures: list[Failure] = []
        self.calls: list[tuple[str, str, str, str]] = []
        self.writes: list[tuple[str, str, str, str]] = []
        self.silent_groups: dict[str, str] = {}
        self.user = "system:serviceaccount:kubestandby-system:kubestandby-restore"
        self.held: dict[str, tuple[Rule, ...]] | None = None
        self.put(*objects)

    # for tests

    def serve(self, api_version: str, kind: str, plural: str, *, namespaced: bool = True) -> ResourceType:
        """Serves one more type."""
        type_ = ResourceType(GVK.of({"apiVersion": api_version, "kind": kind}), plural, namespaced, VERBS)
        self._types[type_.gvk.group_kind] = type_
        return type_

    def serve_in(self, group: str, kind: str, *versions: str) -> None:
        """Serves a kind in these versions, the preferred one first; objects are the same in all but for apiVersion."""
        type_ = self._types[group, kind]
        self._types[group, kind] = replace(type_, gvk=GVK(group, versions[0], kind))
        self._versions[group, kind] = versions

    def put(self, *objects: Manifest) -> None:
        """Puts objects in, as somebody else would; server fields that are not given are made up."""
        for manifest in objects:
            self._store(copy.deepcopy(dict(manifest)), self._objects.get(ObjectRef.of(manifest).identity))

    def take_out(self, kind: str, namespace: str, name: str) -> None:
        """Makes objects of this kind and name vanish."""
        for identity in [key for key in self._objects if key[1:] == (kind, namespace, name)]:
            del self._objects[identity]

    def object(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """The object of this kind and name in whatever group."""
        return next((item for key, item in self._objects.items() if key[1:] == (kind, namespace, name)), None)

    def fail(self, operation: str, error: Exception, **narrowed: Any) -> None:
        """Makes calls fail; see `Failure`."""
        self._failures.append(Failure(operation, error, **narrowed))

    # ports.Cluster

    def identity(self) -> ClusterIdentity:
        self._enter("identity")
        return self._identity

    def discover(self) -> Discovery:
        self._enter("discover")
        types = tuple(sorted(t for t in self._types.values() if t.gvk.group not in self.silent_groups))
        failures = {f"{group}/v1": reason for group, reason in self.silent_groups.items()}
        kinds = {type_.gvk.group_kind: (type_.gvk.version,) for type_ in types}
        served = {kind: self._versions.get(kind, version) for kind, version in kinds.items()}
        return Discovery(types, failures, served)

    def pages(
        self, resource: ResourceType, *, namespace: str = "", label_selector: str = "", page_size: int = 0
    ) -> Iterator[Page]:
        found = [
            item
            for (group, kind, within, _), item in sorted(self._objects.items())
            if (group, kind) == resource.gvk.group_kind and namespace in ("", within)
            if _selected(item, label_selector)
        ]
        version = str(max((int(item["metadata"]["resourceVersion"]) for item in self._objects.values()), default=1))
        size = page_size or 500
        batches = [found[start : start + size] for start in range(0, len(found), size)] or [[]]
        for number, batch in enumerate(batches):
            self._enter("list", resource.plural, namespace, pages=number)
            yield Page([self._in_version(item, resource) for item in batch], version)
        self._strike("list", resource.plural, namespace, "", len(batches))

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        self._enter("get", resource.plural, namespace, name)
        found = self._objects.get((*resource.gvk.group_kind, namespace, name))
        return found and self._in_version(found, resource)

    def apply(
        self,
        resource: ResourceType,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = "kubestandby",
        force: bool = True,
    ) -> Manifest:
        ref = self._enter_write("apply", resource, manifest, dry_run=dry_run)
        live = self._objects.get(ref.identity, {})
        changed = merged(live, manifest, manager)
        return self._written("apply", changed, live, dry_run=dry_run)

    def create(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        ref = self._enter_write("create", resource, manifest, dry_run=dry_run)
        if ref.identity in self._objects:
            raise ClusterError(f"{ref}: 409 AlreadyExists", status=409, reason="AlreadyExists")
        return self._written("create", copy.deepcopy(dict(manifest)), {}, dry_run=dry_run)

    def replace(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        ref = self._enter_write("replace", resource, manifest, dry_run=dry_run)
        live = self._objects.get(ref.identity)
        if live is None:
            raise ClusterError(f"{ref}: 404 NotFound", status=404, reason="NotFound")
        expected = manifest["metadata"].get("resourceVersion")
        if expected not in (None, live["metadata"]["resourceVersion"]):
            raise ClusterError(f"{ref}: 409 Conflict", status=409, reason="Conflict")
        changed = copy.deepcopy(dict(manifest))
        kept = live["metadata"].get("managedFields", [])
        changed["metadata"] = {"managedFields": kept, **changed["metadata"]}
        return self._written("replace", changed, live, dry_run=dry_run)

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        self._enter("delete", resource.plural, ref.namespace, ref.name)
        live = self._objects.get(ref.identity)
        if live is not None and live["metadata"]["uid"] == uid:
            self.writes.append(("delete", resource.plural, ref.namespace, ref.name))
            del self._objects[ref.identity]

    def whoami(self) -> str:
        return self.user

    def rules(self, namespace: str) -> HeldRules:
        """Everything, unless a test has set `held`: by namespace, "" for what holds everywhere."""
        self._enter("rules", namespace=namespace)
        if self.held is None:
            return HeldRules(rules=(Rule(groups=(ANY,), resources=(ANY,), verbs=(ANY,)),))
        return HeldRules(rules=(*self.held.get("", ()), *self.held.get(namespace, ())))

    def may(self, right: Right) -> bool:
        return self.rules(right.namespace).allows(right)

    # how it works

    def _in_version(self, item: Manifest, resource: ResourceType) -> Manifest:
        converted = copy.deepcopy(dict(item))
        if resource.gvk.group_kind in self._versions:
            converted["apiVersion"] = resource.gvk.api_version
        return converted

    def _enter(self, operation: str, plural: str = "", namespace: str = "", name: str = "", pages: int = 0) -> None:
        with self._lock:
            self.calls.append((operation, plural, namespace, name))
        self._strike(operation, plural, namespace, name, pages)

    def _strike(self, operation: str, plural: str, namespace: str, name: str, pages: int) -> None:
        with self._lock:
            struck = next((f for f in self._failures if f.strikes(operation, plural, namespace, name, pages)), None)
        if struck is not None:
            raise struck.error

    def _enter_write(self, operation: str, resource: ResourceType, manifest: Manifest, *, dry_run: bool) -> ObjectRef:
        ref = ObjectRef.of(manifest)
        self._enter(operation, resource.plural, ref.namespace, ref.name)
        type_ = self._types.get(resource.gvk.group_kind)
        versions = self._versions.get(resource.gvk.group_kind, (type_.gvk.version,) if type_ else ())
        if resource.gvk.version not in versions:
            raise ClusterError(f"{ref}: 404 NotFound", status=404, reason="NotFound")
        if resource.namespaced and ("", "Namespace", "", ref.namespace) not in self._objects:
            raise ClusterError(f"{ref}: namespaces {ref.namespace} not found", status=404, reason="NotFound")
        return ref

    def _written(self, operation: str, changed: dict[str, Any], live: Manifest, *, dry_run: bool) -> Manifest:
        if _same(changed, live):
            return copy.deepcopy(dict(live))
        ref = ObjectRef.of(changed)
        if dry_run:
            return copy.deepcopy(changed)
        with self._lock:
            plural = self._types[ref.gvk.group_kind].plural
            self.writes.append((operation, plural, ref.namespace, ref.name))
            return copy.deepcopy(self._store(changed, live))

    def _store(self, manifest: dict[str, Any], live: Manifest | None = None) -> dict[str, Any]:
        number = next(self._counter)
        metadata = manifest["metadata"] = dict(manifest["metadata"])
        before = (live or {}).get("metadata", {})
        metadata["uid"] = before.get("uid") or metadata.get("uid") or f"uid-{number}"
        metadata.setdefault("creationTimestamp", "2026-11-22T12:00:00Z")
        metadata["resourceVersion"] = str(number)
        self._objects[ObjectRef.of(manifest).identity] = manifest
        if GVK.of(manifest).group_kind == CRD:
            self._serve_definition(manifest)
        return manifest

    def _serve_definition(self, definition: dict[str, Any]) -> None:
        spec, names = definition["spec"], definition["spec"]["names"]
        version = next(version["name"] for version in spec["versions"] if version.get("served", True))
        namespaced = spec.get("scope") != "Cluster"
        self.serve(f"{spec['group']}/{version}", names["kind"], names["plural"], namespaced=namespaced)
        established = [{"type": name, "status": "True"} for name in ("NamesAccepted", "Established")]
        definition.setdefault("status", {"conditions": established})


def _same(left: Manifest, right: Manifest) -> bool:
    return _comparable(left) == _comparable(right)


def _comparable(manifest: Manifest) -> dict[str, Any]:
    metadata = {n: v for n, v in manifest.get("metadata", {}).items() if n not in ("resourceVersion", "managedFields")}
    owners = [(entry["manager"], entry["fieldsV1"]) for entry in manifest.get("metadata", {}).get("managedFields", ())]
    return {**manifest, "metadata": metadata, "owners": owners}


def _selected(item: Manifest, selector: str) -> bool:
    """Equality (`a=b`) and existence (`a`), joined by commas."""
    labels = item["metadata"].get("labels") or {}
    for term in filter(None, selector.split(",")):
        key, equals, value = term.partition("=")
        if key not in labels or (equals and labels[key] != value):
            return False
    return True


def expired() -> ListExpiredError:
    """410 in the middle of a list."""
    return ListExpiredError("configmaps: 410 Expired", status=410, reason="Expired")


def forbidden() -> ClusterError:
    """403."""
    return ClusterError("secrets: 403 Forbidden", status=403, reason="Forbidden")
