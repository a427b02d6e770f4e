"""Requests and outcomes in a control bucket: who asked for what, and what came of it. Both are written once, signed."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

from kubestandby import layout
from kubestandby.control_records import Signed
from kubestandby.creation import create_object
from kubestandby.errors import ObjectExistsError, UntrustedRecordError
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.outcomes import Outcomes
from kubestandby.ports import Clock, ObjectStore
from kubestandby.request_names import TURN, TURNS, hour_prefix, is_due, new_name, origin_id, turns_name
from kubestandby.requests import ImportOrder, Outcome, Request, WorkPart
from kubestandby.snapshots import GroupName, SiteName, SnapshotId
from kubestandby.stored_requests import StoredRequests, pending_names, request_names

MAX_AGE = timedelta(hours=24)
"""How long after it was asked for a request may be begun: later it would surprise, and may be an old one put back."""

_DAY_FORMAT = "%Y%m%d"
_DAY = "YYYYMMDD"
_NEWEST = 3
"""How many of the newest requests are looked at for one that is waiting; behind a begun one there hardly ever is."""


class Asked(TypedDict, total=False):
    """What may be asked for besides an action, under the names that `Request` has for it."""

    snapshot: SnapshotId | None
    to: SiteName | None
    accept_stale: SnapshotId | None
    mode: str
    order: ImportOrder | None
    prune_all: bool
    parts: tuple[WorkPart, ...]
    after_epoch: int
    after_sha256: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A request that nobody has begun: `is_new` where this call wrote it, else another one that asked for the same."""

    name: str
    is_new: bool


