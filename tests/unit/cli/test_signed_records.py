"""What commands sign, what they say where the key is missing, and what `status` tells of records that do not count."""

import hashlib
from pathlib import Path

import pytest

from kubestandby import layout
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.layout import Action
from kubestandby.request_log import RequestLog
from kubestandby.requests import Verdict
from kubestandby.snapshots import SiteName, SnapshotId, Stage
from tests.unit.cli.world import EAST, SHOP, WEST, World, exports, outcome_of, report_of


def operator_key(world: World) -> Path:
    return world.folder / "keys" / "operators" / "operator.key"


def stored(world: World, site: SiteName, bucket: str, key: str) -> Path:
    return world.folder / site / bucket / key


def with_keys_of_the_folder(world: World) -> None:
    """The functions have the keys as they are in files now, not as they were made."""

    def requests(site: SiteName) -> RequestLog:
        keys = KeyFolder(world.folder / "keys").keyring(world.clock)
        return RequestLog(world.control(site), world.clock, keys, site)

    world.requests = requests  # type: ignore[method-assign]


def damage(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"{}")


def problems(world: World) -> list[str]:
    return list(world.json("status", "shop")["groups"][0]["problems"])


@pytest.mark.parametrize(
    "words",
    [("failover", "shop", "--to", "west", "--yes"), ("restore", "shop"), ("import", "shop", "-")],
)
def test_what_needs_the_operators_key_says_so_before_anything_is_asked(world: World, words: tuple[str, ...]) -> None:
    world.crossed("1-1")
    operator_key(world).unlink()

    ran = world.run(*words)

    assert ran.exit_code == 64
    assert "is signed with the operator's key" in ran.stderr
    assert "`kubestandby keys rotate operator --root-key FILE`" in ran.stderr
    assert world.requests(WEST).requests(SHOP) == world.requests(EAST).requests(SHOP) == ()


def test_exports_and_plans_need_no_operator(world: World) -> None:
    operator_key(world).unlink()
    world.answer = exports(world, Verdict.DONE, "1-1")

    assert world.run("export", "shop").exit_code == 0
    assert [request.action for request in world.answered] == [Action.EXPORT]


def test_lost_operator_key_is_replaced_and_the_failover_goes_on(world: World, tmp_path: Path) -> None:
    world.crossed("1-1")
    world.lose(EAST)
    root = tmp_path / "safe" / "root.key"
    root.parent.mkdir()
    (world.folder / "keys" / "offline" / "root.key").rename(root)
    operator_key(world).unlink()
    world.answer = outcome_of
    with_keys_of_the_folder(world)

    rotated = world.run("keys", "rotate", "operator", "--root-key", str(root))
    failed_over = world.run("failover", "shop", "--to", "west", "--yes")

    assert (rotated.exit_code, failed_over.exit_code) == (0, 0), rotated.stderr + failed_over.stderr
    assert [request.to for request in world.answered] == [WEST]


@pytest.mark.parametrize("role", ["operator", "restore"])
def test_revoking_a_key_leaves_the_roles_as_they_are(world: World, role: str) -> None:
    world.epoch(2, primary=WEST, site=WEST)

    ran = world.run("keys", "rotate", role, "--revoke")

    assert "the root vouches for epoch 2 of group shop, in which west is primary" in ran.stderr
    told = world.json("status")["groups"][0]
    assert (told["primary"], told["epoch"]) == ("west", 2)
    assert not any("epoch" in problem for problem in told["problems"])


def test_revoking_a_key_says_what_of_the_roles_it_cannot_see(world: World) -> None:
    world.epoch(2, primary=WEST, site=WEST)
    world.lose(EAST)

    ran = world.run("keys", "rotate", "operator", "--revoke")

    assert "roles of group shop may be others than can be seen from here: east cannot be reached" in ran.stderr
    assert "the root vouches for epoch 2" in ran.stderr


def test_status_tells_of_every_record_that_does_not_count(world: World) -> None:
    world.crossed("1-1")
    world.applied("1-1")
    request = world.requests(EAST).submit(SHOP, Action.EXPORT, origin="timer")
    world.requests(EAST).finish(outcome_of(request))
    waiting = world.requests(WEST).submit(SHOP, Action.RESTORE, origin="operator")
    forged = [
        stored(world, WEST, "control", layout.applied_key(SHOP, SnapshotId(1, 1), "hot")),
        stored(world, WEST, "data", world.report(report_of())),
        stored(world, EAST, "control", layout.outcome_key(SHOP, request.name)),
        stored(world, WEST, "control", layout.request_key(SHOP, waiting.name)),
        stored(world, WEST, "control", layout.epoch_key(SHOP, 7)),
    ]
    forged[-1].parent.mkdir(parents=True)
    forged[-1].touch()

    for path in forged:
        damage(path)

    told = problems(world)
    for path in forged:
        name = path.relative_to(world.folder / path.relative_to(world.folder).parts[0]).as_posix().partition("/")[2]
        assert any(name in problem and "does not count" in problem for problem in told), name
    assert not [problem for problem in told if problem.count("does not count") > 1]
    assert "primary east, epoch 1" in world.run("status", "shop").stdout


def test_forged_outcome_is_told_to_whoever_waits(world: World) -> None:
    def answer(request: object) -> None:
        name = world.requests(WEST).requests(SHOP)[-1]
        path = stored(world, WEST, "control", layout.outcome_key(SHOP, name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")

    world.crossed("1-1")
    world.answer = answer

    ran = world.run("restore", "shop")

    assert ran.exit_code == 1
    assert "outcome outcomes/shop/" in ran.stderr


def test_held_snapshot_is_told_and_not_what_a_failover_takes(world: World) -> None:
    world.crossed("1-1")
    world.crossed("1-9000")
    world.answer = outcome_of

    ran = world.run("failover", "shop", "--to", "west", "--yes")

    assert "warning: snapshot 1-9000 is held: its number is 8999 above 1-1" in ran.stderr
    assert "1-1, 1 object, from east" in ran.stderr
    assert any("west: sanitized snapshot 1-9000 is held" in problem for problem in problems(world))


def test_failover_says_after_which_epoch_it_was_asked_for(world: World) -> None:
    world.epoch(2, primary=WEST, site=WEST)
    world.snapshot("2-1", site=EAST, stage=Stage.SANITIZED, source_site=WEST)
    world.answer = outcome_of

    ran = world.run("failover", "shop", "--to", "east", "--yes")

    assert ran.exit_code == 0, ran.stderr
    (request,) = world.answered
    assert request.after_epoch == 2
    record = stored(world, WEST, "control", layout.epoch_key(SHOP, 2)).read_bytes()
    assert request.after_sha256 == hashlib.sha256(record).hexdigest()
