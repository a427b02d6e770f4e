"""Who is primary, where somebody writes to the control buckets, or keys are lost, stolen, replaced and run out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kubestandby import codec, layout
from kubestandby.control_records import Place, RecordKind, sign_record
from kubestandby.epochs import Epoch
from kubestandby.errors import StoreUnavailableError
from kubestandby.keys import trust_file
from kubestandby.keys.trust import ANY_SITE, KeyRole, VouchedEpoch
from kubestandby.layout import Action, Function
from kubestandby.requests import Verdict
from kubestandby.snapshots import SiteName, Stage
from tests.fakes.keys import EAST, WEST, asked_epoch, key_bundle, keyring
from tests.hostile.control_attacks import DAMAGES, replaced, strangers, with_keys
from tests.unit.runtime.world import SHOP, World

YEARS = timedelta(days=30 * 365).total_seconds()
STAGE = Stage.SANITIZED
SECOND = layout.epoch_key(SHOP, 2)


@pytest.fixture
def world() -> World:
    world = World()
    world.do("east", Action.EXPORT)
    return world


def primary(world: World) -> str:
    return world.context.roles(world.group).epoch.primary


def claim(world: World, number: int, site: SiteName, role: KeyRole, keys: object = None) -> bytes:
    """The record of an epoch that nobody has asked for."""
    epoch = Epoch(group=SHOP, number=number, primary=site, since=world.clock.now(), request="", reason="because")
    place = Place(group=SHOP, key=layout.epoch_key(SHOP, number))
    ring = strangers(world.clock.now()) if keys == "strangers" else keyring(world.clock)
    return sign_record(ring, RecordKind.EPOCH, place, epoch, role, site)


def forged_epoch(world: World, how: str) -> bytes:
    if how == "bare":
        return codec.encode(Epoch(group=SHOP, number=2, primary=WEST, since=world.clock.now()))
    if how == "stranger":
        return claim(world, 2, WEST, KeyRole.RESTORE, "strangers")
    if how == "nobody asked":
        return claim(world, 2, WEST, KeyRole.RESTORE)
    return claim(world, 2, WEST, KeyRole.EXPORT)


@pytest.mark.parametrize("how", ["bare", "stranger", "nobody asked", "export's key"])
def test_forged_epoch_neither_fences_the_primary_nor_makes_one(
    world: World, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    for site in ("east", "west"):
        world.control(site).objects[SECOND] = forged_epoch(world, how)
    world.set_price("east", "2")

    there, here = world.do("east", Action.EXPORT), world.do("west", Action.EXPORT)

    assert (there.verdict, world.price("west")) == (Verdict.DONE, "2")
    assert here.verdict is Verdict.REFUSED
    assert "record_not_believed" in {record.message for record in caplog.records}


def test_forged_epoch_far_above_does_not_stop_a_failover(world: World) -> None:
    key = layout.epoch_key(SHOP, 999)
    world.control("east").objects[key] = claim(world, 999, EAST, KeyRole.RESTORE)

    world.do("west", Action.FAILOVER, to=WEST)

    assert (world.context.roles(world.group).epoch.number, primary(world)) == (2, WEST)


def test_bucket_of_the_lost_site_full_of_forged_epochs_does_not_stop_a_failover(world: World) -> None:
    for number in range(2, 99):
        world.control("east").objects[layout.epoch_key(SHOP, number)] = b"{}"

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert primary(world) == WEST


@pytest.mark.parametrize("sites", [("west",), ("east",), ("east", "west")])
def test_junk_under_the_next_number_does_not_stop_a_failover(world: World, sites: tuple[str, ...]) -> None:
    for site in sites:
        world.control(site).objects[SECOND] = b"{}"

    outcome = world.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert (world.context.roles(world.group).epoch.number, primary(world)) == (3, WEST)
    assert layout.epoch_key(SHOP, 3) in world.control("east").objects
    assert world.do("east", Action.EXPORT).verdict is Verdict.REFUSED
    world.do("west", Action.EXPORT)
    assert world.do("east", Action.FAILOVER, to=EAST).verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert (world.context.roles(world.group).epoch.number, primary(world)) == (4, EAST)


@pytest.mark.parametrize("how", list(DAMAGES))
def test_damage_to_one_copy_of_an_epoch_lets_no_old_primary_loose(world: World, how: str) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    objects = world.control("east").objects
    objects[SECOND] = DAMAGES[how](objects[SECOND])

    assert world.do("east", Action.EXPORT).verdict is Verdict.REFUSED
    assert len(world.context.roles(world.group).doubtful) == 1


def test_epoch_of_before_under_a_higher_number_is_none(world: World) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    world.do("west", Action.EXPORT)
    world.do("east", Action.FAILOVER, to=EAST)
    for site in ("east", "west"):
        objects = world.control(site).objects
        objects[layout.epoch_key(SHOP, 4)] = objects[SECOND]

    assert (world.context.roles(world.group).epoch.number, primary(world)) == (3, EAST)


def test_tick_tells_the_other_site_no_forged_epoch(world: World) -> None:
    world.control("west").objects[SECOND] = claim(world, 2, WEST, KeyRole.RESTORE)

    world.tick()

    assert SECOND not in world.control("east").objects


# keys


def test_lost_operator_key_is_replaced_at_failover_time_by_the_root_alone(world: World) -> None:
    for store in (world.data("east"), world.control("east")):
        store.fail("*", error=StoreUnavailableError("gone"), times=-1)
    world.lose_events()
    with_keys(world, replaced(KeyRole.OPERATOR, ANY_SITE, world.clock.now(), revoke=True))

    request = world.ask("west", Action.FAILOVER, to=WEST)
    world.deliver(next(event for event in world.events() if request.name in event.key))

    assert world.outcome("west", request).verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert primary(world) == WEST


@pytest.mark.parametrize("role", [KeyRole.OPERATOR, KeyRole.RESTORE])
def test_keys_are_replaced_with_an_overlap_and_nothing_is_forgotten(world: World, role: KeyRole) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    site = WEST if role is KeyRole.RESTORE else ANY_SITE
    with_keys(world, replaced(role, site, world.clock.now(), revoke=False))
    world.clock.advance(timedelta(days=90).total_seconds())

    assert primary(world) == WEST
    world.do("west", Action.EXPORT)
    assert world.do("east", Action.FAILOVER, to=EAST).verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert world.context.roles(world.group).doubtful == ()


def test_key_that_was_replaced_signs_nothing_after_the_overlap(world: World) -> None:
    with_keys(world, replaced(KeyRole.OPERATOR, ANY_SITE, world.clock.now(), revoke=False))
    old = replace(key_bundle(), trust=world.context.keyring(world.group.sites[0]).trust)
    world.clock.advance(timedelta(days=31).total_seconds())
    with_keys(world, old)

    answer = world.post(Function.RESTORE, {"action": "failover", "group": "shop", "to": "west"})

    assert answer.status == 409
    assert primary(world) == EAST


def test_stolen_operator_key_asks_for_nothing_once_it_is_revoked(world: World) -> None:
    request = world.ask("west", Action.FAILOVER, to=WEST)
    with_keys(world, replaced(KeyRole.OPERATOR, ANY_SITE, world.clock.now(), revoke=True))

    world.settle()

    assert world.outcome("west", request).verdict is Verdict.REFUSED
    assert primary(world) == EAST


def vouched(world: World, **changes: object) -> VouchedEpoch:
    roles = world.context.roles(world.group)
    epoch = VouchedEpoch(
        group=SHOP,
        number=roles.epoch.number,
        primary=roles.epoch.primary,
        since=roles.epoch.since,
        sha256=roles.sha256,
    )
    return replace(epoch, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [KeyRole.OPERATOR, KeyRole.RESTORE])
def test_revoked_key_takes_no_change_of_roles_back(world: World, role: KeyRole) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    known = vouched(world)
    site = WEST if role is KeyRole.RESTORE else ANY_SITE
    bundle = replaced(role, site, world.clock.now(), revoke=True)
    with_keys(world, replace(bundle, trust=trust_file.with_epochs(bundle.trust, [known])))

    assert (world.context.roles(world.group).epoch.number, primary(world)) == (2, WEST)
    assert world.do("east", Action.EXPORT).verdict is Verdict.REFUSED
    world.set_price("west", "7")
    assert str(world.do("west", Action.EXPORT).snapshot) == "2-1"
    assert world.do("east", Action.FAILOVER, to=EAST).verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert (world.context.roles(world.group).epoch.number, world.price("east")) == (3, "7")


def test_nobody_goes_back_behind_what_the_root_vouches_for(world: World) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    bundle = key_bundle()
    with_keys(world, replace(bundle, trust=trust_file.with_epochs(bundle.trust, [vouched(world)])))
    for site in ("east", "west"):
        del world.control(site).objects[SECOND]

    assert primary(world) == WEST
    assert world.do("east", Action.EXPORT).verdict is Verdict.REFUSED


def test_other_record_of_a_number_that_the_root_vouches_for_is_none(world: World) -> None:
    world.do("west", Action.FAILOVER, to=WEST)
    bundle = key_bundle()
    with_keys(world, replace(bundle, trust=trust_file.with_epochs(bundle.trust, [vouched(world)])))
    rival = asked_epoch(SHOP, 2, EAST, now=world.clock.now())
    place = Place(group=SHOP, key=SECOND)
    signed = sign_record(keyring(world.clock), RecordKind.EPOCH, place, rival, KeyRole.RESTORE, EAST)
    world.control("east").objects[SECOND] = signed

    assert primary(world) == WEST
    assert "is not the one that the trust file vouches for" in world.context.roles(world.group).doubtful[0]


def test_failover_goes_on_when_every_key_has_run_out(world: World) -> None:
    world.clock.advance(YEARS)

    outcome = world.do("west", Action.FAILOVER, to=WEST, accept_stale=world.snapshots("west").ids(STAGE, SHOP)[-1])

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert primary(world) == WEST


def test_export_says_that_its_key_has_run_out(world: World) -> None:
    world.clock.advance(YEARS)

    outcome = world.do("east", Action.EXPORT)

    assert outcome.verdict is Verdict.FAILED
    assert "has expired" in outcome.message
