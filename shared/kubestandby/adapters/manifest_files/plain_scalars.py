"""What kubectl makes of a plain (unquoted) scalar: neither YAML 1.1 nor 1.2, but what go.yaml.in/yaml/v2 resolves.

So `on` and `y` are true, `0o17` and `017` are 15, `1_000` is 1000, `1e3` is 1000, and `22:22` stays text. Afterwards a
number goes through JSON on its way to the server: whole floats become integers, integers beyond 64 bits floats.
"""

import math
import re
from decimal import Decimal

Scalar = bool | int | float | str | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)"
    r"|(?P<decimal>0|[1-9][0-9]*))"
)
"""strconv.ParseInt with base 0; underscores are gone by then."""

_SIGNED_BINARY = re.compile(r"0b(?P<sign>[-+])(?P<binary>[01]+)")
"""A leftover of the Go library, which cuts the prefix off and reads what follows with its sign."""

_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_POINT = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_FIRST_OF_NUMBERS = frozenset("+-0123456789")
_MOST_DIGITS = 1100
"""Longer numbers are out of every range; Python refuses to read them in quadratic time."""


def resolve_plain(text: str) -> Scalar:
    """The value of a plain scalar; may be infinite or not a number, which JSON cannot hold."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        number = _float(text.replace("_", "")) if _LEADING_POINT.fullmatch(text) else None
        return text if number is None else number
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    number = _number(text.replace("_", ""))
    return text if number is None else number


def json_number(number: int | float) -> int | float:
    """The number that is left after Go has written it as JSON, with the fewest digits, and read it again.

    Raises:
        OverflowError: it is too large for a float.
    """
    if isinstance(number, float) and not number.is_integer():
        return number
    digits = int(Decimal(repr(number)))
    return digits if -(2**63) <= digits < 2**63 else float(number)


def _number(plain: str) -> int | float | None:
    if len(plain) > _MOST_DIGITS:
        return None
    integer = _integer(plain)
    if integer is not None:
        return integer
    if _FLOAT.fullmatch(plain):
        return _float(plain)
    return _in_base(_SIGNED_BINARY.fullmatch(plain))


def _integer(plain: str) -> int | None:
    """An int64 with or without sign, or a uint64 without."""
    match = _INTEGER.fullmatch(plain)
    number = _in_base(match)
    if match is None or number is None:
        return None
    most = 2**63 if match["sign"] else 2**64
    return number if -(2**63) <= number < most else None


def _in_base(match: re.Match[str] | None) -> int | None:
    if match is None:
        return None
    base = match.lastgroup or ""
    number = int(match[base], _BASES[base])
    return -number if match["sign"] == "-" else number


def _float(text: str) -> float | None:
    """None where it is out of range (strconv.ErrRange)."""
    number = float(text)
    return None if math.isinf(number) else number
