"""Snapshots that have not arrived where they belong: the event of their index was lost, or its function failed.

A raw one belongs, sanitized, into the other site's data bucket; a sanitized one into its site's cluster.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from kubestandby.errors import SnapshotError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.keys.authority import TICK
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.requests import Request
from kubestandby.runtime.context import Context
from kubestandby.snapshots import SnapshotId, Stage

from .pushing import action_of, is_due

_LOOK_BACK = 20
"""How many of the newest snapshots, and of the newest requests of a kind, one tick looks at."""


@dataclass(frozen=True, slots=True)
class LostSnapshots:
    """Looks for them at one site, in one epoch."""

    context: Context
    group: ProtectionGroup
    site: Site
    epoch: int
    push_after: timedelta

    def push_raw(self) -> list[str]:
        """Asks this site's sanitize for the newest complete raw snapshot, where it has no sanitized twin.

        Raises:
            StoreError: a bucket cannot be used.
        """
        other = self.group.other_site(self.site.name)
        arrived = set(self.context.snapshots(other).ids(Stage.SANITIZED, self.group.name))
        return self._push(Action.SANITIZE, self._newest_lost(Stage.RAW, arrived.__contains__))

    def push_sanitized(self) -> list[str]:
        """Asks this site's restore for the newest complete sanitized snapshot, where it did not come through in full.

        Raises:
            StoreError: a bucket cannot be used.
        """
        mode, reports, marks = self.group.restore.mode, self.context.reports(self.site), self.context.marks(self.site)
        highest = marks.highest(self.group.name, mode)

        def has_arrived(snapshot: SnapshotId) -> bool:
            if highest is None or snapshot > highest:
                return False
            return snapshot < highest or marks.came_through(self.group.name, snapshot, mode, reports)

        return self._push(Action.RESTORE, self._newest_lost(Stage.SANITIZED, has_arrived))

    def _newest_lost(self, stage: Stage, has_arrived: Callable[[SnapshotId], bool]) -> SnapshotId | None:
        """The newest complete snapshot, if it has not arrived and has had the time to."""
        snapshots = self.context.snapshots(self.site)
        ids = [snapshot for snapshot in snapshots.ids(stage, self.group.name) if snapshot.epoch == self.epoch]
        for snapshot in reversed(ids[-_LOOK_BACK:]):
            if has_arrived(snapshot):
                return None
            with suppress(SnapshotError):
                index = snapshots.read_index(stage, self.group.name, snapshot)
                if index.complete:
                    return snapshot if self.context.clock.now() - index.taken_at >= self.push_after else None
        return None

    def _push(self, action: Action, snapshot: SnapshotId | None) -> list[str]:
        """Writes the request, unless one is pending or was answered a short while ago."""
        if snapshot is None:
            return []
        requests, name = self.context.requests(self.site), self.group.name
        pushes = [request.name for request in self._pushes(action) if request.snapshot == snapshot]
        is_pending = not set(requests.pending(name)).isdisjoint(pushes)
        if is_pending or not is_due(pushes, self.context.clock.now(), self.push_after):
            return []
        return [requests.submit(name, action, origin=TICK, by=KeyRole.EXPORT, snapshot=snapshot).name]

    def _pushes(self, action: Action) -> Iterator[Request]:
        """The newest requests of this kind that a tick has written; continuations count as the ones they continue."""
        requests = self.context.requests(self.site)
        names = [name for name in requests.requests(self.group.name) if action_of(name) is action]
        for name in names[-_LOOK_BACK:]:
            with suppress(SnapshotError):
                request = requests.read(self.group.name, name)
                if request.origin == TICK and not request.continues:
                    yield request
