"""`kubestandby up`: the three functions, their events and their timer on one machine, until stopped."""

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from kubestandby.groups import ProtectionGroup
from kubestandby.runtime.deliveries import Delivered
from kubestandby.runtime.instance import AlreadyRunningError, UpInfo, running
from kubestandby.runtime.supervisor import Functions

__all__ = ["AlreadyRunningError", "UpInfo", "running", "up"]

_LOOK_SECONDS = 0.5
"""Python runs signal handlers between two steps of the main thread: a wait without end would put them off."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def up(
    config: Path,
    groups: Sequence[ProtectionGroup],
    *,
    export_port: int | None = None,
    tick_seconds: float = 60.0,
    on_ready: Callable[[Functions], None] = lambda _: None,
    on_delivered: Callable[[Delivered], None] = lambda _: None,
) -> None:
    """Runs until SIGINT or SIGTERM. To be called from the main thread.

    Args:
        config: the configuration file.
        groups: what is in it.
        export_port: port of the export function, the webhook's; None takes any free one.
        tick_seconds: seconds between two ticks.
        on_ready: told once, when everything runs.
        on_delivered: told of every call that has come to its end, from another thread.

    Raises:
        AlreadyRunningError: the functions of this configuration run already.
        StandbyError: they do not come up.
    """
    stop = threading.Event()
    before = {number: signal.signal(number, _setter(stop)) for number in _SIGNALS}
    try:
        functions = Functions(
            config,
            groups,
            export_port=export_port,
            schedules=True,
            tick_seconds=tick_seconds,
            on_delivered=on_delivered,
        )
        with functions:
            on_ready(functions)
            while not stop.wait(_LOOK_SECONDS):
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    return on_signal
