"""When something counts as lost, and when it is pushed again. Pure but for one setting.

Intervals double with every attempt: a store that is away for an hour is not flooded, and what can never succeed does
not hold up the rest.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Action
from kubestandby.runtime.time_settings import seconds_from_environment

PUSH_AFTER_VARIABLE = "KUBESTANDBY_PUSH_AFTER_SECONDS"
_DEFAULT_PUSH_AFTER = timedelta(seconds=30)
_LONGEST_INTERVAL = timedelta(hours=1)
_WAITING = (Action.RESTORE, Action.FAILOVER)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def push_after_from_environment() -> timedelta:
    """How long an event may take before it counts as lost: `KUBESTANDBY_PUSH_AFTER_SECONDS`, else half a minute.

    Raises:
        ConfigError: that variable holds no such number.
    """
    seconds = seconds_from_environment(PUSH_AFTER_VARIABLE, least=0)
    return _DEFAULT_PUSH_AFTER if seconds is None else timedelta(seconds=seconds)


def patience(action: Action, group: ProtectionGroup, push_after: timedelta) -> timedelta:
    """How long a first attempt of this kind may take: one that restores waits for the workloads."""
    waits = group.restore.ready_timeout_seconds if action in _WAITING else 0
    return push_after + timedelta(seconds=waits)


def is_due(attempts: Sequence[str], now: datetime, first_interval: timedelta) -> bool:
    """Whether the last of these requests (by name) is so long ago that there should be another one."""
    if not attempts:
        return True
    interval: timedelta = min(first_interval * 2 ** min(len(attempts) - 1, 20), max(_LONGEST_INTERVAL, first_interval))
    since_last: timedelta = now - max(time_of(name) for name in attempts)
    return since_last >= interval


def action_of(name: str) -> Action:
    """The action in a request's name."""
    return Action(name.split("-")[1])


def time_of(name: str) -> datetime:
    """When a request was written; the beginning of time where its name does not say."""
    try:
        return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return _BEGINNING
