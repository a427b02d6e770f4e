"""Cron schedules, in UTC: the only door to `cronsim`."""

from datetime import datetime

from cronsim import CronSim, CronSimError

from kubestandby.errors import ConfigError

_ANY_DAY = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def check_schedule(expression: str) -> None:
    """Checks a five-field cron expression.

    Raises:
        ValueError: it is none, or one that never comes.
    """
    if len(expression.split()) != 5:
        raise ValueError("not five cron fields (minute, hour, day of month, month, day of week)")
    try:
        next(CronSim(expression, _ANY_DAY))
    except CronSimError as error:
        raise ValueError(f"not a cron expression ({error})") from error
    except StopIteration as error:
        raise ValueError("a time that never comes") from error


def next_run(expression: str, after: datetime) -> datetime:
    """The first moment of the schedule that lies after `after` (aware, UTC).

    Raises:
        ConfigError: the schedule has no such moment.
    """
    moment = next(CronSim(expression, after), None)
    if moment is None:
        raise ConfigError(f"the schedule {expression!r} never comes again; write another one")
    return moment
