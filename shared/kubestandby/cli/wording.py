"""How people read durations, sizes and moments. Pure."""

import re
import unicodedata
from datetime import UTC, datetime

_SIZES = ("KiB", "MiB", "GiB", "TiB")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(seconds: float) -> str:
    """Seconds in the two largest units that matter: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86_400:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86_400, "d", whole % 86_400 // 3600, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def seconds_of(text: str) -> float | None:
    """Reads `90`, `90s`, `5m`, `1h` or `2d` as seconds; None for anything else, zero included."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)", text.strip(), re.ASCII)
    if match is None:
        return None
    return float(match[1]) * _UNITS[match[2]] or None


def age(moment: datetime, now: datetime) -> str:
    """How long ago a moment was; clocks of two sites may differ, so a moment in the near future is `0.0 s`."""
    return duration(max(0.0, (now - moment).total_seconds()))


def moment(when: datetime) -> str:
    """A moment in UTC to the second: `2026-11-22 17:05:12Z`."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def size(count: int) -> str:
    """Bytes in binary units: `812 B`, `12.3 KiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _SIZES:
        value /= 1024
        if value < 1024 or unit == _SIZES[-1]:
            break
    return f"{value:.1f} {unit}"


def counted(number: int, noun: str) -> str:
    """`1 object`, `2 objects`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """The text without control characters: what a server or a store says may hold escape sequences."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" else char for char in text
    )
