"""What can go wrong with the testbed."""

from __future__ import annotations


class TestbedError(Exception):
    """The testbed cannot do what it was asked; the message says why and what to do."""

    # Without this, pytest takes the class for a collection of tests.
    __test__ = False
