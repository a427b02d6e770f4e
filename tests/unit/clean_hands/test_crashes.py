"""A bug while a Secret is handled: nothing of it is in a log line, an answer, an outcome, a report or a bucket."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from kubestandby.cli.main import main
from kubestandby.keys.sealing import SnapshotSealer, SnapshotUnsealer
from kubestandby.layout import Action
from kubestandby.runtime.logs import set_up_logging
from tests.e2e.canary.canaries import Canaries, Finder
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.runtime.world import World

CANARIES = Canaries.hatch()
FINDER = Finder.of(CANARIES, {})
VALUE = CANARIES.at("value")


def secret(name: str = "till") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop", "annotations": {"example.com/copy": VALUE}},
        "data": {"password": base64.b64encode(VALUE.encode()).decode()},
    }


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a function's process writes, at the level at which it tells most."""
    monkeypatch.setenv("KUBESTANDBY_LOG_LEVEL", "DEBUG")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    set_up_logging(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


def crashing(*arguments: Any, **named: Any) -> Any:
    """Fails as a bug would, with all that it was given in its text."""
    raise KeyError(f"{arguments[1:]!r} {named!r}") from ValueError(json.dumps(arguments[1:], default=repr))


def everything(world: World, log: io.StringIO, *said: object) -> list[str]:
    """Where canaries got out."""
    places = {"log": log.getvalue().encode(), "answers": repr(said).encode()}
    places |= {f"{url} {key}": data for url, store in world.stores.items() for key, data in store.objects.items()}
    return [str(one) for where, data in places.items() for one in FINDER.sightings(where, data)]


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (SnapshotSealer, "seal"),
        (SnapshotUnsealer, "unseal"),
        (SnapshotSealer, "_encrypt"),
        (SnapshotUnsealer, "_decrypt"),
        (FakeCluster, "apply"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_bug_tells_where_it_is_and_not_what_it_had(
    owner: type, method: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.clusters["east"].put(secret())  # type: ignore[index]
    monkeypatch.setattr(owner, method, crashing)

    world.ask("east", Action.EXPORT)
    answers = world.settle()

    assert FINDER.sightings("control", VALUE.encode())
    assert {answer.status for answer in answers} & {500}
    assert '"event": "unexpected_error"' in log.getvalue()
    assert '"places"' in log.getvalue()
    assert everything(world, log, answers) == []


def test_an_export_and_a_restore_that_go_well_tell_nothing_either(log: io.StringIO) -> None:
    world = World()
    world.clusters["east"].put(secret())  # type: ignore[index]

    world.ask("east", Action.EXPORT)
    answers = world.settle()

    assert len(log.getvalue().splitlines()) >= 5
    assert everything(world, log, answers) == []


def test_a_bug_of_the_command_line_is_one_line_without_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubestandby.cli.session.Session.open", crashing)

    result = CliRunner().invoke(main, ["--config", VALUE, "status"])

    assert result.exit_code == 1
    assert result.stderr.startswith("error: a bug of kubestandby (KeyError at ")
    assert result.stderr.count("\n") == 1
    assert FINDER.sightings("output", result.output.encode()) == []
