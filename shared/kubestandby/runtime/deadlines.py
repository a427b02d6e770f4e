"""When a call has to be answered, and whether there is time to go on. Pure but for the clock.

Work asks between two steps, never in one: what it stops between can be gone on with by doing the whole again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from kubestandby.errors import OutOfTimeError
from kubestandby.ports import Clock
from kubestandby.runtime.time_settings import seconds_from_environment

ENVIRON_KEY = "kubestandby.deadline"
"""Under which a server tells the app of a call's deadline: in the WSGI environment, where no caller can write."""

LIMIT_VARIABLE = "KUBESTANDBY_TIME_LIMIT_SECONDS"
_MOST_KEPT_BACK = timedelta(seconds=15)
_KEPT_BACK_SHARE = 4
"""What is kept back for writing down how far the work has come: a quarter of the call's time, at most 15 s."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which work stops, or sooner, when the process is told to end.

    Attributes:
        clock: the time; None where nothing presses.
        at: the moment; None where nothing presses.
        is_stopping: whether the process was told to end.
    """

    clock: Clock | None = None
    at: datetime | None = None
    is_stopping: Callable[[], bool] = _never

    @property
    def seconds_left(self) -> float:
        """Seconds that work may still take; 0 when there are none, infinite where nothing presses."""
        if self.is_stopping():
            return 0.0
        if self.at is None or self.clock is None:
            return inf
        return max(0.0, (self.at - self.clock.now()).total_seconds())

    def check(self, step: str, *, needed: float = 0.0) -> None:
        """Makes sure that there is time for the next step, which takes at least so many seconds.

        Raises:
            OutOfTimeError: there is not; `step` is named in it.
        """
        if self.seconds_left <= needed:
            raise OutOfTimeError(f"the time that the platform gives one call was over before {step}", before=step)


NEVER = Deadline()
"""Nothing presses."""


def work_until(clock: Clock, end: datetime | None, is_stopping: Callable[[], bool] = _never) -> Deadline:
    """The deadline of the work of a call that begins now and has to be answered by `end`."""
    if end is None:
        return NEVER if is_stopping is _never else Deadline(clock, None, is_stopping)
    kept_back = min((end - clock.now()) / _KEPT_BACK_SHARE, _MOST_KEPT_BACK)
    return Deadline(clock, end - kept_back, is_stopping)


def earliest_end(clock: Clock, given: datetime | None) -> datetime | None:
    """The moment by which a call that begins now is to be answered.

    That is what the platform says, or `KUBESTANDBY_TIME_LIMIT_SECONDS` from now where that is set and sooner.

    Raises:
        ConfigError: that variable holds no such number.
    """
    seconds = time_limit()
    if seconds is None:
        return given
    limited = clock.now() + timedelta(seconds=seconds)
    return min(limited, given) if given else limited


def time_limit() -> float | None:
    """How many seconds a call may take by the environment, None where it does not say.

    Raises:
        ConfigError: it holds no such number.
    """
    return seconds_from_environment(LIMIT_VARIABLE, least=1)
