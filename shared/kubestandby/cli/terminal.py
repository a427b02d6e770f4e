"""Where words go: results on stdout, progress and messages on stderr. Plain text wherever nobody looks at a terminal.

NO_COLOR (https://no-color.org) and TERM=dumb are rich's to honour.
"""

from typing import Any

import click
import orjson
from rich.console import Console
from rich.text import Text

from kubestandby.cli.wording import printable

_UNBOUNDED_WIDTH = 2000
"""Columns where the output is no terminal: nothing is wrapped or cut for whoever reads it from a pipe."""


def results() -> Console:
    """The console of results (stdout)."""
    return _console(stderr=False)


def messages() -> Console:
    """The console of progress and messages (stderr)."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console = Console(
            stderr=stderr, markup=False, emoji=False, highlight=False, width=_UNBOUNDED_WIDTH, color_system=None
        )
    return console


def say(text: str, style: str = "") -> None:
    """One message on stderr."""
    messages().print(Text(printable(text), style=style), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout, and nothing else: keys sorted, two spaces, a newline at the end."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def marks(console: Console) -> tuple[str, str]:
    """The signs for done and not done that this console can show."""
    return ("\u2713", "\u2717") if "utf" in console.encoding.lower() else ("ok", "x")
