"""What JSON can hold, with a taste for what YAML readers disagree on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

TREACHEROUS = (
    "", " ", "  lead", "trail  ", "\n", "a\nb\n", "\r\n", "\ta", "y", "N", "on", "Off", "yes", "no", "true", "null",
    "~", "1e3", "12e03", "0o17", "017", "08", "0x1F", "0b11", "1_000", "22:22", "-0", "+1", ".5", ".inf", ".nan",
    "-", "---", "...", "- a", "? a", ": a", "a: b", "a #b", "#", "&a", "*a", "!a", "!!str", "|", ">", "%YAML", "@",
    "`", "{", "[a]", "<<", "=", "2001-01-01", '"', "'", "\\", "\\n", "\x00", "\x07", "\x1b", "\x7f", "\x85", "\xa0",
    "\u2028", "\u2029", "\ufeff", "\ufffe", "\ufffd", "\U0001f600", "e\u0301", "\u202e", "{{ .Values }}",
    "k" * 1030, "x" * 5000,
)  # fmt: skip

texts = st.one_of(st.sampled_from(TREACHEROUS), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
integers = st.one_of(st.integers(-(2**63), 2**64 - 1), st.sampled_from([0, -1, 2**53 + 1, 2**63, 2**64 - 1]))
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), integers, floats, texts)


def _within(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4))


values = st.recursive(scalars, _within, max_leaves=20)
mappings = st.dictionaries(texts, values, max_size=5)


def typed(value: Any) -> Any:
    """The value with its types told, so that `1`, `1.0` and `true` are three different things."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    return type(value).__name__, repr(value)


def numbers_of_go(value: Any) -> Any:
    """The value with its numbers as Go reads them from JSON: whole floats are integers, large integers floats."""
    if isinstance(value, dict):
        return {key: numbers_of_go(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [numbers_of_go(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    digits = format(Decimal(repr(value)), "f")  # the fewest digits, filled up with zeros
    is_integer = float(value).is_integer() and -(2**63) <= int(Decimal(digits)) < 2**63
    return int(Decimal(digits)) if is_integer else float(value)
