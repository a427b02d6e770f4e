from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.control_records import Place, RecordKind, sign_record
from kubestandby.epochs import MAX_DOUBTFUL, Epoch, begin_epoch, free_number
from kubestandby.errors import ObjectExistsError, RoleError, StoreUnavailableError
from kubestandby.groups import ClusterAccess, ProtectionGroup, Site
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import make_keys
from kubestandby.keys.trust import KeyRole
from kubestandby.roles import CurrentEpoch, configured_epoch, current_epoch
from kubestandby.snapshots import GroupName, SiteName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import asked_epoch, keyring
from tests.fakes.memory_store import MemoryStore
from tests.unit.stored_form.samples import GROUP, NOON

EAST, WEST = SiteName("east"), SiteName("west")
SHOP = ProtectionGroup(
    name=GROUP,
    namespaces=("shop",),
    sites=tuple(
        Site(name=name, cluster=ClusterAccess(), data=f"memory://{name}/data", control=f"memory://{name}/control")
        for name in (EAST, WEST)
    ),
    primary=EAST,
    standby=WEST,
)
KEYS = keyring(FakeClock(NOON))
Controls = Mapping[SiteName, MemoryStore]


def epoch(number: int, primary: SiteName) -> Epoch:
    return asked_epoch(GROUP, number, primary, now=NOON)


def begin(store: MemoryStore, change: Epoch) -> None:
    begin_epoch(store, KEYS, change)


def current(controls: Controls) -> CurrentEpoch:
    return current_epoch(SHOP, controls, KEYS)


@pytest.fixture
def controls() -> Controls:
    return {EAST: MemoryStore("memory://east/control"), WEST: MemoryStore("memory://west/control")}


def test_configured_primary_holds_as_epoch_one(controls: Controls) -> None:
    found = current(controls)

    assert (found.epoch.number, found.epoch.primary, found.unreachable) == (1, EAST, ())


def test_first_epoch_that_was_written_down_outlives_a_changed_configuration(controls: Controls) -> None:
    begin(controls[EAST], configured_epoch(SHOP))

    changed = replace(SHOP, primary=WEST, standby=EAST)

    assert current_epoch(changed, controls, KEYS).epoch.primary == EAST


def test_highest_epoch_of_all_buckets_holds(controls: Controls) -> None:
    highest = epoch(10, WEST)
    for store, change in ((WEST, epoch(2, WEST)), (EAST, epoch(3, EAST)), (WEST, highest)):
        begin(controls[store], change)

    assert current(controls).epoch == highest


def test_unreachable_bucket_is_named_and_the_other_one_counts(controls: Controls) -> None:
    begin(controls[WEST], epoch(2, WEST))
    controls[EAST].fail("list", times=-1)

    found = current(controls)

    assert (found.epoch.number, found.epoch.primary) == (2, WEST)
    assert found.unreachable == (EAST,)


def test_without_any_bucket_nobody_is_primary(controls: Controls) -> None:
    for store in controls.values():
        store.fail("*", times=-1)

    with pytest.raises(StoreUnavailableError, match=r"no control bucket can be reached \(sites east, west\)"):
        current(controls)


def test_number_can_be_taken_once_per_bucket(controls: Controls) -> None:
    change = epoch(2, WEST)
    begin(controls[WEST], change)
    begin(controls[WEST], change)

    with pytest.raises(ObjectExistsError):
        begin(controls[WEST], epoch(2, EAST))

    assert current(controls).epoch.primary == WEST


def test_two_primaries_of_one_number_are_a_dispute_that_a_failover_ends(controls: Controls) -> None:
    begin(controls[WEST], epoch(2, WEST))
    begin(controls[EAST], epoch(2, EAST))

    with pytest.raises(RoleError, match="epoch 2 names east and west as primary; decide with a failover"):
        current(controls)
    disputed = current_epoch(SHOP, controls, KEYS, allow_rivals=True)
    assert [rival.primary for rival in (disputed.epoch, *disputed.rivals)] == [EAST, WEST]

    begin(controls[WEST], asked_epoch(GROUP, 3, WEST, now=NOON, previous=disputed.sha256))
    assert (current(controls).epoch.number, current(controls).epoch.primary) == (3, WEST)


def test_same_epoch_in_both_buckets_is_no_dispute(controls: Controls) -> None:
    change = epoch(2, WEST)
    for store in controls.values():
        begin(store, change)

    assert current(controls).epoch == change


def late(number: int, primary: SiteName, after: int) -> Epoch:
    """An epoch under a higher number than the next: asked for after that one."""
    asked = asked_epoch(GROUP, after + 1, primary, now=NOON)
    return replace(asked, number=number)


def signed(change: Epoch, role: KeyRole = KeyRole.RESTORE, site: SiteName = WEST, keys: Keyring = KEYS) -> bytes:
    """A record that says this, signed by whoever, at the place of epoch 3."""
    place = Place(group=GROUP, key=layout.epoch_key(GROUP, 3))
    return sign_record(keys, RecordKind.EPOCH, place, change, role, site)


