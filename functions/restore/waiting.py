"""Waits until what was applied is Current, by polling one list per type; never for ever, and never for what is stuck.

A workload that cannot progress (paused, unschedulable, over quota) is given a short grace, then reported as stalled
with its reason; it holds nobody up, but is looked at again as long as others are waited for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Clock, Cluster
from kubestandby.reports import Readiness, WorkloadStatus
from kubestandby.resources import Manifest, ResourceType

from .live_state import Name, read_all
from .obstacles import CLAIM, StorageClassView, find_obstacles, storage_classes
from .plans import DesiredObject, Identity
from .readiness import assess, is_custom, is_watched, reports_conditions
from .references import child
from .refusals import describe

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 4.0
PAUSE_SHARE = 0.1
"""Of the time waited so far: that all is Current is noticed by so much later, at most."""
OBSTACLES_EVERY_SECONDS = 4.0
"""How often Pods and events are looked through for reasons, and how long a workload has to be still for that."""

_ENDED = (Readiness.CURRENT, Readiness.FAILED)


@dataclass(frozen=True, slots=True)
class Grace:
    """How long something may last before a workload counts as stalled, in seconds.

    Attributes:
        stuck: a known reason: unschedulable, image not found, over quota.
        quiet: no change at all of an object that others have to make ready: a custom resource, a claim.
    """

    stuck: float = 20.0
    quiet: float = 60.0


@dataclass(slots=True)
class _Watch:
    """One object that is waited for."""

    desired: DesiredObject
    status: WorkloadStatus
    live: Manifest | None = None
    stuck_since: datetime | None = None
    changed: datetime | None = None
    version: str = ""
    obstacle: str = ""

    @property
    def holds(self) -> bool:
        """Whether the wait goes on because of it."""
        return self.status.readiness not in _ENDED and not self.status.stalled


@dataclass(slots=True)
class Waiter:
    """Waits for the objects of one restore."""

    cluster: Cluster
    clock: Clock
    pool: Executor
    grace: Grace = field(default_factory=Grace)
    _classes: StorageClassView | None = None

    def wait(
        self,
        desired: Iterable[DesiredObject],
        timeout_seconds: float,
        *,
        current: Collection[Identity] = (),
        waited_seconds: float = 0.0,
    ) -> tuple[WorkloadStatus, ...]:
        """Waits until nothing holds any more, at most so long. Those that are known to be current are not read again.

        Of custom resources such are only those on which somebody reports; silent ones are not to be among `desired`.
        `waited_seconds` of the time have passed already, in earlier calls.

        Custom resources on which nobody reports are not among the answers.

        Raises:
            ClusterUnavailableError: the cluster cannot be reached any more.
        """
        watches = {
            item.identity: _Watch(item, WorkloadStatus(ref=item.ref, readiness=_at_first(item, current)))
            for item in desired
            if is_watched(item.identity[:2])
        }
        started = looked = self.clock.now()
        while True:
            self._poll([watch for watch in watches.values() if watch.status.readiness not in _ENDED])
            now = self.clock.now()
            if (now - looked).total_seconds() >= OBSTACLES_EVERY_SECONDS:
                self._look_for_obstacles(watches.values(), started)
                looked = now
            self._judge(watches.values(), now)
            elapsed = waited_seconds + (now - started).total_seconds()
            if elapsed >= timeout_seconds or not any(watch.holds for watch in watches.values()):
                return _statuses(watches.values(), timeout_seconds)
            pause = min(max(FIRST_PAUSE_SECONDS, elapsed * PAUSE_SHARE), LONGEST_PAUSE_SECONDS)
            self.clock.sleep(min(pause, timeout_seconds - elapsed))

    def _poll(self, watches: Iterable[_Watch]) -> None:
        by_type: dict[ResourceType, dict[Name, _Watch]] = defaultdict(dict)
        for watch in watches:
            ref = watch.desired.ref
            by_type[watch.desired.resource][ref.namespace, ref.name] = watch
        for error in self.pool.map(self._poll_type, by_type.keys(), by_type.values()):
            if error is not None:
                raise error

    def _poll_type(self, resource: ResourceType, wanted: Mapping[Name, _Watch]) -> ClusterUnavailableError | None:
        try:
            found = read_all(self.cluster, resource, wanted.keys())
        except ClusterUnavailableError as error:
            return error
        except ClusterError as error:
            for watch in wanted.values():
                watch.status = replace(watch.status, readiness=Readiness.UNKNOWN, message=describe(error), stalled=True)
            return None
        for name, watch in wanted.items():
            self._see(watch, found.get(name))
        return None

    def _see(self, watch: _Watch, live: Manifest | None) -> None:
        """Takes in the live object as it is now."""
        now = self.clock.now()
        watch.live = live
        if live is None:
            watch.status = _gone(watch.desired)
            return
        version = str(live["metadata"].get("resourceVersion", ""))
        if watch.changed is None or version != watch.version:
            watch.version, watch.changed, watch.obstacle = version, now, ""
        verdict = assess(live)
        if watch.desired.identity[:2] == CLAIM and verdict.readiness is Readiness.IN_PROGRESS:
            watch.status = self._unbound(watch, live)
            return
        if not verdict.stuck and not watch.obstacle:
            watch.stuck_since = None
        elif watch.stuck_since is None:
            watch.stuck_since = now
        message = watch.obstacle or verdict.message if verdict.readiness not in _ENDED else verdict.message
        watch.status = WorkloadStatus(ref=watch.desired.ref, readiness=verdict.readiness, message=message)

    def _unbound(self, watch: _Watch, claim: Manifest) -> WorkloadStatus:
        if self._classes is None:
            self._classes = storage_classes(self.cluster)
        ref = watch.desired.ref
        if self._classes.waits_for_consumer(claim):
            return WorkloadStatus(ref=ref, readiness=Readiness.CURRENT, message="it waits for its first consumer")
        problem = self._classes.problem(claim)
        if problem and watch.stuck_since is None:
            watch.stuck_since = self.clock.now()
        message = problem or "it is not bound to a PersistentVolume"
        return WorkloadStatus(ref=ref, readiness=Readiness.IN_PROGRESS, message=message)

    def _look_for_obstacles(self, watches: Iterable[_Watch], since: datetime) -> None:
        """Looks why workloads stand still; what is found shows at the next poll."""
        now = self.clock.now()
        unready = [
            watch
            for watch in watches
            if watch.status.readiness not in _ENDED and _lasts(watch.changed, now, OBSTACLES_EVERY_SECONDS)
        ]
        pairs = [(watch.desired, watch.live) for watch in unready if watch.live is not None]
        found = find_obstacles(self.cluster, pairs, since)
        for watch in unready:
            watch.obstacle = found.get(watch.desired.identity, "")

    def _judge(self, watches: Iterable[_Watch], now: datetime) -> None:
        """Marks as stalled what has been stuck, or quiet, for longer than its grace."""
        for watch in watches:
            if watch.status.readiness in _ENDED or watch.status.stalled:
                continue
            stuck = _lasts(watch.stuck_since, now, self.grace.stuck)
            quiet = _others_make_it_ready(watch.desired) and _lasts(watch.changed, now, self.grace.quiet)
            if stuck:
                watch.status = replace(watch.status, stalled=True)
            elif quiet:
                message = f"no change for {self.grace.quiet:.0f} s: {watch.status.message}"
                watch.status = replace(watch.status, stalled=True, message=message)


def _at_first(item: DesiredObject, current: Collection[Identity]) -> Readiness:
    return Readiness.CURRENT if item.identity in current else Readiness.UNKNOWN


def _lasts(since: datetime | None, now: datetime, grace: float) -> bool:
    return since is not None and (now - since).total_seconds() >= grace


def _others_make_it_ready(item: DesiredObject) -> bool:
    kind = item.identity[:2]
    return kind in (CLAIM, ("apiregistration.k8s.io", "APIService")) or is_custom(kind)


def _gone(item: DesiredObject) -> WorkloadStatus:
    """What to make of an object that was applied and is not there."""
    if child(item.manifest, "spec", "ttlSecondsAfterFinished") is not None:
        message = "finished, and removed by its own TTL"
        return WorkloadStatus(ref=item.ref, readiness=Readiness.CURRENT, message=message)
    message = "it is gone: deleted by others"
    return WorkloadStatus(ref=item.ref, readiness=Readiness.NOT_FOUND, message=message, stalled=True)


def _statuses(watches: Iterable[_Watch], timeout_seconds: float) -> tuple[WorkloadStatus, ...]:
    told = [watch for watch in watches if not _is_silent(watch)]
    late = f"not Current within {timeout_seconds:.0f} s: "
    statuses = [
        replace(watch.status, message=late + watch.status.message) if watch.holds else watch.status for watch in told
    ]
    return tuple(sorted(statuses, key=lambda status: (status.ref.namespace, status.ref.gvk.kind, status.ref.name)))


def _is_silent(watch: _Watch) -> bool:
    if watch.live is None:  # known to be Current, since somebody reports so
        return False
    current = watch.status.readiness is Readiness.CURRENT
    return current and is_custom(watch.desired.identity[:2]) and not reports_conditions(watch.live)
