"""Commands need keys: one sentence says which command makes them; what runs out, and what opens, is told."""

import shutil
from datetime import timedelta

import pytest

from kubestandby.snapshots import SnapshotId
from tests.unit.cli.world import NOON, SHOP, WEST, World, outcome_of


@pytest.mark.parametrize(
    "words", [("up",), ("show", "shop"), ("verify", "shop"), ("failover", "shop", "--to", "west", "--yes")]
)
def test_without_keys_the_command_that_makes_them_is_named(world: World, words: tuple[str, ...]) -> None:
    shutil.rmtree(world.folder / "keys")

    ran = world.run(*words)

    assert ran.exit_code == 64
    assert "`kubestandby keys init` makes all keys" in ran.stderr


def test_keys_that_run_out_are_a_problem(world: World) -> None:
    world.crossed("1-1")
    world.clock.set(NOON + timedelta(days=20 * 365))

    told = world.json("status")["groups"][0]["problems"]

    assert any("the trust file has expired on" in problem for problem in told)


def test_verify_opens_what_is_sealed_where_the_key_is_here(world: World) -> None:
    world.crossed("1-1")
    (world.folder / "keys" / "sites" / "west" / "unseal.age").unlink()

    told = {one["site"]: one for one in world.json("verify", "shop")["snapshots"]}

    assert (told["east"]["intact"], told["east"]["opened"]) == (True, True)
    assert (told["west"]["intact"], told["west"]["opened"]) == (True, False)
    assert "west: intact; there is no key here to open it with" in world.run("verify", "shop").stdout


def test_verify_tells_a_snapshot_that_does_not_open(world: World) -> None:
    index = world.snapshot("1-1")
    world.snapshot("1-2", sealing=index.sealing)

    ran = world.run("verify", "shop", "1-2")

    assert ran.exit_code == 1
    assert "its data key is that of another snapshot" in ran.stderr


def test_unsigned_snapshot_is_a_problem(world: World) -> None:
    world.crossed("1-1")
    path = world.folder / WEST / "data" / "sanitized/shop/1-1/index.json"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().partition(b'"signatures":')[0] + b'"signatures":[]}')

    told = world.json("status")["groups"][0]["problems"]

    assert any("is not signed; only signed ones are used" in problem for problem in told)


def test_stale_snapshot_stops_a_failover_before_anybody_is_asked(world: World) -> None:
    world.crossed("1-1", fresh_until=NOON - timedelta(minutes=1))

    ran = world.run("failover", "shop", "--to", "west", "--yes")

    assert ran.exit_code == 1
    assert "fail over with --accept-stale=1-1" in ran.stderr
    assert world.requests(WEST).requests(SHOP) == ()


def test_stale_snapshot_is_asked_for_where_its_age_is_accepted(world: World) -> None:
    world.crossed("1-1", fresh_until=NOON - timedelta(minutes=1))
    world.answer = outcome_of

    ran = world.run("failover", "shop", "--to", "west", "--yes", "--accept-stale=1-1")

    assert ran.exit_code == 0, ran.stderr
    assert world.answered[0].accept_stale == SnapshotId(1, 1)
