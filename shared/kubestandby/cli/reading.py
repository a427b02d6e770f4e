"""Reading a site that may be gone: what could be read, or why it could not. Nothing here touches a store unguarded."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kubestandby.errors import StandbyError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """A value; or None, and in `unreachable` the reason why there is none."""

    value: T | None
    unreachable: str = ""


def attempt(read: Callable[[], T]) -> Reading[T]:
    """Reads, and turns any of our errors into a reading that says why."""
    try:
        return Reading(read())
    except StandbyError as error:
        return Reading(None, str(error))
