"""Requests without an outcome: their event was lost, or the function that worked on them died. They are asked again."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from kubestandby.errors import ObjectMissingError, SnapshotError
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.trust import KeyRole
from kubestandby.request_log import RequestLog
from kubestandby.request_names import attempt_of, is_continuation, origin_id
from kubestandby.requests import Outcome, Request, Verdict

from .pushing import action_of, is_due, patience

_LOG = logging.getLogger(__name__)
MAX_ATTEMPTS = 5


def push_requests(group: ProtectionGroup, requests: RequestLog, now: datetime, push_after: timedelta) -> list[str]:
    """Writes a continuation for each request that is due; returns the names written.

    After `MAX_ATTEMPTS` that came to nothing a request is given up with an outcome: what kills its function would kill
    it for ever. Attempts that ended because their time was over, and said so, are no such ones.

    Raises:
        StoreError: the control bucket cannot be used.
    """
    pushed: list[str] = []
    names = [name for name in requests.requests(group.name) if is_continuation(name)]
    for name in requests.pending(group.name):
        again = sorted((other for other in names if origin_id(other) == origin_id(name)), key=attempt_of)
        pushed += _push_if_due(group, requests, name, again, now=now, push_after=push_after)
    return pushed


def _push_if_due(
    group: ProtectionGroup, requests: RequestLog, first: str, again: list[str], *, now: datetime, push_after: timedelta
) -> list[str]:
    """Has the work of one request go on; `again` are names that its continuations have, the oldest first."""
    interval = patience(action_of(first), group, push_after)
    if not again and not is_due([first], now, interval):
        return []  # spares reading it
    try:
        request = requests.read(group.name, first)
        requests.check_timely(request)
    except SnapshotError as error:
        _give_up(group, requests, first, str(error), now)
        return []
    attempts = [request, *_believed(requests, request, again)]
    parts = attempts[-1].parts
    vain = [attempt.name for attempt in attempts[len(parts) :]] or [attempts[-1].name]
    if not is_due(vain, now, interval):
        return []
    if len(vain) >= MAX_ATTEMPTS:
        _give_up(group, requests, first, f"no outcome after {len(attempts)} attempts; see the function's log", now)
        return []
    return [requests.submit_again(request, attempt_of(attempts[-1].name) + 1, parts, by=KeyRole.EXPORT).name]


def _believed(requests: RequestLog, request: Request, again: list[str]) -> Iterator[Request]:
    """The continuations of the request that count: what others put beside it neither ends nor delays it."""
    for name in again:
        with suppress(SnapshotError, ObjectMissingError):
            continuation = requests.read(request.group, name)
            if continuation.continues == request.name:
                yield continuation


def _give_up(group: ProtectionGroup, requests: RequestLog, name: str, reason: str, now: datetime) -> None:
    outcome = Outcome(
        group=group.name,
        request=name,
        verdict=Verdict.FAILED,
        message=f"request {name} is given up: {reason}",
        finished_at=now,
    )
    requests.finish(outcome, by=KeyRole.EXPORT)
    _LOG.error("request_given_up", extra={"request": name, "reason": reason})
