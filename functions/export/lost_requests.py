"""Requests without an outcome: their event was lost, or the function that worked on them died. They are asked again."""

import logging
from datetime import datetime, timedelta

from kubestandby.errors import FormatError
from kubestandby.groups import ProtectionGroup
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Verdict

from .pushing import action_of, is_due, origin_id, patience

_LOG = logging.getLogger(__name__)
MAX_ATTEMPTS = 5


def push_requests(group: ProtectionGroup, requests: RequestLog, now: datetime, push_after: timedelta) -> list[str]:
    """Writes a continuation for each request that is due; returns the names written.

    After `MAX_ATTEMPTS` a request is given up with an outcome: what kills its function would kill it for ever.

    Raises:
        StoreError: the control bucket cannot be used.
    """
    pushed: list[str] = []
    names = requests.requests(group.name)
    for name in requests.pending(group.name):
        attempts = [other for other in names if origin_id(other) == origin_id(name)]
        if is_due(attempts, now, patience(action_of(name), group, push_after)):
            pushed += _push(group, requests, name, attempts=len(attempts), now=now)
    return pushed


def _push(group: ProtectionGroup, requests: RequestLog, name: str, *, attempts: int, now: datetime) -> list[str]:
    try:
        request = requests.read(group.name, name)
    except FormatError as error:
        _give_up(group, requests, name, str(error), now)
        return []
    if attempts >= MAX_ATTEMPTS:
        _give_up(group, requests, name, f"no outcome after {attempts} attempts; see the function's log", now)
        return []
    again = requests.submit(
        group.name,
        request.action,
        origin=request.origin,
        snapshot=request.snapshot,
        to=request.to,
        mode=request.mode,
        order=request.order,
        prune_all=request.prune_all,
        continues=name,
        attempt=attempts + 1,
    )
    return [again.name]


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
