"""Deploying an application on a cluster and taking it away again, through our own `Cluster` port."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.errors import ClusterError, ConfigError, ManifestError
from kubestandby.ports import Clock, Cluster, Discovery
from kubestandby.resources import GVK, Manifest, ObjectRef, ResourceType

MANAGER = "kubestandby-demo"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
_ESTABLISH_SECONDS = 30.0
_PAUSE = 0.1
_NAMESPACE = ObjectRef(GVK("", "v1", "Namespace"), "", "")
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class Workload:
    """How many pods of a workload are ready."""

    ref: ObjectRef
    wanted: int
    ready: int

    @property
    def all_ready(self) -> bool:
        """Whether nothing is missing."""
        return self.ready >= self.wanted


class AppCluster:
    """One cluster of the demo; remembers what it serves."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self.cluster = cluster
        self._clock = clock
        self._served: Discovery = cluster.discover()

    def refresh(self) -> None:
        """Asks again what the cluster serves."""
        self._served = self.cluster.discover()

    @property
    def types(self) -> tuple[ResourceType, ...]:
        """Every type in its preferred version."""
        return self._served.types

    def type_of(self, manifest: Manifest) -> ResourceType:
        """The type of an object, in the object's own version.

        Raises:
            ManifestError: the cluster does not serve its kind.
        """
        gvk = GVK.of(manifest)
        found = self._served.find(gvk.group, gvk.kind)
        if found is None:
            raise ManifestError(f"{ObjectRef.of(manifest)}: the cluster does not serve {gvk.api_version} {gvk.kind}")
        return ResourceType(gvk, found.plural, found.namespaced, found.verbs)

    def placed(self, manifests: Iterable[dict[str, Any]], namespace: str) -> list[dict[str, Any]]:
        """The manifests with a namespace where they need one and name none; a CRD among them tells its kind's scope."""
        manifests = list(manifests)
        scopes = {(m["spec"]["group"], m["spec"]["names"]["kind"]): m["spec"]["scope"] for m in manifests if _is_crd(m)}
        return [self._placed(manifest, namespace, scopes) for manifest in manifests]

    def _placed(
        self, manifest: dict[str, Any], namespace: str, scopes: Mapping[tuple[str, str], str]
    ) -> dict[str, Any]:
        scope = scopes.get(GVK.of(manifest).group_kind)
        namespaced = scope == "Namespaced" if scope else self.type_of(manifest).namespaced
        metadata = dict(manifest["metadata"])
        if namespaced:
            metadata["namespace"] = metadata.get("namespace") or namespace
        return {**manifest, "metadata": metadata}

    def items(self, type_: ResourceType, namespace: str = "") -> Iterator[Manifest]:
        """All objects of a type, in one namespace or everywhere; none where the type went away since `refresh`."""
        try:
            for page in self.cluster.pages(type_, namespace=namespace):
                yield from page.items
        except ClusterError as error:
            if error.status != 404 or not self.cluster.discover().lacks(type_):
                raise

    def get(self, ref: ObjectRef) -> Manifest | None:
        """The live object; None where there is none or its kind is not served."""
        found = self._served.find(ref.gvk.group, ref.gvk.kind)
        return self.cluster.get(found, ref.namespace, ref.name) if found else None

    def has_default_storage_class(self) -> bool:
        """Whether a claim without a class gets one (annotation of storage.k8s.io/v1 StorageClass)."""
        found = self._served.find("storage.k8s.io", "StorageClass")
        classes = self.items(found) if found else ()
        return any((one["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true" for one in classes)

    def existing(self, manifests: Iterable[Manifest], namespaces: Iterable[str]) -> list[ObjectRef]:
        """What of the application is there already: its namespaces and its cluster-scoped objects."""
        outside = [ObjectRef.of(manifest) for manifest in manifests if not manifest["metadata"].get("namespace")]
        refs = dict.fromkeys([*(namespace_ref(name) for name in namespaces), *outside])
        return [ref for ref in refs if self.get(ref) is not None]

    def deploy(self, manifests: Iterable[Manifest], namespaces: Iterable[str]) -> None:
        """Applies all objects: namespaces, then CRDs (awaited), then the rest in the given order.

        Raises:
            ClusterError: the server refuses an object.
            ManifestError: it does not serve an object's kind.
        """
        manifests = list(manifests)
        declared = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "Namespace"}
        for name in namespaces:
            self._apply(declared.get(name) or {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        definitions = [manifest for manifest in manifests if _is_crd(manifest)]
        for manifest in definitions:
            self._apply(manifest)
        self._establish(definitions)
        for manifest in manifests:
            if manifest["kind"] != "Namespace" and not _is_crd(manifest):
                self._apply(self._with_owner_uids(manifest))

    def _apply(self, manifest: Manifest) -> None:
        self.cluster.apply(self.type_of(manifest), manifest, manager=MANAGER)

    def _establish(self, definitions: list[Manifest]) -> None:
        """Waits until the kinds of the CRDs are served (condition Established of apiextensions.k8s.io/v1)."""
        deadline = self._clock.now().timestamp() + _ESTABLISH_SECONDS
        while not all(_established(self.get(ObjectRef.of(one)) or {}) for one in definitions):
            if self._clock.now().timestamp() > deadline:
                raise ClusterError("the application's CRDs are not established after 30 s; look at their conditions")
            self._clock.sleep(_PAUSE)
        if definitions:
            self.refresh()

    def _with_owner_uids(self, manifest: Manifest) -> Manifest:
        """Owner references by name get the uid of the owner as it lives now."""
        owners = manifest["metadata"].get("ownerReferences") or []
        if not owners:
            return manifest
        namespace = manifest["metadata"].get("namespace", "")
        filled = [{**owner, "uid": owner.get("uid") or self._uid(owner, namespace)} for owner in owners]
        return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": filled}}

    def _uid(self, owner: Mapping[str, Any], namespace: str) -> str:
        ref = ObjectRef.of({**owner, "metadata": {"namespace": namespace, "name": owner["name"]}})
        live = self.get(ref)
        if live is None:
            raise ManifestError(f"{ref} is named as an owner and is not there")
        return str(live["metadata"]["uid"])

    def workloads(self, namespaces: Iterable[str]) -> list[Workload]:
        """Every Deployment, StatefulSet and DaemonSet, and how many of its pods are ready."""
        found = []
        names = tuple(namespaces)
        for kind in _WORKLOADS:
            type_ = self._served.find("apps", kind)
            if type_ is not None:
                found += [_workload(item) for name in names for item in self.items(type_, name)]
        return sorted(found, key=lambda workload: (workload.ref.namespace, workload.ref.name))

    def remove(self, refs: Iterable[ObjectRef]) -> None:
        """Deletes objects; what is gone already is fine."""
        for ref in refs:
            live = self.get(ref)
            type_ = self._served.find(ref.gvk.group, ref.gvk.kind)
            if live is not None and type_ is not None:
                self.cluster.delete(type_, ref, uid=str(live["metadata"]["uid"]))

    def left(self, refs: Iterable[ObjectRef]) -> list[ObjectRef]:
        """Which of the objects are still there."""
        return [ref for ref in refs if self.get(ref) is not None]


def namespace_ref(name: str) -> ObjectRef:
    """A namespace by name."""
    return ObjectRef(_NAMESPACE.gvk, "", name)


def refuse_existing(refs: Iterable[ObjectRef], cluster: str) -> None:
    """The demo never touches what it did not make.

    Raises:
        ConfigError: something is there already.
    """
    names = [str(ref) for ref in refs]
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise ConfigError(
            f"the {cluster} cluster has {', '.join(names[:3])}{more} already, and the demo touches only what it makes; "
            "remove it, or use another cluster"
        )


def _is_crd(manifest: Manifest) -> bool:
    return bool(manifest["kind"] == "CustomResourceDefinition")


def _established(live: Mapping[str, Any]) -> bool:
    conditions = (live.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Established" and one.get("status") == "True" for one in conditions)


def _workload(item: Manifest) -> Workload:
    """Reads status as `kubectl rollout status` does: what an older generation reached does not count (apps/v1)."""
    status, spec = item.get("status") or {}, item.get("spec") or {}
    seen = status.get("observedGeneration", 0) >= item["metadata"].get("generation", 0)
    if item["kind"] == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
    else:
        wanted, ready = spec.get("replicas", 1), min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))
    return Workload(ObjectRef.of(item), wanted, ready if seen else 0)
