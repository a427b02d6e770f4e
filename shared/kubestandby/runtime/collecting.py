"""Python's cycle collector, set for processes that decode many objects and let go of them again."""

import gc

_CONTAINERS = 500_000
"""New containers before the collector looks for cycles; Python's default is 700."""


def calm_the_collector() -> None:
    """Keeps the collector off what was imported, and has it look at the rest seldom.

    Decoded JSON has no cycles and goes when its last reference does; looking through it again and again costs a
    quarter of an export. What few cycles there are wait a little longer.
    """
    gc.freeze()
    gc.set_threshold(_CONTAINERS, 50, 100)
