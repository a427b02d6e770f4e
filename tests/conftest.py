"""The two real clusters are there for every test that asks for them (see `tests.testbed.fixtures`)."""

pytest_plugins = ["tests.testbed.fixtures"]
