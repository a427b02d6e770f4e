"""Settings in seconds that a process takes from its environment: the number that stands there, or a clear refusal."""

import math
import os

from kubestandby.errors import ConfigError

_MOST = 86_400.0
"""A day: nothing here waits longer, and beyond it a number is a slip."""


def seconds_from_environment(variable: str, *, least: float) -> float | None:
    """The seconds that the variable says, None where it is not set or empty.

    Raises:
        ConfigError: it holds something else, or less than `least`, or more than a day.
    """
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not least <= seconds <= _MOST:
        raise ConfigError(f"{variable} is {text[:100]!r}; write a number of seconds from {least:g} to {_MOST:.0f}")
    return seconds
