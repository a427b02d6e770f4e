"""What the bench says of its targets."""

from dataclasses import replace

from bench.measuring import APPLY, APPLYING, BOTH, CURRENT, EXPORT, FIRST, LIST, RESTORE, SECOND, against_turns
from bench.results import Figure, LoadResult
from bench.targets import of_growth, of_imports, of_load

FLOORS = {EXPORT: LIST, SECOND: LIST, APPLYING: FIRST, RESTORE: CURRENT}
SECONDS = {LIST: 1.0, APPLY: 10.0, FIRST: 16.0, CURRENT: 20.0, EXPORT: 4.0, BOTH: 8.0, APPLYING: 20.0, RESTORE: 25.0}
SECONDS |= {SECOND: 3.0}


def result(
    load: str = "10000", objects: int = 10_000, peak: int = 299 << 20, writes: int = 0, **changed: float
) -> LoadResult:
    seconds = {**SECONDS, **{name.replace("_", " "): value for name, value in changed.items()}}
    figures = tuple(
        Figure(
            name=name,
            objects=objects,
            seconds=(took,),
            floor=FLOORS.get(name, ""),
            floor_seconds=(seconds[FLOORS[name]],) if name in FLOORS else (),
            writes=writes,
        )
        for name, took in seconds.items()
    )
    peaks = {"export": peak}
    return LoadResult(
        load=load,
        objects=objects,
        rounds=1,
        figures=figures,
        peak_bytes=peaks,
        cpu_seconds={},
        sizes={},
        neighbour_ms={},
    )


def missed(measured: LoadResult) -> list[str]:
    return [target.what for target in of_load(measured) if not target.met]


def test_figures_at_their_limits_meet_every_target() -> None:
    assert missed(result()) == []


def test_each_figure_beyond_its_limit_is_told() -> None:
    slow = result(
        peak=300 << 20, writes=1, export=4.1, second_restore=3.1, **{BOTH: 8.1, APPLYING: 20.1, RESTORE: 25.1}
    )

    assert len(missed(slow)) == len(list(of_load(slow))) == 7


def test_ratios_are_not_judged_where_single_calls_are_most_of_the_time() -> None:
    assert missed(result("2000", 2000, export=40.0, second_restore=40.0)) == []


def test_memory_may_be_more_for_large_loads_only() -> None:
    assert missed(result("50000", 50_000, peak=1023 << 20)) == []
    assert missed(result("50000", 50_000, peak=1024 << 20)) == ["peak memory of export"]


def test_growth_beyond_the_number_of_objects_is_told() -> None:
    small = result()
    linear = result("50000", 50_000, **{name: took * 5 for name, took in SECONDS.items()})
    steep = result(
        "50000", 50_000, **{name: took * 5 * (1.5 if name == EXPORT else 1) for name, took in SECONDS.items()}
    )

    assert [target.met for target in of_growth([small, linear])] == [True] * 4
    assert [target.met for target in of_growth([steep, small])] == [False, True, True, True]
    assert list(of_growth([small])) == []


def test_an_import_that_takes_an_sdk_along_is_told() -> None:
    targets = list(of_imports({"sanitize": 0.59}, {"sanitize": ["oci"]}))

    assert [(target.found, target.met) for target in targets] == [("0.59 s", True), ("oci", False)]


def test_a_restore_is_held_against_its_floor_before_and_after_it() -> None:
    applying = Figure(name=APPLYING, objects=100, seconds=(20.0, 30.0), floor=FIRST)

    held = against_turns(applying, [{FIRST: 10.0}, {FIRST: 20.0}, {FIRST: 30.0}])

    assert held.floor_seconds == (15.0, 25.0)


def test_a_short_step_is_held_against_the_floor_of_its_own_turn() -> None:
    second = Figure(name=SECOND, objects=100, seconds=(2.0,), floor=LIST, floor_seconds=(1.0,))

    assert against_turns(second, [{FIRST: 10.0}, {FIRST: 20.0}]) == second


def test_a_rate_is_the_median_of_what_each_round_reached() -> None:
    rounds = Figure(
        name=APPLYING, objects=10_000, seconds=(20.0, 30.0, 40.0), floor=FIRST, floor_seconds=(18.0, 12.0, 36.0)
    )
    measured = result()
    others = [figure for figure in measured.figures if figure.name != APPLYING]

    targets = of_load(replace(measured, figures=(*others, rounds)))

    assert [target.found for target in targets if target.what.startswith("applying")] == ["90%"]
