"""Requests without an outcome: their event was lost, or the function that worked on them died. They are asked again."""

import logging
from datetime import datetime, timedelta

from kubestandby.errors import FormatError
from kubestandby.groups import ProtectionGroup
from kubestandby.request_log import RequestLog, attempt_of, origin_id
from kubestandby.requests import Outcome, Verdict

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
    names = requests.requests(group.name)
    for name in requests.pending(group.name):
        attempts = sorted((other for other in names if origin_id(other) == origin_id(name)), key=attempt_of)
        pushed += _push_if_due(group, requests, attempts, now, push_after)
    return pushed


def _push_if_due(
    group: ProtectionGroup, requests: RequestLog, attempts: list[str], now: datetime, push_after: timedelta
) -> list[str]:
    """Has the work of one request go on; `attempts` are the request and its continuations, the oldest first."""
    first, last = attempts[0], attempts[-1]
    interval = patience(action_of(first), group, push_after)
    if not is_due([last], now, interval):
        return []  # spares reading it
    try:
        request = requests.read(group.name, last)
    except FormatError as error:
        _give_up(group, requests, first, str(error), now)
        return []
    vain = attempts[len(request.parts) :] or [last]
    if not is_due(vain, now, interval):
        return []
    if len(vain) >= MAX_ATTEMPTS:
        _give_up(group, requests, first, f"no outcome after {len(attempts)} attempts; see the function's log", now)
        return []
    return [requests.submit_again(request, attempt_of(last) + 1, request.parts).name]


def _give_up(group: ProtectionGroup, requests: RequestLog, name: str, reason: str, now: datetime) -> None:
    outcome = Outcome(
        group=group.name,
        request=name,
        verdict=Verdict.FAILED,
        message=f"request {name} is given up: {reason}",
        finished_at=now,
    )
    requests.finish(outcome)
    _LOG.error("request_given_up", extra={"request": name, "reason": reason})
