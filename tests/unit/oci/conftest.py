"""The loopback server, and a process' environment that leads to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubestandby.adapters.oci import endpoints
from kubestandby.adapters.oci.calling import Caller, Patience
from kubestandby.adapters.oci.object_store import OciStore
from tests.fakes.oci_server import OciServer

URL = "oci://axtest/east-data?region=us-ashburn-1"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OciServer]:
    monkeypatch.setattr(endpoints, "_CLIENTS", {})
    with OciServer() as running:
        for name, value in running.environment(tmp_path / "oci").items():
            monkeypatch.setenv(name, value)
        running.add_bucket("east-data")
        yield running


@pytest.fixture
def waits() -> list[float]:
    """Seconds that a caller would have waited, in order."""
    return []


@pytest.fixture
def caller(waits: list[float]) -> Caller:
    """Never waits: its time passes only by what it would have waited."""
    return Caller(Patience(budget=30), sleep=waits.append, now=lambda: sum(waits), jitter=lambda: 1.0)


@pytest.fixture
def store(server: OciServer, caller: Caller) -> OciStore:
    return OciStore(URL, caller)
