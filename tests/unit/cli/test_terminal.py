"""Tables and progress as they reach a terminal, a pipe, and a narrow window."""

import io

import pytest
from rich.console import Console

from kubestandby.cli.progress import Steps
from kubestandby.cli.restore_tables import report_view
from kubestandby.cli.session import Session
from kubestandby.cli.tables import cell, show, table
from kubestandby.cli.up_command import short_label
from kubestandby.cli.up_tables import Event, FunctionView, event_line, functions_table
from kubestandby.layout import Function
from kubestandby.reports import Change, ObjectResult
from tests.unit.cli.world import NOON, WEB, World, outcome_of, report_of


def _console(width: int = 100, *, terminal: bool) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, markup=False, emoji=False, highlight=False)


def _shown(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_neither_colour_nor_lines_nor_trailing_spaces() -> None:
    console = _console(terminal=False)

    show(console, report_view(report_of()))

    text = _shown(console)
    assert "\x1b" not in text
    assert "─" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_a_pipe_gets_long_values_in_one_piece(world: World) -> None:
    reason = ("word " * 100).strip()
    world.answer = lambda request: outcome_of(request, report=world.report(report_of(results=_failed(reason))))

    assert reason in world.run("restore", "shop").stdout


def _failed(reason: str) -> tuple[ObjectResult, ...]:
    return (ObjectResult(ref=WEB, change=Change.FAILED, reason=reason),)


def test_nothing_in_a_value_is_read_as_markup() -> None:
    console = _console(terminal=True)

    show(console, report_view(report_of(results=_failed("[red]not red[/red] :smile:"))))

    assert "[red]not red[/red] :smile:" in _shown(console)


def test_no_word_of_a_head_is_broken_in_eighty_columns() -> None:
    console = _console(80, terminal=True)
    made = table("", ("id", "taken", "complete", "sanitized"))
    made.add_row(cell("1-1"), cell("2026-11-22 17:45:51Z"), cell("yes, newest"), cell("west " * 30))

    show(console, made)

    assert "complete" in _shown(console)
    assert "2026-11-22" in _shown(console)


def test_a_step_is_one_line_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps().doing("restoring") as step:
        step.now("restoring 1-7")

    assert capsys.readouterr().err.split("  ")[0].endswith("restoring 1-7")


def test_a_step_that_fails_is_marked_as_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), Steps().doing("restoring"):
        raise ValueError("no")

    line = capsys.readouterr().err
    assert line.startswith(("✗", "x "))
    assert line.count("\n") == 1


def test_up_names_the_bucket_in_place_of_its_url(world: World) -> None:
    groups = Session.open(world.config).groups
    label = f"file://{world.folder}/west/data/sanitized/shop/1-1/index.json"

    assert short_label(label, groups) == "west data sanitized/shop/1-1/index.json"
    assert short_label("tick", groups) == "tick"


def test_up_tells_of_a_delivery_that_never_came_through() -> None:
    event = Event(NOON, Function.RESTORE, "west data x", status=0, attempts=12, seconds=900.0)

    assert event_line(event).plain == "12:00:00  restore   no answer  west data x  15 min, 12 attempts"


def test_up_tells_of_a_function_that_is_being_started_again() -> None:
    console = _console(terminal=False)

    show(console, functions_table([FunctionView(Function.EXPORT, "http://127.0.0.1:1/", pid=0)]))

    assert "starting again" in _shown(console)
