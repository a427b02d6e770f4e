"""What the core asks of the outside world. Adapters implement these; tests run one contract suite against each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from kubestandby.privileges import HeldRules, Right
from kubestandby.resources import Manifest, ObjectRef, ResourceType


class ObjectStore(Protocol):
    """One bucket. Objects are created once and never changed: no update, no lock, no rename.

    Every method raises `StoreUnavailableError` where trying again may help and `StoreError` where it will not.
    """

    @property
    def url(self) -> str:
        """The bucket's URL, as in the configuration."""
        ...

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        """Creates the object whole or not at all; a reader never sees a part of it.

        Raises:
            ObjectExistsError: there is an object of this key, whatever its bytes.
        """
        ...

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """The whole object.

        Raises:
            ObjectMissingError: there is none.
            StoreError: it is larger than `max_bytes`; nothing more than that was read.
        """
        ...

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        """A stream of the object, for large ones; raises like `get` (on size: at the latest when reading past it)."""
        ...

    def list(self, prefix: str) -> Sequence[str]:
        """All keys that start with the prefix, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Removes the object; no error where there is none. For retention only."""
        ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server serves: the preferred version of each kind, and the groups that could not be read."""

    types: tuple[ResourceType, ...]
    failures: Mapping[str, str]
    """API group (or group/version) to the reason why it could not be discovered."""
    served: Mapping[tuple[str, str], tuple[str, ...]]
    """(group, kind) to all served versions, the preferred one first."""

    def find(self, group: str, kind: str) -> ResourceType | None:
        """The type of this group and kind in its preferred version."""
        return next((t for t in self.types if t.gvk.group == group and t.gvk.kind == kind), None)

    def lacks(self, resource: ResourceType) -> bool:
        """Whether the server surely does not serve the kind: what could not be discovered may well be there."""
        gvk = resource.gvk
        return self.find(gvk.group, gvk.kind) is None and not {gvk.group, gvk.api_version} & {*self.failures}


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a list, and the resourceVersion at which the whole list is read.

    Attributes:
        size: of the items as the server sent them, in bytes; 0 where nobody counted.
    """

    items: Sequence[Manifest]
    resource_version: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class ClusterIdentity:
    """Which cluster this is: `uid` is the UID of its kube-system namespace, `version` its gitVersion."""

    uid: str
    version: str


class Cluster(Protocol):
    """One Kubernetes API server. Safe to use from many threads.

    Reads retry 429 and 5xx inside a budget, honouring Retry-After; then `ClusterUnavailableError` is raised. Any
    other refusal is a `ClusterError` with status and reason. No error message holds manifest data.
    """

    def identity(self) -> ClusterIdentity:
        """Which cluster this is."""
        ...

    def discover(self) -> Discovery:
        """Reads all API groups and types afresh. A 503 is a failure of that group, never "no resources"."""
        ...

    def pages(
        self,
        resource: ResourceType,
        *,
        namespace: str = "",
        label_selector: str = "",
        page_size: int = 0,
    ) -> Iterator[Page]:
        """Lists a type page by page at one resourceVersion; items carry apiVersion and kind.

        `page_size` is the most objects of one page, 0 for as many as the adapter is set to.

        Raises:
            ListExpiredError: 410 in the middle; the caller drops what it has and starts again.
        """
        ...

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        """One object, or None where there is none."""
        ...

    def apply(
        self,
        resource: ResourceType,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = "kubestandby",
        force: bool = True,
    ) -> Manifest:
        """Server-side apply with strict field validation; returns the object as the server has it now."""
        ...

    def create(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """POST with strict field validation, as field manager `kubestandby`."""
        ...

    def replace(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """PUT with strict field validation, as field manager `kubestandby`."""
        ...

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        """Deletes the object of exactly this UID in the background; no error where it is gone."""
        ...

    def whoami(self) -> str:
        """The name that our credentials have there."""
        ...

    def rules(self, namespace: str) -> HeldRules:
        """What we may do in the namespace, cluster-wide rights included; it need not exist."""
        ...

    def may(self, right: Right) -> bool:
        """Whether we hold this right."""
        ...


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...