class RequestLog:
    """The requests of one site. Holds no state: every answer is read from the bucket."""

    def __init__(
        self, control: ObjectStore, clock: Clock, keyring: Keyring, site: SiteName, *, own_site: SiteName | None = None
    ) -> None:
        """`site`: whose control bucket it is; `own_site`: whose keys sign requests, where that is another one."""
        self._control = control
        self._clock = clock
        self._stored = StoredRequests(control, keyring, site, own_site or site)
        self._outcomes = Outcomes(control, keyring, site)

    def submit(
        self,
        group: GroupName,
        action: Action,
        *,
        origin: str,
        by: KeyRole | None = None,
        continues: str = "",
        attempt: int = 1,
        **asked: Unpack[Asked],
    ) -> Request:
        """Writes a request down; its creation is the event that starts the work.

        Signed in the role `by`: by default the operator's for what an operator asks, else that of the function that
        will carry it out. What is `asked` besides the action is explained at `Request`.

        Raises:
            FormatError: `continues` is not a request's name.
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be written.
        """
        now = self._clock.now().astimezone(UTC)
        request = Request(
            group=group,
            name=new_name(group, action, now, continues, attempt),
            action=action,
            origin=origin,
            requested_at=now,
            continues=continues,
            attempt=attempt,
            **asked,
        )
        self._stored.write(request, by)
        return request

    def submit_again(
        self, request: Request, attempt: int, parts: tuple[WorkPart, ...], *, by: KeyRole | None = None
    ) -> Request:
        """Writes down that the work of this request is to go on, by somebody else or anew; `parts`: what was done.

        Raises:
            FormatError: the request continues something that is no request's name.
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be written.
        """
        now, first = self._clock.now().astimezone(UTC), request.outcome_name
        name = new_name(request.group, request.action, now, first, attempt)
        again = replace(request, name=name, requested_at=now, continues=first, attempt=attempt, parts=parts)
        self._stored.write(again, by)
        return again

    def join(self, group: GroupName, action: Action, *, origin: str, known: str = "") -> Joined:
        """Finds a request for this action that nobody has begun, or writes one; whoever asks meanwhile finds that one.

        What changed before the call is seen by the work: it has not begun to look. However many ask, in however many
        processes, no more than one request per turn is written: where this turn's has been begun, the next turn's,
        which is not due before (`is_due`). One that does not count is not joined.

        Args:
            group: whose request.
            action: what is asked for; nothing but the action.
            origin: who asks, for a new request.
            known: a request that a call before this one gave, which spares looking for one.

        Raises:
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be found out, or written.
        """
        now = self._clock.now().astimezone(UTC)
        is_known = known and self._stored.is_waiting(group, known)
        waiting = known if is_known else self._newest_waiting(group, action, now)
        if waiting:
            return Joined(waiting, is_new=False)
        for number in range(TURNS):
            name = turns_name(group, action, now + number * TURN)
            if not self._stored.is_waiting(group, name):
                continue
            if self._write_once(Request(group=group, name=name, action=action, origin=origin, requested_at=now)):
                return Joined(name, is_new=True)
            if self._stored.counts(group, name):
                return Joined(name, is_new=False)
        return Joined(self.submit(group, action, origin=origin).name, is_new=True)

    def is_due(self, name: str) -> bool:
        """Whether the request of this name may be begun: not before its turn."""
        return is_due(name, self._clock.now())

    def begin(self, group: GroupName, name: str) -> None:
        """Marks the request under this name (`Request.outcome_name`) as begun: from here on nobody joins it.

        Raises:
            StoreError: the mark could not be written.
        """
        with suppress(ObjectExistsError):
            create_object(self._control, layout.begun_key(group, name), b"{}")

    def read(self, group: GroupName, name: str) -> Request:
        """The request of this name.

        Raises:
            ObjectMissingError: there is none.
            FormatError: that is no request's name.
            UntrustedRecordError: it does not count: nobody who may has signed it, or not as this one.
            StoreError: it cannot be read.
        """
        return self.signed(group, name).record

    def signed(self, group: GroupName, name: str) -> Signed[Request]:
        """The request of this name with its signature; raises like `read`."""
        return self._stored.signed(group, name)

    def check_timely(self, request: Request) -> None:
        """Makes sure that the request, or the one that it continues, was not asked for too long ago to be carried out.

        Raises:
            UntrustedRecordError: it was.
            ObjectMissingError: the request that it continues is gone.
            StoreError: that one cannot be read.
        """
        first = self.read(request.group, request.continues) if request.continues else request
        asked_at, now = first.requested_at, self._clock.now()
        if abs(now - asked_at) > MAX_AGE:
            raise UntrustedRecordError(
                f"request {first.name} of group {request.group} is of {asked_at:%Y-%m-%d %H:%M}Z, and it is"
                f" {now:%Y-%m-%d %H:%M}Z: what was asked for more than {MAX_AGE // timedelta(hours=1)} hours ago is not"
                " carried out any more; ask again if it is still wanted"
            )

    def requests(self, group: GroupName) -> tuple[str, ...]:
        """Names of all requests, those that do not count too, oldest first.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return tuple(sorted(request_names(self._control, group)))

    def attempts(self, group: GroupName, name: str) -> tuple[str, ...]:
        """Names of the requests for the same work as this one, as far as they are of its day or of today, oldest first.

        Lists by day, so that the look takes as long after years as on the first day.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        days = {name[: len(_DAY)], self._clock.now().astimezone(UTC).strftime(_DAY_FORMAT)}
        names = (found for day in days for found in request_names(self._control, group, day))
        return tuple(sorted(found for found in names if origin_id(found) == origin_id(name)))

    def pending(self, group: GroupName) -> tuple[str, ...]:
        """Names of the requests without an outcome, oldest first; a continuation counts as the one that it continues.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        return pending_names(self._control, group)

    def outcome(self, group: GroupName, name: str) -> Outcome | None:
        """The outcome under this name (`Request.outcome_name`), None while there is none.

        Raises:
            FormatError: nothing that has an outcome is called so.
            UntrustedRecordError: there is one, and it does not count: nobody who may has signed it, or not as this one.
            StoreError: it cannot be read.
        """
        return self._outcomes.read(group, name)

    def finish(self, outcome: Outcome, *, by: KeyRole | None = None) -> None:
        """Writes the outcome, signed by the function whose work it is, or in the role `by`; one that is there stays.

        Raises:
            ConfigError: the key that has to sign it is not on this machine.
            StoreError: it could not be written.
        """
        self._outcomes.write(outcome, by)

    def _write_once(self, request: Request) -> bool:
        """Writes a request whose name others may choose too; whether this call was the first."""
        try:
            self._stored.write(request)
        except ObjectExistsError:
            return False
        return True

    def _newest_waiting(self, group: GroupName, action: Action, now: datetime) -> str:
        """The newest request of this hour or the last that nobody has begun and that counts; "" where there is none.

        Lists by hour, so that the look takes as long after years as on the first day.
        """
        for hour in (now, now - timedelta(hours=1)):
            names = self._stored.first_ones(group, action, hour_prefix(hour))
            for name in reversed(names[-_NEWEST:]):
                if self._stored.is_waiting(group, name) and self._stored.counts(group, name):
                    return name
        return ""
