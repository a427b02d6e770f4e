"""`export`, `snapshots`, `show`, `verify`."""

import gc
from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.requests import Verdict
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SnapshotId, SnapshotIndex, Stage
from tests.unit.cli.world import EAST, NOON, SHOP, WEST, World, exports, outcome_of


def test_snapshots_are_listed_newest_first_with_where_they_are(world: World) -> None:
    world.crossed("1-9")
    world.crossed("1-10")
    world.applied("1-10")

    told = world.json("snapshots", "shop")

    assert [row["id"] for row in told["snapshots"]] == ["1-10", "1-9"]
    assert told["newestComplete"] == "1-10"
    newest = told["snapshots"][0]
    assert (newest["raw"], newest["sanitized"]) == (["east"], ["west"])
    assert newest["applied"] == [{"site": "west", "mode": "hot"}]


def test_an_incomplete_snapshot_stands_beside_the_newest_complete_one(world: World) -> None:
    world.crossed("1-1")
    world.snapshot("1-2", failures=("metrics.example.com: its server is down",))

    printed = world.run("snapshots", "shop").stdout

    assert "yes, newest" in next(line for line in printed.splitlines() if line.startswith("1-1 "))
    assert "1-2 is not complete: metrics.example.com: its server is down" in printed


def test_a_damaged_index_is_shown_as_damaged_and_hides_nothing(world: World) -> None:
    world.crossed("1-1")
    index = world.folder / "east" / "data" / layout.index_key(Stage.RAW, SHOP, SnapshotId(1, 2))
    index.parent.mkdir(parents=True)
    index.write_bytes(b"{")

    told = world.json("snapshots", "shop")

    assert told["newestComplete"] == "1-1"
    assert told["snapshots"][0]["damaged"][0]["site"] == "east"
    assert "1-2 is damaged at east (raw)" in world.run("snapshots", "shop").stdout


def test_only_the_newest_twenty_are_shown_unless_all_are_asked_for(world: World) -> None:
    for number in range(1, 23):
        world.snapshot(f"1-{number}")

    assert len(world.json("snapshots", "shop")["snapshots"]) == 20
    assert len(world.json("snapshots", "shop", "--all")["snapshots"]) == 22
    assert "2 older snapshots not shown" in world.run("snapshots", "shop").stdout


def test_of_many_snapshots_no_index_is_kept_once_it_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index names every object: 40 of 3,000 objects each held 146 MiB."""
    for number in range(1, 6):
        world.crossed(f"1-{number}")
    read_index = SnapshotStore.read_index
    alive: list[int] = []

    def counting(store: SnapshotStore, stage: Stage, group: GroupName, snapshot: SnapshotId) -> SnapshotIndex:
        alive.append(sum(isinstance(one, SnapshotIndex) for one in gc.get_objects()))
        return read_index(store, stage, group, snapshot)

    monkeypatch.setattr(SnapshotStore, "read_index", counting)

    rows = world.json("snapshots", "shop", "--all")["snapshots"]

    assert [row["objects"] for row in rows] == [1] * 5
    assert len(alive) == 10
    assert max(alive) == alive[0]


def test_with_one_site_gone_the_others_snapshots_are_listed(world: World) -> None:
    world.crossed("1-1")
    world.lose(EAST)

    result = world.run("snapshots", "shop")

    assert result.exit_code == 0
    assert "1-1" in result.stdout
    assert "east cannot be read" in result.stdout


def test_with_both_sites_gone_the_status_is_not_zero(world: World) -> None:
    world.lose(EAST)
    world.lose(WEST)

    assert world.run("snapshots", "shop").exit_code == 1


def test_show_takes_the_newest_complete_snapshot_in_its_furthest_stage(world: World) -> None:
    world.crossed("1-1")
    world.snapshot("1-2", site=WEST, stage=Stage.SANITIZED, failures=("x: y",))

    told = world.json("show", "shop")

    assert (told["id"], told["stage"], told["site"]) == ("1-1", "sanitized", "west")
    assert told["entries"][0]["kind"] == "ConfigMap"
    assert told["images"] == [{"reference": "shop/web:1", "usedBy": ["Deployment.apps shop/web"]}]


def test_show_of_a_named_snapshot_and_stage(world: World) -> None:
    world.crossed("1-1")
    world.snapshot("1-2", failures=("apps/v1: 503",))

    printed = world.run("show", "shop", "1-2", "--stage", "raw").stdout

    assert "1-2 of shop, raw" in printed
    assert "apps/v1: 503" in printed
    assert "owned_by_controller" in printed


def test_show_of_an_unknown_snapshot_names_it(world: World) -> None:
    world.crossed("1-1")

    result = world.run("show", "shop", "9-9")

    assert result.exit_code == 1
    assert "no snapshot 9-9" in result.stderr


def test_verify_reads_every_stage_and_site(world: World) -> None:
    world.crossed("1-1")

    result = world.run("verify", "shop")

    assert result.exit_code == 0
    assert result.stdout == "raw 1-1 at east: intact\nsanitized 1-1 at west: intact\n"


def test_verify_names_the_archive_that_was_tampered_with(world: World) -> None:
    world.crossed("1-1")
    archive = world.folder / "west" / "data" / layout.archive_key(Stage.SANITIZED, SHOP, SnapshotId(1, 1))
    flipped = bytearray(archive.read_bytes())
    flipped[40] ^= 1
    archive.write_bytes(flipped)

    result = world.run("verify", "shop", "1-1")

    assert result.exit_code == 1
    assert result.stdout == "raw 1-1 at east: intact\n"
    assert "error: sanitized 1-1 at west: the archive" in result.stderr


def test_verify_of_nothing_is_an_error(world: World) -> None:
    result = world.run("verify", "shop")

    assert result.exit_code == 1
    assert "no snapshot yet" in result.stderr


def test_verify_with_one_site_gone_does_not_pass_for_having_read_it(world: World) -> None:
    world.crossed("1-1")
    world.lose(EAST)

    result = world.run("verify", "shop", "1-1")

    assert result.exit_code == 1
    assert "east" in result.stderr


def test_export_asks_the_site_that_is_primary_now(world: World) -> None:
    world.epoch(2, primary=WEST, site=WEST)
    world.answer = lambda request: outcome_of(request, message="snapshot 2-1 holds 3 objects")

    result = world.run("export", "shop")

    assert result.exit_code == 0
    assert world.requests(WEST).requests(SHOP)
    assert not world.requests(EAST).requests(SHOP)
    assert result.stdout == "done: snapshot 2-1 holds 3 objects\n"


def test_an_incomplete_export_is_not_a_success(world: World) -> None:
    world.answer = exports(world, Verdict.INCOMPLETE, "1-1", failures=("apps: 503",))

    assert world.run("export", "shop").exit_code == 1


def test_an_export_without_outcome_in_time_names_request_log_and_object(world: World) -> None:
    result = world.run("export", "shop", "--timeout", "30s")

    name = world.requests(EAST).requests(SHOP)[0]
    assert result.exit_code == 3
    assert f"request {name} of group shop has no outcome at east after 30 s" in result.stderr
    assert "/var/log/functions.log" in result.stderr
    assert f"outcomes/shop/{name}.json" in result.stderr
    assert world.clock.now() - NOON >= timedelta(seconds=30)
