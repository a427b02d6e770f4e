"""The words of the Kubernetes API: kinds, resource types, references to objects. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

Manifest = Mapping[str, Any]
"""The desired or live state of one object, as decoded JSON. Never changed in place: a rule returns a new one."""

FIELD_MANAGER = "kubestandby"
"""Who owns the fields that a restore sets (server-side apply)."""

CLUSTER_SCOPE = ""
"""The namespace of objects that have none."""

OWNERS_ANNOTATION = "kubestandby.dev/owners"
"""How owner references cross: as a JSON list without UIDs. A restore links them to the owners' UIDs of its cluster;
who applies a snapshot by hand gets objects without owners, where references without a UID would be refused."""

BUILT_IN_GROUPS = frozenset(
    {
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    }
)
"""API groups of Kubernetes itself; every other one is of custom resources."""


@dataclass(frozen=True, slots=True, order=True)
class GVK:
    """Group, version and kind. The core group is the empty string."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> tuple[str, str]:
        """What stays the same across versions."""
        return self.group, self.kind

    @classmethod
    def of(cls, manifest: Manifest) -> "GVK":
        """Reads `apiVersion` and `kind` of a manifest.

        Raises:
            KeyError: one of them is missing.
        """
        return _gvk(str(manifest["apiVersion"]), str(manifest["kind"]))


@lru_cache(maxsize=4096)
def _gvk(api_version: str, kind: str) -> GVK:
    """One for all objects of a kind: a cluster has thousands of those, and some hundred kinds."""
    group, _, version = api_version.rpartition("/")
    return GVK(group, version, kind)


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """Names one object. `namespace` is "" for cluster-scoped ones."""

    gvk: GVK
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: Manifest) -> "ObjectRef":
        """Reads the reference of a manifest.

        Raises:
            KeyError: apiVersion, kind or metadata.name is missing.
        """
        metadata = manifest["metadata"]
        return cls(GVK.of(manifest), metadata.get("namespace", CLUSTER_SCOPE), metadata["name"])

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """(group, kind, namespace, name): the same object in whatever version it is read."""
        return self.gvk.group, self.gvk.kind, self.namespace, self.name

    def __str__(self) -> str:
        """`Deployment.apps shop/web`: as kubectl would say it."""
        kind = f"{self.gvk.kind}.{self.gvk.group}" if self.gvk.group else self.gvk.kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ResourceType:
    """One type that a server serves, as discovery tells it (APIResource)."""

    gvk: GVK
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()

    @property
    def qualified_plural(self) -> str:
        """`deployments.apps`; `services.core` for the empty group: never ambiguous between groups."""
        return f"{self.plural}.{self.gvk.group or 'core'}"

    def at(self, version: str) -> "ResourceType":
        """The same type in this version."""
        return self if version == self.gvk.version else replace(self, gvk=replace(self.gvk, version=version))

    def path(self, namespace: str = CLUSTER_SCOPE, name: str = "") -> str:
        """The URL path of the collection, of the collection in a namespace, or of one object (not percent-encoded)."""
        prefix = f"/apis/{self.gvk.group}/{self.gvk.version}" if self.gvk.group else f"/api/{self.gvk.version}"
        within = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{prefix}{within}/{self.plural}" + (f"/{name}" if name else "")
