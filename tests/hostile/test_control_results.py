"""Outcomes, marks and reports: forged, changed, taken away, or put back."""

from __future__ import annotations

import pytest

from kubestandby import layout
from kubestandby.applied_marks import AppliedMark, AppliedMarks
from kubestandby.control_records import Place, RecordKind, sign_record
from kubestandby.errors import ClusterError, UntrustedRecordError
from kubestandby.keys.trust import KeyRole
from kubestandby.layout import Action
from kubestandby.reports import RestoreReport
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import SiteName, Stage
from tests.fakes.fake_cluster import FakeCluster
from tests.fakes.keys import EAST, WEST, keyring
from tests.hostile.attacks import archive_key, edit, index_key
from tests.hostile.control_attacks import DAMAGES, forged_outcome, outcome_text, strangers
from tests.unit.runtime.world import SHOP, World, snapshot


@pytest.fixture
def world() -> World:
    """A standby that has restored 1-1 and 1-2."""
    world = World()
    world.do("east", Action.EXPORT)
    world.set_price("east", "2")
    world.do("east", Action.EXPORT)
    return world


# outcomes


@pytest.mark.parametrize("how", list(DAMAGES))
def test_outcome_that_was_changed_is_told_and_nothing_is_done_twice(world: World, how: str) -> None:
    done = world.do("west", Action.RESTORE, snapshot=snapshot("1-1"), mode="hot")
    world.do("west", Action.RESTORE)
    key = layout.outcome_key(SHOP, done.request)
    objects = world.control("west").objects
    objects[key] = DAMAGES[how](objects[key])
    world.clock.advance(400)

    world.tick()
    world.settle()

    with pytest.raises(UntrustedRecordError, match=f"outcome {key}"):
        world.requests("west").outcome(SHOP, done.request)
    assert world.price("west") == "2"


@pytest.mark.parametrize("role", [KeyRole.EXPORT, KeyRole.SANITIZE, KeyRole.RESTORE])
def test_outcome_says_done_only_from_the_function_that_did_it(world: World, role: KeyRole) -> None:
    request = world.ask("west", Action.RESTORE)
    key = layout.outcome_key(SHOP, request.name)
    world.control("west").objects[key] = forged_outcome(world, "west", request, role)

    if role is KeyRole.RESTORE:
        assert outcome_text(world, "west", request.name).verdict is Verdict.DONE
        return
    with pytest.raises(UntrustedRecordError, match=r"may not say so|is not signed by a key"):
        world.requests("west").outcome(SHOP, request.name)


def test_outcome_of_the_other_sites_function_does_not_count(world: World) -> None:
    request = world.ask("west", Action.RESTORE)
    outcome = Outcome(
        group=SHOP, request=request.name, verdict=Verdict.DONE, message="all is well", finished_at=world.clock.now()
    )
    place = Place(group=SHOP, site=WEST, key=layout.outcome_key(SHOP, request.name))
    data = sign_record(keyring(world.clock), RecordKind.OUTCOME, place, outcome, KeyRole.RESTORE, EAST)
    world.control("west").objects[place.key] = data

    with pytest.raises(UntrustedRecordError, match="signed by the restore key of east"):
        world.requests("west").outcome(SHOP, request.name)


def test_outcome_under_another_requests_name_does_not_count(world: World) -> None:
    done = world.do("west", Action.RESTORE)
    request = world.ask("west", Action.RESTORE)
    objects = world.control("west").objects
    objects[layout.outcome_key(SHOP, request.name)] = objects[layout.outcome_key(SHOP, done.request)]

    with pytest.raises(UntrustedRecordError, match="was copied to where it is now"):
        world.requests("west").outcome(SHOP, request.name)


def test_forged_outcome_does_not_finish_a_failover(world: World) -> None:
    world.clusters[WEST].take_out("ConfigMap", "shop", "prices")
    world.clusters[WEST].fail("apply", ClusterError("422 no", status=422, reason="Invalid"), name="prices", times=2)
    request = world.ask("west", Action.FAILOVER, to=WEST)
    world.settle()
    assert world.outcome("west", request).verdict is Verdict.INCOMPLETE
    world.control("west").objects[layout.outcome_key(SHOP, request.name)] = forged_outcome(
        world, "west", request, KeyRole.EXPORT
    )

    assert world.do("west", Action.FAILOVER, to=WEST).verdict is Verdict.DONE
    assert world.price("west") == "2"


def test_what_nothing_says_the_end_of_is_not_restored_over(world: World) -> None:
    done = world.do("west", Action.FAILOVER, to=WEST)
    world.set_price("west", "9")
    del world.data("west").objects[done.report]
    world.control("west").objects[layout.outcome_key(SHOP, done.request)] = b"{}"

    assert world.do("west", Action.FAILOVER, to=WEST).verdict is Verdict.UNCHANGED
    assert world.price("west") == "9"


