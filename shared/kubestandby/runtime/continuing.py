"""Work that takes longer than the platform gives one call: it stops at a safe point and another call goes on.

How far it has come is not written down: the whole is done again, and finds what is done already. What is written is a
request that continues the first one, whose event is the next call; it says what every part before it did, and the
outcome of the whole names them all.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kubestandby.errors import ObjectMissingError, OutOfTimeError, SnapshotError
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Action
from kubestandby.request_log import RequestLog
from kubestandby.request_names import attempt_of
from kubestandby.requests import Request, Verdict, WorkPart
from kubestandby.runtime.context import Context
from kubestandby.runtime.work import ArrivedSnapshot, RequestedWork, Result

_LOG = logging.getLogger(__name__)
MAX_PARTS = 40
"""At most 300 s each on OCI Functions: more than three hours."""

_IDLE_PARTS = 2
"""So many parts in a row that got nowhere are enough: the next would get as far."""

_TICK = "tick"
_PARTS = "parts"
_ADVICE = "give the function more time or memory, or split the group by namespaces"


@dataclass(frozen=True, slots=True)
class GoesOn:
    """The call's time was over; the request of this name goes on with its work."""

    request: str


@dataclass(frozen=True, slots=True)
class Continuing:
    """Continues the work of one call. `context` is that call's, with the time and what was written in it."""

    context: Context
    began_at: datetime

    def request(self, work: RequestedWork, error: OutOfTimeError) -> GoesOn | Result:
        """Has the work of a request go on, or says why it is no use."""
        request, log = work.request, self.context.requests(work.site)
        parts = (*request.parts, self._part(request.name, error))
        hopeless = why_hopeless(parts)
        if hopeless:
            return Result(verdict=Verdict.FAILED, message=hopeless, snapshot=request.snapshot, details=_details(parts))
        later = later_attempt(log, work.group, request)
        name = later or log.submit_again(request, attempt_of(request.name) + 1, parts).name
        _LOG.info("goes_on", extra={"continuation": name, "part": len(parts), "before": error.before})
        return GoesOn(name)

    def snapshot(self, arrived: ArrivedSnapshot, action: Action, error: OutOfTimeError) -> GoesOn:
        """Has the work on a snapshot that came by its own event go on, as a tick has what an event left undone."""
        log = self.context.requests(arrived.site)
        name = _pending_for(log, arrived, action)
        if not name:
            part = self._part(f"{action}-{arrived.id}", error)
            name = log.submit(arrived.group.name, action, origin=_TICK, snapshot=arrived.id, parts=(part,)).name
        _LOG.info("goes_on", extra={"continuation": name, "part": 1, "before": error.before})
        return GoesOn(name)

    def _part(self, request: str, error: OutOfTimeError) -> WorkPart:
        return WorkPart(
            request=request,
            began_at=self.began_at,
            seconds=round((self.context.clock.now() - self.began_at).total_seconds(), 3),
            before=error.before,
            written=self.context.written.count,
            waited_seconds=round(error.waited_seconds, 3),
            told_to_end=self.context.deadline.is_stopping(),
        )


def why_hopeless(parts: Sequence[WorkPart]) -> str:
    """Why nobody should go on with work of which these parts were done, "" where somebody should."""
    last = parts[-1]
    idle = parts[-_IDLE_PARTS:]
    if len(idle) == _IDLE_PARTS and not any(part.got_on for part in idle):
        return (
            f"stopped after {len(parts)} parts: the last {_IDLE_PARTS}, of {last.seconds:.0f} s, ended before"
            f" {last.before} without anything written; {_ADVICE}"
        )
    if len(parts) >= MAX_PARTS:
        return f"stopped after {len(parts)} parts, the last before {last.before}; {_ADVICE}"
    return ""


def later_attempt(log: RequestLog, group: ProtectionGroup, request: Request) -> str:
    """Name of a later attempt at the same work, or of the one that does the same part; "" where this is the one.

    An event that comes twice would otherwise have every part done twice, and the next one four times. What somebody
    else has put beside the request under such a name is none.
    """
    names = log.attempts(group.name, request.name)
    rank = {name: (attempt_of(name), name) for name in names}
    later = [name for name in names if attempt_of(name) > attempt_of(request.name)]
    same = [name for name in names if attempt_of(name) == attempt_of(request.name) and name < request.name]
    ranked = sorted((*later, *same), key=rank.__getitem__, reverse=True)
    return next((name for name in ranked if _continues(log, request, name)), "")


def _continues(log: RequestLog, request: Request, name: str) -> bool:
    try:
        return log.read(request.group, name).outcome_name == request.outcome_name
    except (ObjectMissingError, SnapshotError):
        return False


def as_asked_first(log: RequestLog, request: Request) -> Request:
    """The request with the time at which its work was asked for first: RPO, RTO and freshness count from there."""
    if not request.continues:
        return request
    with suppress(ObjectMissingError, SnapshotError):
        return replace(request, requested_at=log.read(request.group, request.continues).requested_at)
    return request


def whole(result: Result, request: Request) -> Result:
    """The result of the last part as that of the whole work."""
    if not request.parts or _PARTS in result.details:
        return result
    written = sum(part.written for part in request.parts)
    message = f"{result.message}; in {len(request.parts) + 1} parts"
    if written:
        message += f", {written} objects were written before the last"
    unchanged = result.verdict is Verdict.UNCHANGED and written > 0
    details = {**result.details, **_details(request.parts)}
    return replace(result, verdict=Verdict.DONE if unchanged else result.verdict, message=message, details=details)


def _details(parts: Sequence[WorkPart]) -> dict[str, Any]:
    return {_PARTS: [_told(part) for part in parts]}


def _told(part: WorkPart) -> dict[str, Any]:
    return {
        "request": part.request,
        "began_at": part.began_at.isoformat(),
        "seconds": part.seconds,
        "stopped_before": part.before,
        "written": part.written,
        "waited_seconds": part.waited_seconds,
    }


def _pending_for(log: RequestLog, arrived: ArrivedSnapshot, action: Action) -> str:
    """A request for the same that another delivery of the event has written already."""
    for name in log.pending(arrived.group.name):
        if name.split("-")[1] == action:
            with suppress(SnapshotError, ObjectMissingError):
                request = log.read(arrived.group.name, name)
                if (request.origin, request.snapshot) == (_TICK, arrived.id):
                    return name
    return ""
