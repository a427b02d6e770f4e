"""Building blocks of all tables. Pure: data in, rich renderables out; values are never read as markup."""

from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from kubestandby.cli.wording import printable

_AT_LEAST = {"taken": len("2026-11-22")}
"""Columns whose words are longer than their heads, and should not be broken."""

GOOD, BAD, WARN, DIM, HEAD = "green", "bold red", "yellow", "dim", "bold"


def cell(value: object, style: str = "") -> Text:
    """One value as text that no control character and no markup gets through."""
    return Text(printable(str(value)), style=style)


def table(title: str, columns: Sequence[str], *, right: Iterable[str] = ()) -> Table:
    """An empty table; columns in `right` are numbers. Where the terminal is narrow, cells wrap."""
    made = TitledTable(box=box.SIMPLE_HEAD, header_style=HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    made.heading = title
    numbers = set(right)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        widest = max(len(word) for word in name.split())
        made.add_column(name, justify=justify, overflow="fold", min_width=max(widest, _AT_LEAST.get(name, 0)))
    return made


class TitledTable(Table):
    """A table whose heading stands above it on a line of its own: rich would wrap it to the table's width."""

    heading: str = ""


def facts(pairs: Iterable[tuple[str, object]]) -> Table:
    """Names and values in two columns, without a head; pairs with an empty value are left out."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style=DIM, no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        if isinstance(value, Text) or str(value):
            made.add_row(name, value if isinstance(value, Text) else cell(value))
    return made


def stacked(*parts: RenderableType | None) -> Group:
    """Parts one below the other; None is left out."""
    return Group(*(part for part in parts if part is not None))


def show(console: Console, *parts: RenderableType | None) -> None:
    """Prints parts, in a form that suits the console: without lines and padding where it is no terminal."""
    for part in parts:
        if isinstance(part, Group):
            show(console, *part.renderables)
        elif isinstance(part, TitledTable):
            _heading(console, part.heading)
            _print(console, part)
        elif part is not None:
            _print(console, part)


def _heading(console: Console, heading: str) -> None:
    """A terminal's table leaves a line free above and below itself."""
    if heading:
        console.print(Text(heading if console.is_terminal else f"\n{heading}", style=HEAD))


def _print(console: Console, part: RenderableType) -> None:
    if console.is_terminal:
        console.print(part)
        return
    if isinstance(part, Table) and part.box is not None:
        part.box, part.padding = None, (0, 2, 0, 0)
    with console.capture() as capture:
        console.print(part)
    lines = "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
    console.file.write(lines)
    console.file.flush()
