"""A cluster, a store and a clock that stop the work where its time is over: before a request, never in one.

Every step of the three functions may be done again from the start, and then finds what is done already. So between any
two requests to a cluster is a safe point, and none of the steps needs to know of deadlines itself.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, cast

from kubestandby.ports import Clock, Cluster, ClusterIdentity, Discovery, ObjectStore, Page
from kubestandby.privileges import HeldRules, Right
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.runtime.deadlines import Deadline

_LONGEST_NAP = 0.5
"""Seconds between two looks whether the process was told to end."""


@dataclass(slots=True)
class Written:
    """How many objects a call has written to clusters."""

    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, dry_run: bool) -> None:
        """One more, unless it was a rehearsal."""
        with self._lock:
            self.count += not dry_run


@dataclass(frozen=True, slots=True)
class TimedCluster:
    """Implements `ports.Cluster` over another one; every method raises `OutOfTimeError` too."""

    inner: Cluster
    deadline: Deadline
    written: Written

    def identity(self) -> ClusterIdentity:
        """As the port says."""
        self.deadline.check("asking which cluster it is")
        return self.inner.identity()

    def discover(self) -> Discovery:
        """As the port says."""
        self.deadline.check("reading the cluster's types")
        return self.inner.discover()

    def pages(
        self, resource: ResourceType, *, namespace: str = "", label_selector: str = "", page_size: int = 0
    ) -> Iterator[Page]:
        """As the port says."""
        pages = self.inner.pages(resource, namespace=namespace, label_selector=label_selector, page_size=page_size)
        while True:
            self.deadline.check(f"reading {resource.plural}")
            page = next(pages, None)
            if page is None:
                return
            yield page

    def get(self, resource: ResourceType, namespace: str, name: str) -> Manifest | None:
        """As the port says."""
        self.deadline.check(f"reading {resource.plural}")
        return self.inner.get(resource, namespace, name)

    def apply(
        self,
        resource: ResourceType,
        manifest: Manifest,
        *,
        dry_run: bool = False,
        manager: str = "kubestandby",
        force: bool = True,
    ) -> Manifest:
        """As the port says."""
        self._check_write(resource, dry_run=dry_run)
        live = self.inner.apply(resource, manifest, dry_run=dry_run, manager=manager, force=force)
        self.written.add(dry_run=dry_run)
        return live

    def create(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """As the port says."""
        self._check_write(resource, dry_run=dry_run)
        live = self.inner.create(resource, manifest, dry_run=dry_run)
        self.written.add(dry_run=dry_run)
        return live

    def replace(self, resource: ResourceType, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """As the port says."""
        self._check_write(resource, dry_run=dry_run)
        live = self.inner.replace(resource, manifest, dry_run=dry_run)
        self.written.add(dry_run=dry_run)
        return live

    def delete(self, resource: ResourceType, ref: ObjectRef, *, uid: str) -> None:
        """As the port says."""
        self._check_write(resource, dry_run=False)
        self.inner.delete(resource, ref, uid=uid)
        self.written.add(dry_run=False)

    def whoami(self) -> str:
        """As the port says."""
        self.deadline.check("asking for our rights")
        return self.inner.whoami()

    def rules(self, namespace: str) -> HeldRules:
        """As the port says."""
        self.deadline.check("asking for our rights")
        return self.inner.rules(namespace)

    def may(self, right: Right) -> bool:
        """As the port says."""
        self.deadline.check("asking for our rights")
        return self.inner.may(right)

    def _check_write(self, resource: ResourceType, *, dry_run: bool) -> None:
        self.deadline.check(f"{'trying' if dry_run else 'sending'} {resource.plural}")


@dataclass(frozen=True, slots=True)
class TimedClock:
    """Implements `ports.Clock` over another one; does not begin to wait for longer than there is time."""

    inner: Clock
    deadline: Deadline

    def now(self) -> datetime:
        """As the port says."""
        return self.inner.now()

    def sleep(self, seconds: float) -> None:
        """Waits, looking up now and then.

        Raises:
            OutOfTimeError: there is not so much time, or the process was told to end meanwhile.
        """
        while seconds > 0:
            self.deadline.check("waiting any longer", needed=seconds)
            nap = min(seconds, _LONGEST_NAP)
            self.inner.sleep(nap)
            seconds -= nap


@dataclass(frozen=True, slots=True)
class TimedStore:
    """Implements `ports.ObjectStore` over another one; only reading a large object is timed.

    What says how far the work has come is small, and is written and read when the time is over.
    """

    inner: ObjectStore
    deadline: Deadline

    @property
    def url(self) -> str:
        """As the port says."""
        return self.inner.url

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        """As the port says."""
        self.inner.put_if_absent(key, data)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        """As the port says."""
        return self.inner.get(key, max_bytes=max_bytes)

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        """As the port says; reading from the stream raises `OutOfTimeError` too."""
        return cast("BinaryIO", _TimedStream(self.inner.open(key, max_bytes=max_bytes), self.deadline))

    def list(self, prefix: str) -> Sequence[str]:
        """As the port says."""
        return self.inner.list(prefix)

    def delete(self, key: str) -> None:
        """As the port says."""
        self.inner.delete(key)


@dataclass(frozen=True, slots=True)
class _TimedStream:
    """What readers of an archive use of a stream."""

    inner: BinaryIO
    deadline: Deadline

    def __enter__(self) -> "_TimedStream":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inner.close()

    def read(self, size: int = -1) -> bytes:
        self.deadline.check("reading the archive")
        return self.inner.read(size)

    def close(self) -> None:
        self.inner.close()