def forgeries() -> dict[str, tuple[bytes, str]]:
    good = epoch(3, WEST)
    strangers = make_keys((EAST, WEST), NOON, timedelta(days=1))
    east = epoch(3, EAST)
    return {
        "empty": (b"", "is not a SignedEnvelope in our form"),
        "no envelope": (b"{}", "is not a SignedEnvelope in our form"),
        "too large": (b" " * 1_000_000, "larger than any of ours"),
        "unsigned": (signed(good).partition(b'"signatures":')[0] + b'"signatures":[]}', "is not signed"),
        "stranger": (signed(good, keys=Keyring(strangers.trust, strangers, FakeClock(NOON))), "is not signed by a key"),
        "export's key": (signed(good, KeyRole.EXPORT), "is not signed by a key"),
        "operator's key": (signed(good, KeyRole.OPERATOR), "is not signed by a key"),
        "other site's key": (
            signed(good, site=EAST),
            "names west as primary, and is signed by the restore key of east",
        ),
        "other number": (signed(epoch(2, WEST)), "that of another role change"),
        "lower than asked for": (signed(replace(late(4, WEST, after=3), number=3)), "does not follow the epoch after"),
        "other group": (signed(replace(good, group=GroupName("bank"))), "that of another role change"),
        "unknown site": (signed(replace(good, primary=SiteName("north"))), "which the group does not have"),
        "nobody asked": (signed(replace(good, asked=b"")), "the request that epoch"),
        "asked for other site": (signed(replace(good, asked=east.asked, request=east.request)), "was copied to"),
        "asked for other epoch": (
            signed(replace(good, asked=(old := epoch(2, WEST)).asked, request=old.request)),
            "was asked for after epoch 1, and 2 has begun since",
        ),
        "other history": (signed(replace(good, previous="f" * 64)), "does not follow the epoch after which"),
    }


FORGED = tuple(forgeries())


@pytest.mark.parametrize("how", FORGED)
def test_epoch_that_does_not_count_is_passed_over_and_said(controls: Controls, how: str) -> None:
    begin(controls[EAST], epoch(2, WEST))
    data, said = forgeries()[how]
    controls[EAST].put_if_absent(layout.epoch_key(GROUP, 3), data)

    found = current(controls)

    assert (found.epoch.number, found.epoch.primary) == (2, WEST)
    (doubt,) = found.doubtful
    assert said in doubt
    assert "epochs/shop/3.json in memory://east/control" in doubt


def test_number_that_somebody_else_has_taken_is_left_out(controls: Controls) -> None:
    for number in (2, 3):
        controls[WEST].put_if_absent(layout.epoch_key(GROUP, number), b"{}")

    number = free_number(controls.values(), GROUP, after=1)
    begin(controls[WEST], late(number, WEST, after=1))

    found = current(controls)
    assert (number, found.epoch.number, found.epoch.primary) == (4, 4, WEST)


def test_old_request_begins_no_epoch_after_those_that_have_begun_since(controls: Controls) -> None:
    """With the restore key of west, and what an operator had asked for once."""
    begin(controls[WEST], epoch(2, WEST))
    begin(controls[WEST], epoch(3, EAST))
    begin(controls[WEST], late(500, WEST, after=1))

    found = current(controls)

    assert (found.epoch.number, found.epoch.primary) == (3, EAST)
    assert "was asked for after epoch 1, and 3 has begun since" in found.doubtful[0]


def test_nor_where_only_the_other_bucket_shows_them(controls: Controls) -> None:
    begin(controls[EAST], epoch(3, EAST))
    begin(controls[WEST], late(500, WEST, after=1))

    assert (current(controls).epoch.number, current(controls).epoch.primary) == (3, EAST)


def test_too_much_in_between_makes_a_bucket_unreadable(controls: Controls) -> None:
    begin(controls[EAST], epoch(2, WEST))
    for number in range(3, 5 + MAX_DOUBTFUL):
        controls[WEST].put_if_absent(layout.epoch_key(GROUP, number), b"{}")
    begin(controls[WEST], late(500, WEST, after=1))

    assert current(controls).unreachable == (WEST,)


@pytest.mark.parametrize(("role", "site"), [(KeyRole.RESTORE, WEST), (KeyRole.EXPORT, EAST), (KeyRole.OPERATOR, WEST)])
def test_first_epoch_is_only_the_words_of_the_site_that_it_names(
    controls: Controls, role: KeyRole, site: SiteName
) -> None:
    place = Place(group=GROUP, key=layout.epoch_key(GROUP, 1))
    claim = replace(configured_epoch(SHOP), primary=WEST)
    controls[WEST].put_if_absent(place.key, sign_record(KEYS, RecordKind.EPOCH, place, claim, role, site))

    found = current(controls)

    assert found.epoch.primary == EAST
    assert len(found.doubtful) == 1


def test_bucket_full_of_forged_epochs_is_taken_for_unreadable(controls: Controls) -> None:
    begin(controls[EAST], epoch(2, WEST))
    for number in range(3, 4 + MAX_DOUBTFUL):
        controls[WEST].put_if_absent(layout.epoch_key(GROUP, number), b"{}")

    found = current(controls)

    assert (found.epoch.number, found.unreachable) == (2, (WEST,))
    assert any("do not count" in doubt for doubt in found.doubtful)


def test_one_lookup_reads_one_record_of_each_bucket(controls: Controls) -> None:
    for number, primary in ((2, WEST), (3, EAST), (4, WEST)):
        begin(controls[EAST], epoch(number, primary))
    reads: list[str] = []
    get = controls[EAST].get
    controls[EAST].get = lambda key, **limits: (reads.append(key), get(key, **limits))[1]  # type: ignore[method-assign]

    current(controls)

    assert reads == ["epochs/shop/4.json"]


@pytest.mark.parametrize("name", ["x.json", "0.json", "02.json", "2", "²2.json", "9999999999999.json", "-1.json"])
def test_strange_keys_are_no_epochs(controls: Controls, name: str) -> None:
    controls[EAST].put_if_absent(layout.epoch_prefix(GROUP) + name, b"")

    assert current(controls).epoch.number == 1
