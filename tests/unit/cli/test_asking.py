"""Whose functions carry out a request: those of `up` or of the cloud, or ones that the command starts."""

import shutil
from pathlib import Path

import pytest

from kubestandby.cli import asking
from kubestandby.cli.asking import FunctionsAtWork, needs_own_functions
from kubestandby.cli.progress import Steps
from kubestandby.cli.session import Session
from kubestandby.errors import ConfigError
from kubestandby.requests import Verdict
from kubestandby.runtime.local import AlreadyRunningError, UpInfo
from tests.unit.cli.world import WorkingClock, World, outcome_of

UP = UpInfo(pid=1, config="", urls={}, log="functions.log")


class FakeFunctions:
    """Counts how often it was started and stopped, and with or without ticks."""

    started = stopped = quiets = 0
    refuses = False
    ticks = True

    def __init__(self, *_: object, ticks: bool) -> None:
        FakeFunctions.ticks = ticks

    def __enter__(self) -> "FakeFunctions":
        if FakeFunctions.refuses:
            raise AlreadyRunningError("they run already")
        FakeFunctions.started += 1
        return self

    def __exit__(self, *_: object) -> None:
        FakeFunctions.stopped += 1

    def quiet(self, _seconds: float) -> bool:
        FakeFunctions.quiets += 1
        return True


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> type[FakeFunctions]:
    monkeypatch.setattr(asking, "Functions", FakeFunctions)
    FakeFunctions.started = FakeFunctions.stopped = FakeFunctions.quiets = 0
    FakeFunctions.refuses = False
    return FakeFunctions


def _running(monkeypatch: pytest.MonkeyPatch, info: UpInfo | None) -> None:
    monkeypatch.setattr(asking, "running", lambda _: info)


def _session(world: World) -> Session:
    return Session.open(world.config)


def test_with_up_running_nothing_is_started(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, UP)

    with FunctionsAtWork(_session(world), Steps()) as at_work:
        assert at_work.log == "functions.log"
    assert functions.started == 0


def test_without_up_the_functions_run_for_the_command(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, None)

    with FunctionsAtWork(_session(world), Steps()) as at_work:
        at_work.settle(5)
        assert (functions.started, functions.stopped) == (1, 0)
    assert (functions.quiets, functions.stopped) == (1, 1)


@pytest.mark.parametrize(
    ("words", "ticks"),
    [(("plan",), False), (("restore", "--mode", "rehearse"), False), (("restore",), True), (("export",), True)],
    ids=["plan", "rehearse", "restore", "export"],
)
def test_a_command_that_changes_nothing_lets_nothing_else_be_taken_up(
    world: World,
    functions: type[FakeFunctions],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    ticks: bool,
) -> None:
    _running(monkeypatch, None)
    world.answer = lambda request: outcome_of(request, Verdict.FAILED)

    world.run(words[0], "shop", *words[1:])

    assert (functions.started, functions.ticks) == (1, ticks)


def test_they_are_stopped_also_when_the_command_fails(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, None)

    with pytest.raises(KeyError), FunctionsAtWork(_session(world), Steps()):
        raise KeyError

    assert functions.stopped == 1


def test_functions_that_end_with_another_command_are_replaced_by_own_ones(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, UP)
    with FunctionsAtWork(_session(world), Steps()) as at_work:
        _running(monkeypatch, None)
        at_work.ensure()
        assert functions.started == 0  # not looked at every moment
        world.clock.advance(5)
        at_work.ensure()
        world.clock.advance(5)
        at_work.ensure()
    assert (functions.started, functions.stopped) == (1, 1)


def test_another_command_that_starts_them_at_the_same_moment_is_no_error(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, None)
    functions.refuses = True

    with FunctionsAtWork(_session(world), Steps()):
        pass

    assert functions.started == 0


def test_functions_of_a_cloud_are_never_started_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _running(monkeypatch, None)
    text = World(tmp_path, WorkingClock()).config.read_text()
    for site in ("east", "west"):
        text = text.replace(f"file://{tmp_path}/{site}/data", f"oci://shop/{site}-data?region=us-ashburn-1")
        text = text.replace(f"file://{tmp_path}/{site}/control", f"oci://shop/{site}-control?region=us-ashburn-1")
    config = tmp_path / "cloud.yaml"
    config.write_text(text)

    assert not needs_own_functions(Session.open(config))


@pytest.mark.parametrize(("place", "needed"), [("", True), ("elsewhere", False)])
def test_functions_of_s3_buckets_are_started_here_unless_they_are_said_to_be_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, needed: bool
) -> None:
    _running(monkeypatch, None)
    monkeypatch.setenv("KUBESTANDBY_FUNCTIONS", place)
    text = World(tmp_path, WorkingClock()).config.read_text()
    config = tmp_path / "s3.yaml"
    config.write_text(text.replace(f"file://{tmp_path}/", "s3://shop/"))

    assert needs_own_functions(Session.open(config)) is needed


def test_a_machine_without_keys_of_functions_starts_none_and_says_what_to_set(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, None)
    shutil.rmtree(world.folder / "keys" / "sites")

    with (
        pytest.raises(ConfigError, match="`export KUBESTANDBY_FUNCTIONS=elsewhere`"),
        FunctionsAtWork(_session(world), Steps()),
    ):
        pass

    assert functions.started == 0


def test_the_keys_of_one_site_are_enough_to_start_them(
    world: World, functions: type[FakeFunctions], monkeypatch: pytest.MonkeyPatch
) -> None:
    _running(monkeypatch, None)
    shutil.rmtree(world.folder / "keys" / "sites" / "east")

    with FunctionsAtWork(_session(world), Steps()):
        pass

    assert functions.started == 1
