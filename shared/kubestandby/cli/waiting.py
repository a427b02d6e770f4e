"""Waiting for what functions write: outcomes of requests. Polls, since an event may be lost and an object is not."""

from collections.abc import Callable
from typing import TypeVar

from kubestandby import layout
from kubestandby.cli.wording import duration
from kubestandby.errors import StandbyError, StoreUnavailableError
from kubestandby.groups import Site
from kubestandby.layout import FUNCTION_OF
from kubestandby.ports import Clock
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request

T = TypeVar("T")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class WaitedTooLongError(StandbyError):
    """What was asked for did not come in the time given; the work may still come to its end."""


def wait_for(
    look: Callable[[], T | None],
    *,
    clock: Clock,
    seconds: float,
    late: str,
    between: Callable[[], None] | None = None,
    longest_pause: float = _LONGEST_PAUSE,
) -> T:
    """Looks again and again, at growing distances, until there is something; a store may fail for a while.

    Raises:
        WaitedTooLongError: nothing came within `seconds`; the message is `late`.
    """
    started, pause = clock.now(), _FIRST_PAUSE
    while True:
        found, trouble = _look(look)
        if found is not None:
            return found
        left = seconds - (clock.now() - started).total_seconds()
        if left <= 0:
            raise WaitedTooLongError(f"{late}{trouble}")
        if between is not None:
            between()
        clock.sleep(min(pause, left))
        pause = min(pause * 1.3, longest_pause)


def _look(look: Callable[[], T | None]) -> tuple[T | None, str]:
    try:
        return look(), ""
    except StoreUnavailableError as error:
        return None, f" (the last look at the store failed: {error})"


def wait_for_outcome(  # noqa: PLR0913 - what to wait for, how long, and what to say
    log: RequestLog,
    request: Request,
    site: Site,
    *,
    clock: Clock,
    seconds: float,
    between: Callable[[], None] | None = None,
    log_file: str = "",
) -> Outcome:
    """The outcome of a request.

    Raises:
        WaitedTooLongError: there was none within `seconds`; the message names the request and what to look at.
    """
    function = FUNCTION_OF[request.action]
    key = layout.outcome_key(request.group, request.outcome_name)
    late = (
        f"request {request.name} of group {request.group} has no outcome at {site.name} after {duration(seconds)}; "
        f"it stays, and is carried out while functions run: look into the {function} function's log"
        f"{f' ({log_file})' if log_file else ''}, and for object {key} in {site.control}"
    )
    return wait_for(
        lambda: log.outcome(request.group, request.outcome_name),
        clock=clock,
        seconds=seconds,
        late=late,
        between=between,
    )
