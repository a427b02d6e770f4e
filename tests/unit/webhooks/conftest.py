"""The secret of the webhooks of these tests."""

import pytest

from tests.unit.webhooks.hooks import SECRET, SECRET_VARIABLE


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, SECRET.decode())
