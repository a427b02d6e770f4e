"""Requests and outcomes in a control bucket: who asked for what, and what came of it. Both are written once."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kubestandby import codec, layout
from kubestandby.creation import create_object
from kubestandby.errors import FormatError, ObjectExistsError, ObjectMissingError
from kubestandby.layout import Action
from kubestandby.ports import Clock, ObjectStore
from kubestandby.requests import ImportOrder, Outcome, Request, WorkPart
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

MAX_REQUEST_BYTES = 64 * 1024
MAX_OUTCOME_BYTES = 4 * 1024 * 1024
_TIME_FORMAT = "%Y%m%dT%H%M%S.%fZ"
_HOUR_FORMAT = "%Y%m%dT%H"
TURN_SECONDS = 5
"""Those who join within one turn choose the same name for a new request: one is written, and begun, per turn."""

_TURN = timedelta(seconds=TURN_SECONDS)
_TURNS = 3
_NEWEST = 3
"""How many of the newest requests are looked at for one that is waiting; behind a begun one there hardly ever is."""

_AGAIN = "."
"""Parts a continuation's attempt from the id of the request that it continues."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A request that nobody has begun: `is_new` where this call wrote it, else another one that asked for the same."""

    name: str
    is_new: bool


class RequestLog:
    """The requests of one site. Holds no state: every answer is read from the bucket."""

    def __init__(self, control: ObjectStore, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    def submit(  # noqa: PLR0913 - the fields of a request
        self,
        group: GroupName,
        action: Action,
        *,
        origin: str,
        snapshot: SnapshotId | None = None,
        to: SiteName | None = None,
        accept_stale: SnapshotId | None = None,
        mode: str = "",
        continues: str = "",
        attempt: int = 1,
        order: ImportOrder | None = None,
        prune_all: bool = False,
        parts: tuple[WorkPart, ...] = (),
    ) -> Request:
        """Writes a request down; its creation is the event that starts the work.

        Raises:
            FormatError: `continues` is not a request's name.
            StoreError: it could not be written.
        """
        now = self._clock.now().astimezone(UTC)
        request = Request(
            group=group,
            name=f"{now.strftime(_TIME_FORMAT)}-{action}-{self._new_id(group, continues, attempt)}",
            action=action,
            origin=origin,
            requested_at=now,
            snapshot=snapshot,
            to=to,
            accept_stale=accept_stale,
            mode=mode,
            continues=continues,
            attempt=attempt,
            order=order,
            prune_all=prune_all,
            parts=parts,
        )
        create_object(self._control, layout.request_key(group, request.name), codec.encode(request))
        return request

    def submit_again(self, request: Request, attempt: int, parts: tuple[WorkPart, ...]) -> Request:
        """Writes down that the work of this request is to go on, by somebody else or anew; `parts`: what was done.

        Raises:
            FormatError: the request continues something that is no request's name.
            StoreError: it could not be written.
        """
        return self.submit(
            request.group,
            request.action,
            origin=request.origin,
            snapshot=request.snapshot,
            to=request.to,
            accept_stale=request.accept_stale,
            mode=request.mode,
            continues=request.outcome_name,
            attempt=attempt,
            order=request.order,
            prune_all=request.prune_all,
            parts=parts,
        )

    def join(self, group: GroupName, action: Action, *, origin: str, known: str = "") -> Joined:
        """Finds a request for this action that nobody has begun, or writes one; whoever asks meanwhile finds that one.

        What changed before the call is seen by the work: it has not begun to look. However many ask, in however many
        processes, no more than one request per turn is written: where this turn's has been begun, the next turn's,
        which is not due before (`is_due`).

        Args:
            group: whose request.
            action: what is asked for; nothing but the action.
            origin: who asks, for a new request.
            known: a request that a call before this one gave, which spares looking for one.

        Raises:
            StoreError: it could not be found out, or written.
        """
        now = self._clock.now().astimezone(UTC)
        waiting = known if known and self._is_waiting(group, known) else self._newest_waiting(group, action, now)
        if waiting:
            return Joined(waiting, is_new=False)
        for number in range(_TURNS):
            name = _turns_name(group, action, now + number * _TURN)
            if self._is_waiting(group, name):
                return Joined(name, is_new=self._write_once(group, name, action, origin, now))
        return Joined(self.submit(group, action, origin=origin).name, is_new=True)

    def is_due(self, name: str) -> bool:
        """Whether the request of this name may be begun: not before its turn.

        A turn far away is that of another clock, and nothing to wait for.
        """
        try:
            turn = datetime.strptime(name.partition("-")[0], _TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return True
        return not timedelta(0) < turn - self._clock.now() <= _TURNS * _TURN

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
            FormatError: it is not a request in our form, or not the one that its key says.
            StoreError: it cannot be read.
        """
        key = layout.request_key(group, name)
        parsed = layout.parse_request_key(key)
        if parsed is None:
            raise FormatError(f"{name[:80]!r} is not a request's name")
        what = f"request {key} in {self._control.url}"
        request = codec.decode(self._control.get(key, max_bytes=MAX_REQUEST_BYTES), Request, what)
        if (request.group, request.name, request.action) != (group, name, parsed.action):
            raise FormatError(f"{what} is that of another request")
        return request

    def requests(self, group: GroupName) -> tuple[str, ...]:
        """Names of all requests, oldest first.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        keys = (layout.parse_request_key(key) for key in self._control.list(layout.request_prefix(group)))
        return tuple(sorted(key.name for key in keys if key))

    def outcome(self, group: GroupName, name: str) -> Outcome | None:
        """The outcome under this name (`Request.outcome_name`), None while there is none.

        Raises:
            FormatError: it is not an outcome in our form, or another request's.
            StoreError: it cannot be read.
        """
        key = layout.outcome_key(group, name)
        try:
            data = self._control.get(key, max_bytes=MAX_OUTCOME_BYTES)
        except ObjectMissingError:
            return None
        what = f"outcome {key} in {self._control.url}"
        outcome = codec.decode(data, Outcome, what)
        if (outcome.group, outcome.request) != (group, name):
            raise FormatError(f"{what} is that of another request")
        return outcome

    def finish(self, outcome: Outcome) -> None:
        """Writes the outcome; where there is one already, that one stays.

        Raises:
            StoreError: it could not be written.
        """
        try:
            create_object(self._control, layout.outcome_key(outcome.group, outcome.request), codec.encode(outcome))
        except ObjectExistsError:
            return

    def pending(self, group: GroupName) -> tuple[str, ...]:
        """Names of the requests without an outcome, oldest first; a continuation counts as the one that it continues.

        Raises:
            StoreError: the bucket cannot be listed.
        """
        prefix = layout.outcome_prefix(group)
        finished = {key.removeprefix(prefix).removesuffix(".json") for key in self._control.list(prefix)}
        return tuple(name for name in self.requests(group) if name not in finished and not is_continuation(name))

    def _newest_waiting(self, group: GroupName, action: Action, now: datetime) -> str:
        """The newest request of this hour or the last that nobody has begun; "" where there is none.

        Lists by hour, so that the look takes as long after years as on the first day.
        """
        for hour in (now, now - timedelta(hours=1)):
            prefix = layout.request_prefix(group) + hour.strftime(_HOUR_FORMAT)
            keys = (layout.parse_request_key(key) for key in self._control.list(prefix))
            names = sorted(key.name for key in keys if key and key.action is action and not is_continuation(key.name))
            for name in reversed(names[-_NEWEST:]):
                if self._is_waiting(group, name):
                    return name
        return ""

    def _is_waiting(self, group: GroupName, name: str) -> bool:
        """Whether nobody has begun the request of this name, or finished it."""
        return not any(self._exists(key(group, name)) for key in (layout.begun_key, layout.outcome_key))

    def _exists(self, key: str) -> bool:
        try:
            self._control.get(key, max_bytes=MAX_OUTCOME_BYTES)
        except ObjectMissingError:
            return False
        return True

    def _write_once(self, group: GroupName, name: str, action: Action, origin: str, now: datetime) -> bool:
        """Writes a request whose name others may choose too; whether this call was the first."""
        request = Request(group=group, name=name, action=action, origin=origin, requested_at=now)
        try:
            create_object(self._control, layout.request_key(group, name), codec.encode(request))
        except ObjectExistsError:
            return False
        return True

    def _new_id(self, group: GroupName, continues: str, attempt: int) -> str:
        """Eight random hex digits; a continuation keeps those of its origin and adds its attempt."""
        if not continues:
            return secrets.token_hex(4)
        if layout.parse_request_key(layout.request_key(group, continues)) is None:
            raise FormatError(f"{continues[:80]!r} is not a request's name")
        return f"{origin_id(continues)}{_AGAIN}{attempt}"


def is_continuation(name: str) -> bool:
    """Whether a request of this name continues another one."""
    return _AGAIN in name.rpartition("-")[2]


def attempt_of(name: str) -> int:
    """Which attempt a request of this name is, 1 for a first one."""
    number = name.rpartition("-")[2].partition(_AGAIN)[2]
    return int(number) if number.isdecimal() else 1


def origin_id(name: str) -> str:
    """What a request and its continuations have in common: the id without the attempt."""
    return name.rpartition("-")[2].partition(_AGAIN)[0]


def _turns_name(group: GroupName, action: Action, moment: datetime) -> str:
    """The name that everybody gives to a request in the turn of this moment."""
    turn = datetime.fromtimestamp(int(moment.timestamp()) // TURN_SECONDS * TURN_SECONDS, UTC)
    unique = hashlib.sha256(f"{group}/{action}/{turn.isoformat()}".encode()).hexdigest()[:8]
    return f"{turn.strftime(_TIME_FORMAT)}-{action}-{unique}"
