"""Fixtures of the tests of rights."""

from pathlib import Path

import pytest

from kubestandby.runtime.local import UpInfo
from tests.unit.cli.world import WorkingClock, World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    clock = WorkingClock()
    up = UpInfo(pid=1, config="shop.yaml", urls={}, log="/var/log/functions.log")
    monkeypatch.setattr("kubestandby.cli.session.SystemClock", lambda: clock)
    monkeypatch.setattr("kubestandby.cli.asking.running", lambda _: up)
    return World(tmp_path, clock)
