"""What is to be reached, held against what was measured. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .measuring import APPLY, APPLYING, BOTH, EXPORT, RESTORE, SECOND
from .results import LoadResult

RATIOS_FROM = 10_000
"""Objects from which on ratios to floors are judged: below, what each call costs once is most of it."""

_RATE_OF_FLOOR = 0.8
_MIB = 1 << 20
_IMPORT_SECONDS = 0.6
_SLOWER_PER_OBJECT = 1.25


@dataclass(frozen=True, slots=True)
class Target:
    """One target: in words, what it allows and what was found, both as shown, and whether it is met."""

    what: str
    allowed: str
    found: str
    met: bool


def of_load(result: LoadResult) -> Iterator[Target]:
    """The targets of one load."""
    if result.mixed and result.objects >= RATIOS_FROM:
        yield _at_most_times("export, in list floors", result.ratio(EXPORT), 4)
        yield _rate("applying, as fast as bare applies in the same order", result, APPLYING)
        yield _rate("restore until all is Current, as fast as bare", result, RESTORE)
        yield _at_most_times("second restore, in list floors", result.ratio(SECOND), 3)
    if result.mixed and result.objects <= RATIOS_FROM:
        seconds = result.figure(BOTH).typical_seconds
        yield Target("export + sanitize", "8 s", f"{seconds:.1f} s", seconds <= 8)
    writes = result.figure(SECOND).writes or 0
    yield Target("second restore, writes", "0", str(writes), writes == 0)
    if not result.mixed:
        return
    most = 300 if result.objects <= RATIOS_FROM else 1024
    for function, peak in result.peak_bytes.items():
        yield Target(f"peak memory of {function}", f"{most} MiB", f"{peak / _MIB:.0f} MiB", peak < most * _MIB)


def of_imports(seconds: Mapping[str, float], sdks: Mapping[str, Sequence[str]]) -> Iterator[Target]:
    """Of the functions' start; `sdks` are the SDKs that each function's import takes with it."""
    for function, took in seconds.items():
        allowed = f"{_IMPORT_SECONDS} s"
        yield Target(f"import of {function}", allowed, f"{took:.2f} s", took < _IMPORT_SECONDS)
        found = ", ".join(sdks[function]) or "none"
        yield Target(f"SDKs that {function} imports at its start", "none", found, not sdks[function])


def of_growth(results: Sequence[LoadResult]) -> Iterator[Target]:
    """Whether seconds per object stay the same from the smallest of the large mixed loads to the largest."""
    mixed = sorted((one for one in results if one.mixed and one.objects >= RATIOS_FROM), key=lambda one: one.objects)
    if len(mixed) < 2:
        return
    small, large = mixed[0], mixed[-1]
    for name in (EXPORT, BOTH, SECOND, APPLYING):
        growth = small.figure(name).rate / large.figure(name).rate
        floor = small.figure(APPLY).rate / large.figure(APPLY).rate if name == APPLYING else 1.0
        what = f"{name.strip()}: seconds per object, {large.objects:,} against {small.objects:,}"
        yield _at_most_times(what, growth / floor, _SLOWER_PER_OBJECT)


def _at_most_times(what: str, found: float, most: float) -> Target:
    return Target(what, f"{most:g}", f"{found:.2f}", found <= most)


def _rate(what: str, result: LoadResult, name: str) -> Target:
    share = 1 / result.ratio(name)
    return Target(what, f"from {_RATE_OF_FLOOR:.0%}", f"{share:.0%}", share >= _RATE_OF_FLOOR)
