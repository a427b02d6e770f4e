"""The two real clusters are there for every test that asks for them (see `tests.testbed.fixtures`)."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.testbed.fixtures"]

# A busy machine makes a property slow, not wrong; and what CI runs is the same every time.
settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("ours")
