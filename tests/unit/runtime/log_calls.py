"""What the code logs, read from its source: event names, levels and the names of facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR"}
OF_AN_ERROR = frozenset({"error", "cause", "places"})
"""What `error_facts` and `exception` add."""


@dataclass(frozen=True)
class LogCall:
    """One place that logs. `level` is "" where it is decided there and then."""

    place: str
    event: str
    level: str
    facts: frozenset[str]


@cache
def log_calls() -> tuple[LogCall, ...]:
    files = [file for folder in ("shared", "functions") for file in sorted((ROOT / folder).rglob("*.py"))]
    return tuple(call for file in files for call in _calls_in(file))


def _calls_in(file: Path) -> Iterator[LogCall]:
    tree = ast.parse(file.read_text())
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    for function in [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]:
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and _is_log_call(node):
                place = f"{file.relative_to(ROOT)}:{node.lineno}"
                method = node.func.attr  # type: ignore[attr-defined]
                message = node.args[1] if method == "log" else node.args[0]
                facts = _facts(next((k.value for k in node.keywords if k.arg == "extra"), None), function, place)
                if method == "exception":
                    facts |= OF_AN_ERROR
                for event in _texts(message, functions, place):
                    yield LogCall(place, event, LEVELS.get(method, ""), facts)


def _is_log_call(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in ("_LOG", "logging")
        and (function.attr in LEVELS or function.attr == "log")
    )


def _texts(node: ast.expr, functions: dict[str, ast.FunctionDef], place: str) -> Iterator[str]:
    """The constants that an event's name may be: itself, a constant of the catalogue, or what a function returns."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, functions, place)
        yield from _texts(node.orelse, functions, place)
    elif isinstance(node, ast.Name) and node.id.isupper():
        from kubestandby.runtime import log_events

        yield getattr(log_events, node.id)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
        for returned in ast.walk(functions[node.func.id]):
            if isinstance(returned, ast.Return) and returned.value is not None:
                yield from _texts(returned.value, functions, place)
    else:
        raise AssertionError(f"{place}: name the event by a constant, so that the catalogue can be held against it")


def _facts(node: ast.expr | None, function: ast.FunctionDef, place: str) -> frozenset[str]:
    if node is None:
        return frozenset()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "error_facts":
        return OF_AN_ERROR
    if isinstance(node, ast.IfExp):
        return _facts(node.body, function, place) | _facts(node.orelse, function, place)
    if isinstance(node, ast.Name):
        assigned = [
            one.value
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in one.targets)
        ]
        return frozenset().union(*(_facts(value, function, place) for value in assigned))
    if isinstance(node, ast.Dict):
        found: set[str] = set()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found |= _facts(value, function, place)
            else:
                assert isinstance(key, ast.Constant), f"{place}: name the fact by a constant"
                found.add(str(key.value))
        return frozenset(found)
    raise AssertionError(f"{place}: write the facts as a dict, so that the catalogue can be held against them")
