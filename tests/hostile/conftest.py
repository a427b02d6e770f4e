"""What the hostile deliveries of webhooks are checked against."""

import pytest

from tests.unit.webhooks.hooks import SECRET, SECRET_VARIABLE, SIGNING, SIGNING_VARIABLE


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the webhooks in the corpus."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET.decode())
    monkeypatch.setenv(SIGNING_VARIABLE, SIGNING.decode())
