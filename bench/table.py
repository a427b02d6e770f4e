"""The results as tables for a person."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from .results import Figure, LoadResult
from .targets import Target

_WIDTH = 116
"""Columns where nobody says how many there are: in a file, and in a log of CI."""


def new_console() -> Console:
    """As wide as the terminal; tables in files are not broken."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)


def show(result: LoadResult, console: Console) -> None:
    """Prints all of one load."""
    rounds = f"median of {result.rounds} rounds" if result.rounds > 1 else "one round"
    title = f"{result.load}: {result.objects:,} objects ({rounds})"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure", no_wrap=True)
    for heading in ("seconds", "objects/s", "floor s", "ratio", "CPU s", "requests", "writes"):
        table.add_column(heading, justify="right")
    for figure in result.figures:
        table.add_row(figure.name, *_cells(figure))
    console.print(table)
    for title, values in (
        ("CPU seconds, start and all steps", {name: f"{spent:.1f}" for name, spent in result.cpu_seconds.items()}),
        ("peak memory, MiB", {name: f"{size / 2**20:.0f}" for name, size in result.peak_bytes.items()}),
        ("stored, MB", {name: f"{size / 1e6:.1f}" for name, size in result.sizes.items()}),
        ("a stranger's GET on the standby, ms", {name: f"{ms:.1f}" for name, ms in result.neighbour_ms.items()}),
    ):
        console.print(f"{title}: " + " · ".join(f"{name} {value}" for name, value in values.items()))
    console.print()


def show_targets(targets: Iterable[Target], console: Console) -> None:
    """Prints what was to be reached, and whether it was."""
    table = Table(title="Targets", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("target", no_wrap=True)
    for heading in ("allowed", "found"):
        table.add_column(heading, justify="right")
    table.add_column("met")
    for target in targets:
        met = "[green]yes[/green]" if target.met else "[red]no[/red]"
        table.add_row(target.what, target.allowed, target.found, met)
    console.print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    rate = f"{figure.rate:,.0f}" if figure.objects else ""
    floor = f"{min(figure.floor_seconds):.2f}" if figure.floor_seconds else ""
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    cpu = f"{figure.cpu_seconds:.2f}" if figure.cpu_seconds is not None else ""
    return f"{figure.typical_seconds:.2f}", rate, floor, ratio, cpu, _count(figure.requests), _count(figure.writes)


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
