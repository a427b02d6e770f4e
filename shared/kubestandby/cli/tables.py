"""Building blocks of all tables. Pure: data in, rich renderables out; values are never read as markup."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from kubestandby.cli.wording import printable

GOOD, BAD, WARN, DIM, HEAD = "green", "bold red", "yellow", "dim", "bold"


def cell(value: object, style: str = "") -> Text:
    """One value as text that no control character and no markup gets through."""
    return Text(printable(str(value)), style=style)


def table(title: str, columns: Sequence[str], *, right: Iterable[str] = (), fold: str = "") -> Table:
    """An empty table; columns in `right` are numbers, the column `fold` takes long text and wraps."""
    made = Table(title=title or None, title_justify="left", title_style=HEAD, header_style=HEAD, box=box.SIMPLE_HEAD)
    made.pad_edge = False
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in set(right) else "left",
            overflow="fold",
            no_wrap=name != fold,
            ratio=None,
        )
    return made


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
    """Prints parts, in a form that suits the console: without lines where it is no terminal."""
    for part in parts:
        if part is None:
            continue
        if isinstance(part, Group):
            show(console, *part.renderables)
            continue
        if isinstance(part, Table) and part.box is not None and not console.is_terminal:
            part.box = None
            part.padding = (0, 2, 0, 0)
        console.print(part)
