"""`python -m bench`: measures and prints; BENCH says which loads: `full`, or some of 2000, 10000, 50000, large."""

import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console

from tests.testbed.errors import TestbedError

from .bare import BenchError
from .loads import PER_NAMESPACE, Load, large_load, mixed_load
from .measuring import measure
from .results import LoadResult, to_json
from .starts import imports
from .table import new_console, show, show_targets
from .targets import of_growth, of_imports, of_load

OUTPUT = Path("build/bench.json")
FULL = ("2000", "10000", "50000", "large")
DEFAULT = "2000"
_MANY_ROUNDS_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """One load with the rounds in which it is measured, and the seconds that any one step may take."""

    load: Load
    rounds: int
    timeout: float


def main() -> int:
    """Measures what BENCH asks for; the exit status is 0 when all was measured."""
    console = new_console()
    results: list[LoadResult] = []
    try:
        show_targets(of_imports(*imports()), console)
        wishes = [_wish(name) for name in _names(os.environ.get("BENCH", ""))]
        with tempfile.TemporaryDirectory(prefix="kubestandby-bench-state-") as state:
            os.environ["XDG_STATE_HOME"] = state
            for wish in wishes:
                results.append(_measured(wish, console))
                _write(results)
            growth = list(of_growth(results))
            if growth:
                show_targets(growth, console)
    except (BenchError, TestbedError) as error:
        console.print(f"bench: {error}", style="red")
        return 1
    console.print(f"as JSON: {OUTPUT}")
    return 0


def _measured(wish: Wish, console: Console) -> LoadResult:
    with console.status("") as status:
        started = time.monotonic()

        def say(step: str) -> None:
            words = f"{wish.load.name}: {step}"
            status.update(words)
            if not console.is_terminal:
                console.print(f"{time.monotonic() - started:6.0f} s  {words}")

        result = measure(wish.load, wish.rounds, wish.timeout, say)
    show(result, console)
    show_targets(of_load(result), console)
    return result


def _names(text: str) -> list[str]:
    names = text.split(",") if text else [DEFAULT]
    return list(FULL) if names == ["full"] else names


def _wish(name: str) -> Wish:
    if name == "large":
        return Wish(large_load(), 1, 900)
    if not name.isdigit() or not int(name) or int(name) % PER_NAMESPACE:
        raise BenchError(f"BENCH={name} is no load; give full, large, or a multiple of {PER_NAMESPACE} such as 10000")
    size = int(name)
    rounds = int(os.environ.get("BENCH_ROUNDS", "3" if size <= _MANY_ROUNDS_UP_TO else "1"))
    return Wish(mixed_load(size), rounds, 300 + size / 20)


def _write(results: list[LoadResult]) -> None:
    OUTPUT.parent.mkdir(exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load_average": os.getloadavg()}
    OUTPUT.write_bytes(orjson.dumps(to_json(results, machine), option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    sys.exit(main())
