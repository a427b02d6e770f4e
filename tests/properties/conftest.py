"""How hard hypothesis looks: a short look by default, a long one with HYPOTHESIS_PROFILE=deep."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.properties.go_yaml import GoYaml
from tests.testbed.build import controlplane_binary

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

settings.register_profile("short", deadline=None, max_examples=60, print_blob=True, suppress_health_check=SLOW)
settings.register_profile("deep", deadline=None, max_examples=3000, print_blob=True, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))


@pytest.fixture(scope="session")
def go_yaml() -> Iterator[GoYaml]:
    """Kubernetes' own YAML reader, in a process that answers one text after the other."""
    with GoYaml(controlplane_binary()) as reader:
        yield reader
