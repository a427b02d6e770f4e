"""Names of requests, `<time>-<action>-<id>`: made, read and told apart. Pure.

A continuation keeps the id of the request that it continues and adds its attempt: `<time>-<action>-<id>.<attempt>`.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from kubestandby import layout
from kubestandby.errors import FormatError
from kubestandby.layout import Action
from kubestandby.snapshots import GroupName

TURN_SECONDS = 5
"""Those who join within one turn choose the same name for a new request: one is written, and begun, per turn."""

TURN = timedelta(seconds=TURN_SECONDS)
TURNS = 3
"""How many turns ahead a request may be written."""

_HOUR_FORMAT = "%Y%m%dT%H"
_AGAIN = "."


def new_name(group: GroupName, action: Action, now: datetime, continues: str, attempt: int) -> str:
    """The name of a new request, eight random hex digits its id; of a continuation where it continues one.

    Raises:
        FormatError: `continues` is not a request's name.
    """
    identity = secrets.token_hex(4)
    if continues:
        if layout.parse_request_key(layout.request_key(group, continues)) is None:
            raise FormatError(f"{continues[:80]!r} is not a request's name")
        identity = f"{origin_id(continues)}{_AGAIN}{attempt}"
    return f"{layout.time_in_key(now)}-{action}-{identity}"


def turns_name(group: GroupName, action: Action, moment: datetime) -> str:
    """The name that everybody gives to a request in the turn of this moment."""
    turn = datetime.fromtimestamp(int(moment.timestamp()) // TURN_SECONDS * TURN_SECONDS, UTC)
    unique = hashlib.sha256(f"{group}/{action}/{turn.isoformat()}".encode()).hexdigest()[:8]
    return f"{layout.time_in_key(turn)}-{action}-{unique}"


def is_due(name: str, now: datetime) -> bool:
    """Whether the request of this name may be begun: not before its turn.

    A turn far away is that of another clock, and nothing to wait for.
    """
    try:
        turn = layout.parse_time(name.partition("-")[0])
    except ValueError:
        return True
    return not timedelta(0) < turn - now <= TURNS * TURN


def hour_prefix(moment: datetime) -> str:
    """What all names of requests of this hour begin with."""
    return moment.astimezone(UTC).strftime(_HOUR_FORMAT)


def is_continuation(name: str) -> bool:
    """Whether a request of this name continues another one."""
    return _AGAIN in name.rpartition("-")[2]


def attempt_of(name: str) -> int:
    """Which attempt a request of this name is, 1 for a first one."""
    number = name.rpartition("-")[2].partition(_AGAIN)[2]
    return int(number) if number.isdecimal() else 1


def origin_id(name: str) -> str:
    """What a request and its continuations have in common: the id without the attempt."""
    return name.rpartition("-")[2].partition(_AGAIN)[0]
