"""What was measured, as data: for the table, and as JSON for those who compare runs."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One step, measured in one or several rounds.

    Attributes:
        objects: how many objects it was about.
        seconds: of each round.
        floor: which floor it is held against, "" for none.
        floor_seconds: that floor in the same round.
        requests: that the API server was asked in it, one round.
        writes: of these, those that wrote objects of the load's types.
        cpu_seconds: processor time of the function, one round.
    """

    name: str
    objects: int
    seconds: tuple[float, ...]
    floor: str = ""
    floor_seconds: tuple[float, ...] = ()
    requests: int | None = None
    writes: int | None = None
    cpu_seconds: float | None = None

    @property
    def typical_seconds(self) -> float:
        """The median round."""
        return median(self.seconds)

    @property
    def rate(self) -> float:
        """Objects per second in the median round."""
        return self.objects / self.typical_seconds

    @property
    def ratio(self) -> float | None:
        """How many times the floor it took, in the median round."""
        if not self.floor_seconds:
            return None
        return median(took / floor for took, floor in zip(self.seconds, self.floor_seconds, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """All figures of one load.

    Attributes:
        peak_bytes: peak resident size of each function's processes together, over all rounds.
        cpu_seconds: processor time of each function from its start to the end of the last round.
        sizes: bytes of what is stored.
        neighbour_ms: quantiles of a stranger's GETs on the standby, in milliseconds, while idle and during the restore.
    """

    load: str
    objects: int
    rounds: int
    figures: tuple[Figure, ...]
    peak_bytes: Mapping[str, int]
    cpu_seconds: Mapping[str, float]
    sizes: Mapping[str, int]
    neighbour_ms: Mapping[str, float]

    @property
    def mixed(self) -> bool:
        """Whether it is a load of many small objects of several types, for which ratios are to be reached."""
        return self.load.isdigit()

    def figure(self, name: str) -> Figure:
        """The figure of this name."""
        return next(figure for figure in self.figures if figure.name == name)

    def ratio(self, name: str) -> float:
        """How many times its floor the figure of this name took; 0 where it has none."""
        return self.figure(name).ratio or 0.0


def to_json(results: Iterable[LoadResult], machine: Mapping[str, Any]) -> dict[str, Any]:
    """All results in one document; ratios and rates are written out, so that nobody has to compute them again."""
    loads = [
        {
            **asdict(result),
            "figures": [
                {**asdict(f), "typical_seconds": f.typical_seconds, "rate": f.rate, "ratio": f.ratio}
                for f in result.figures
            ],
        }
        for result in results
    ]
    return {"machine": dict(machine), "loads": loads}


@dataclass(slots=True)
class Rounds:
    """Collects the figures of several rounds, and puts those of the same name together."""

    taken: dict[str, list[Figure]] = field(default_factory=dict)

    def add(self, figure: Figure) -> None:
        """Takes in one round of one figure."""
        self.taken.setdefault(figure.name, []).append(figure)

    def figures(self) -> tuple[Figure, ...]:
        """Each figure with the times of all its rounds; counts are those of the last round."""
        return tuple(
            Figure(
                name=name,
                objects=rounds[-1].objects,
                seconds=tuple(second for one in rounds for second in one.seconds),
                floor=rounds[-1].floor,
                floor_seconds=tuple(second for one in rounds for second in one.floor_seconds),
                requests=rounds[-1].requests,
                writes=rounds[-1].writes,
                cpu_seconds=rounds[-1].cpu_seconds,
            )
            for name, rounds in self.taken.items()
        )