# marks


def mark_key(id_: str) -> str:
    return layout.applied_key(SHOP, snapshot(id_), "hot")


def mark(world: World, id_: str) -> AppliedMark:
    now = world.clock.now()
    return AppliedMark(group=SHOP, snapshot=snapshot(id_), mode="hot", applied_at=now, report="", succeeded=True)


def forget_in_the_cluster(world: World) -> None:
    """The standby's cluster is made anew: only the site's marks remember."""
    world.clusters[WEST] = FakeCluster(uid="uid-new")
    world.context._clusters.clear()


def put_in_front(world: World) -> None:
    """1-2 is taken away, so that 1-1 is the newest."""
    for key in (index_key(Stage.SANITIZED, "1-2"), archive_key(Stage.SANITIZED, "1-2")):
        del world.data("west").objects[key]


@pytest.mark.parametrize("how", ["bare", "stranger", "export's key", "other site's key"])
def test_forged_mark_far_above_holds_nothing_up(world: World, how: str) -> None:
    key = mark_key("1-900")
    place = Place(group=SHOP, site=WEST, key=key)
    keys = strangers(world.clock.now()) if how == "stranger" else keyring(world.clock)
    role = KeyRole.EXPORT if how == "export's key" else KeyRole.RESTORE
    site = EAST if how == "other site's key" else WEST
    signed = sign_record(keys, RecordKind.MARK, place, mark(world, "1-900"), role, site)
    world.control("west").objects[key] = DAMAGES["unwrapped"](signed) if how == "bare" else signed
    world.set_price("east", "3")

    world.do("east", Action.EXPORT)

    assert world.price("west") == "3"
    assert world.context.marks(world.group.site("west")).highest(SHOP, "") == snapshot("1-3")


def test_mark_of_a_lower_snapshot_under_a_higher_name_is_none(world: World) -> None:
    objects = world.control("west").objects
    objects[mark_key("1-900")] = objects[mark_key("1-2")]

    assert world.context.marks(world.group.site("west")).highest(SHOP, "") == snapshot("1-2")


@pytest.mark.parametrize("how", ["taken away", *DAMAGES])
def test_mark_that_is_gone_leaves_that_in_the_cluster(world: World, how: str) -> None:
    for id_ in ("1-1", "1-2"):
        objects = world.control("west").objects
        data = objects.pop(mark_key(id_))
        if how != "taken away":
            objects[mark_key(id_)] = DAMAGES[how](data)
    world.context._known_marks.clear()  # as after a cold start
    put_in_front(world)

    outcome = world.do("west", Action.RESTORE)

    assert outcome.verdict is Verdict.REFUSED
    assert "older than 1-2, which the standby has already had" in outcome.message


def test_mark_counts_where_the_cluster_has_forgotten(world: World) -> None:
    put_in_front(world)
    forget_in_the_cluster(world)

    assert "older than 1-2" in world.do("west", Action.RESTORE).message


def test_highest_mark_is_read_once_and_no_other(world: World) -> None:
    store, reads = world.control("west"), []
    get = store.get
    store.get = lambda key, **limits: (reads.append(key), get(key, **limits))[1]  # type: ignore[method-assign]

    marks = AppliedMarks(store, keyring(world.clock), WEST)
    assert [marks.highest(SHOP, mode) for mode in ("", "hot")] == [snapshot("1-2")] * 2

    assert reads == [mark_key("1-2")]


# reports


def forged_report(world: World, key: str, role: KeyRole, site: SiteName) -> bytes:
    report = world.context.reports(world.group.site("west")).read(key)
    place = Place(group=SHOP, site=WEST, key=key)
    return sign_record(keyring(world.clock), RecordKind.REPORT, place, report, role, site)


def last(world: World) -> RestoreReport:
    return next(iter(world.context.reports(world.group.site("west")).restores(SHOP)))


@pytest.mark.parametrize("how", sorted(DAMAGES.keys() - {"larger than any"}))
def test_report_that_was_changed_does_not_count(world: World, how: str) -> None:
    newest = sorted(world.reports("west"))[-1]
    edit(world, "west", newest, DAMAGES[how])

    assert last(world).snapshot == snapshot("1-1")


@pytest.mark.parametrize(("role", "site"), [(KeyRole.EXPORT, WEST), (KeyRole.RESTORE, EAST)])
def test_report_of_another_function_or_place_does_not_count(world: World, role: KeyRole, site: SiteName) -> None:
    first, second = sorted(world.reports("west"))
    objects = world.data("west").objects
    objects[second] = forged_report(world, second, role, site)
    objects[second.replace("2026", "2027")] = objects[first]

    assert last(world).snapshot == snapshot("1-1")
