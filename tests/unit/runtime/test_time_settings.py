"""Seconds from the environment: a number that can be meant is taken, anything else is refused by name."""

from collections.abc import Callable

import pytest

from functions.export.pushing import PUSH_AFTER_VARIABLE, push_after_from_environment
from kubestandby.errors import ConfigError
from kubestandby.runtime.deadlines import LIMIT_VARIABLE, time_limit
from kubestandby.runtime.fn.__main__ import main
from kubestandby.runtime.time_settings import seconds_from_environment

_NAME = "KUBESTANDBY_SOME_SECONDS"


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), (" ", None), ("0.5", 0.5), (" 2 ", 2), ("86400", 86_400)], ids=repr
)
def test_a_number_that_can_be_meant_is_taken(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float | None) -> None:
    monkeypatch.setenv(_NAME, text)

    assert seconds_from_environment(_NAME, least=0.5) == seconds


def test_a_variable_that_is_not_set_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(_NAME, raising=False)

    assert seconds_from_environment(_NAME, least=0.5) is None


@pytest.mark.parametrize("text", ["soon", "2s", "0", "-1", "0.4", "nan", "inf", "1e99", "86401"])
def test_anything_else_is_refused_with_its_name_and_what_to_write(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(_NAME, text)

    with pytest.raises(ConfigError) as caught:
        seconds_from_environment(_NAME, least=0.5)

    assert str(caught.value) == f"{_NAME} is '{text}'; write a number of seconds from 0.5 to 86400"


@pytest.mark.parametrize(
    ("variable", "read"),
    [(PUSH_AFTER_VARIABLE, push_after_from_environment), (LIMIT_VARIABLE, time_limit)],
    ids=["push-after", "limit"],
)
def test_no_setting_falls_back_to_its_default_unsaid(
    monkeypatch: pytest.MonkeyPatch, variable: str, read: Callable[[], object]
) -> None:
    monkeypatch.setenv(variable, "soon")

    with pytest.raises(ConfigError, match=f"{variable} is 'soon'"):
        read()


def test_a_function_on_fn_does_not_start_with_a_limit_that_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FN_LISTENER", "unix:/tmp/iofs/lsnr.sock")
    monkeypatch.setenv(LIMIT_VARIABLE, "5 min")

    assert main() == 2
    assert capsys.readouterr().err.startswith(f"{LIMIT_VARIABLE} is '5 min'; ")
