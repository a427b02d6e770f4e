"""Lists many types at once in bounded memory: each list whole, at one resourceVersion, or with the reason why not."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Semaphore

import orjson

from kubestandby.errors import ClusterError, ClusterUnavailableError, ListExpiredError
from kubestandby.ports import Cluster
from kubestandby.privileges import Right
from kubestandby.resources import Manifest, ResourceType
from kubestandby.spool import new_spool

from .images import ImageLedger, is_owned_and_running

THREADS = 6
PAGE_SIZE = 500
ATTEMPTS_PER_LIST = 4
DECODED_BYTES = 8 << 20
"""So much of a list, counted as the server sends it, is kept decoded: five times as much in memory."""
SPOOL_MEMORY_BYTES = 4 << 20


class Sieve:
    """Decides object by object what is kept of one list, and remembers what it left out.

    Attributes:
        dropped: how many objects each rule left out.
        images: of owned Pods that are left out. They hold what no template does: injected side cars, and the images
            that operators choose.
    """

    def __init__(self, drop: Callable[[Manifest], str], *, wanted: Callable[[Manifest], bool] | None = None) -> None:
        """`drop` names the rule that leaves an object out, or ""; what is not `wanted` was never asked for."""
        self._drop = drop
        self._wanted = wanted
        self.dropped: Counter[str] = Counter()
        self.images = ImageLedger()

    def keeps(self, manifest: Manifest) -> bool:
        """Whether the object is kept."""
        if self._wanted is not None and not self._wanted(manifest):
            return False
        rule = self._drop(manifest)
        if rule:
            self.dropped[rule] += 1
            if is_owned_and_running(manifest):
                self.images.add(manifest)
        return not rule


@dataclass(frozen=True, slots=True)
class Query:
    """One list request. An empty namespace means all of them."""

    namespace: str = ""
    label_selector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTask:
    """One type to list.

    Attributes:
        queries: the lists that make it up.
        fallback: what to list instead where the first query is forbidden.
        sieve: makes a new sieve; each list has its own, so that one that starts again forgets what it saw. It may wait
            for the end of tasks that come before this one.
        ended: called when the task has come to its end, whatever that was.
    """

    resource: ResourceType
    queries: tuple[Query, ...]
    sieve: Callable[[], Sieve]
    fallback: tuple[Query, ...] = ()
    ended: Callable[[], None] | None = None


class Spool:
    """Manifests in the order in which they came: the first pages in memory, the rest in a private nameless file."""

    def __init__(self) -> None:
        self._first: list[Manifest] = []
        self._first_bytes = 0
        self._rest = new_spool(SPOOL_MEMORY_BYTES)

    def add(self, manifests: Sequence[Manifest], size: int = 0) -> None:
        """Takes in what is kept of one page, which had so many bytes; 0 where nobody counted: then it may be large."""
        size = size or DECODED_BYTES
        if not self._first_bytes or self._first_bytes + size <= DECODED_BYTES:
            self._first.extend(manifests)
            self._first_bytes += size
        else:
            self._first_bytes = DECODED_BYTES  # nothing more after the first that went to the file
            self._rest.write(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in manifests))

    def __iter__(self) -> Iterator[Manifest]:
        yield from self._first
        self._rest.seek(0)
        for line in self._rest:
            yield orjson.loads(line)

    def close(self) -> None:
        """Lets go of everything."""
        self._first = []
        self._rest.close()


@dataclass(slots=True)
class ListedPart:
    """What one query gave. `failure` says why it is not all, `refused` which right was missing for it."""

    sieve: Sieve
    kept: Spool = field(default_factory=Spool)
    resource_version: str = ""
    failure: str = ""
    refused: Right | None = None


@dataclass(slots=True)
class Listed:
    """What was listed of one type."""

    resource: ResourceType
    parts: list[ListedPart]

    @property
    def resource_version(self) -> str:
        """The resourceVersion of the list, or of each list in turn, with commas."""
        return ",".join(dict.fromkeys(part.resource_version for part in self.parts if part.resource_version))

    @property
    def failure(self) -> str:
        """Why not all could be read, or ""."""
        return "; ".join(dict.fromkeys(part.failure for part in self.parts if part.failure))

    def manifests(self) -> Iterator[Manifest]:
        """What is kept."""
        for part in self.parts:
            yield from part.kept

    def close(self) -> None:
        """Lets go of everything."""
        for part in self.parts:
            part.kept.close()


class Lister:
    """Carries out list tasks on one cluster."""

    def __init__(self, cluster: Cluster, *, page_size: int = PAGE_SIZE, threads: int = THREADS) -> None:
        self._cluster = cluster
        self._page_size = page_size
        self._threads = threads

    @contextmanager
    def run(self, tasks: Sequence[ListTask]) -> Iterator[Iterator[Listed]]:
        """Lists all types, a few at a time, and yields each as soon as it is complete.

        They begin in the order of the tasks. A type takes up memory until the caller has asked for the next one; no
        more than `threads` types do at once.

        Raises:
            ClusterUnavailableError: the cluster as a whole does not answer.
            ClusterError: it refuses the credentials.
        """
        slots = Semaphore(self._threads)
        stopped = Event()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="list") as pool:
            futures = [pool.submit(self._in_slot, task, slots, stopped) for task in tasks]
            try:
                yield _consumed(futures, slots)
            finally:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                slots.release(len(futures) or 1)  # those that wait for a slot go on, and see that it is over

    def _in_slot(self, task: ListTask, slots: Semaphore, stopped: Event) -> Listed:
        slots.acquire()  # given back by the consumer
        try:
            return Listed(task.resource, []) if stopped.is_set() else self._list(task)
        finally:
            if task.ended is not None:
                task.ended()

    def _list(self, task: ListTask) -> Listed:
        parts: list[ListedPart] = []
        for query in task.queries:
            part = self._part(task, query)
            if part.failure and task.fallback and part.failure.startswith("403"):
                part.kept.close()
                return Listed(task.resource, [self._part(task, narrower) for narrower in task.fallback])
            parts.append(part)
            if part.failure.startswith(("429", "5")):
                break  # the server of this type is in trouble, and each further list would spend its budget too
        return Listed(task.resource, parts)

    def _part(self, task: ListTask, query: Query) -> ListedPart:
        """One list; started again from nothing when it expires midway (410)."""
        for _ in range(ATTEMPTS_PER_LIST):
            part = ListedPart(task.sieve())
            try:
                self._read(task.resource, query, part)
            except ListExpiredError:
                part.kept.close()
                continue
            except ClusterError as error:
                if error.status == 404 and self._cluster.discover().lacks(task.resource):
                    return ListedPart(task.sieve())  # it went away since it was discovered: nothing of it is left
                part.failure = self._failure(query, error)
                if error.status == 403:
                    part.refused = right_to("list", task.resource, query.namespace)
            return part
        words = f"410 Expired: it changed faster than it could be listed, {ATTEMPTS_PER_LIST} times"
        return ListedPart(task.sieve(), failure=_within(query, words))

    def _read(self, resource: ResourceType, query: Query, part: ListedPart) -> None:
        pages = self._cluster.pages(
            resource, namespace=query.namespace, label_selector=query.label_selector, page_size=self._page_size
        )
        for page in pages:
            part.resource_version = page.resource_version
            part.kept.add([item for item in page.items if part.sieve.keeps(item)], page.size)

    def _failure(self, query: Query, error: ClusterError) -> str:
        """Words for the index. Where it is not this type's own failure, the error is raised instead."""
        if error.status == 401 or (error.status == 0 and error.reason != "Undecodable"):
            raise error
        if isinstance(error, ClusterUnavailableError):
            self._cluster.identity()  # raises where the cluster as a whole is down
        advice = "; grant the exporter list on it" if error.status == 403 else ""
        return _within(query, f"{error.status} {error.reason}{advice}".removeprefix("0 "))


def right_to(verb: str, resource: ResourceType, namespace: str = "", name: str = "") -> Right:
    """The right to read something of a type."""
    return Right(verb=verb, group=resource.gvk.group, resource=resource.plural, namespace=namespace, name=name)


def _within(query: Query, words: str) -> str:
    return f"{words} (in {query.namespace})" if query.namespace else words


def _consumed(futures: Sequence[Future[Listed]], slots: Semaphore) -> Iterator[Listed]:
    for future in as_completed(futures):
        listed = future.result()
        try:
            yield listed
        finally:
            listed.close()
            slots.release()
