from collections.abc import Mapping
from dataclasses import replace

import pytest

from kubestandby import codec, layout
from kubestandby.errors import (
    ConfigError,
    FormatError,
    ObjectExistsError,
    RoleError,
    StandbyError,
    StoreUnavailableError,
)
from kubestandby.groups import ClusterAccess, ProtectionGroup, Site
from kubestandby.roles import Epoch, begin_epoch, current_epoch
from kubestandby.snapshots import SiteName
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


def epoch(number: int, primary: SiteName) -> Epoch:
    return Epoch(group=GROUP, number=number, primary=primary, since=NOON, request="r", reason="failover")


@pytest.fixture
def controls() -> Mapping[SiteName, MemoryStore]:
    return {EAST: MemoryStore("memory://east/control"), WEST: MemoryStore("memory://west/control")}


def test_configured_primary_holds_as_epoch_one(controls: Mapping[SiteName, MemoryStore]) -> None:
    current = current_epoch(SHOP, controls)

    assert (current.epoch.number, current.epoch.primary, current.unreachable) == (1, EAST, ())


def test_highest_epoch_of_all_buckets_holds(controls: Mapping[SiteName, MemoryStore]) -> None:
    for store, change in ((WEST, epoch(2, WEST)), (EAST, epoch(3, EAST)), (WEST, epoch(10, WEST))):
        begin_epoch(controls[store], change)

    assert current_epoch(SHOP, controls).epoch == epoch(10, WEST)


def test_unreachable_bucket_is_named_and_the_other_one_counts(controls: Mapping[SiteName, MemoryStore]) -> None:
    begin_epoch(controls[WEST], epoch(2, WEST))
    controls[EAST].fail("list", times=-1)

    current = current_epoch(SHOP, controls)

    assert current.epoch == epoch(2, WEST)
    assert current.unreachable == (EAST,)


def test_without_any_bucket_nobody_is_primary(controls: Mapping[SiteName, MemoryStore]) -> None:
    for store in controls.values():
        store.fail("*", times=-1)

    with pytest.raises(StoreUnavailableError, match=r"no control bucket can be reached \(sites east, west\)"):
        current_epoch(SHOP, controls)


def test_number_can_be_taken_once_per_bucket(controls: Mapping[SiteName, MemoryStore]) -> None:
    begin_epoch(controls[WEST], epoch(2, WEST))
    begin_epoch(controls[WEST], epoch(2, WEST))

    with pytest.raises(ObjectExistsError):
        begin_epoch(controls[WEST], epoch(2, EAST))

    assert current_epoch(SHOP, controls).epoch.primary == WEST


def test_two_primaries_of_one_number_are_a_dispute_that_a_failover_ends(
    controls: Mapping[SiteName, MemoryStore],
) -> None:
    begin_epoch(controls[WEST], epoch(2, WEST))
    begin_epoch(controls[EAST], epoch(2, EAST))

    with pytest.raises(RoleError, match="epoch 2 names east and west as primary; decide with a failover"):
        current_epoch(SHOP, controls)
    disputed = current_epoch(SHOP, controls, allow_rivals=True)
    assert [rival.primary for rival in (disputed.epoch, *disputed.rivals)] == [EAST, WEST]

    begin_epoch(controls[WEST], epoch(3, WEST))
    assert current_epoch(SHOP, controls).epoch == epoch(3, WEST)


def test_same_epoch_in_both_buckets_is_no_dispute(controls: Mapping[SiteName, MemoryStore]) -> None:
    for store in controls.values():
        begin_epoch(store, epoch(2, WEST))

    assert current_epoch(SHOP, controls).epoch == epoch(2, WEST)


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (b"", FormatError),
        (b"{}", FormatError),
        (b" " * 100_000, FormatError),
        (codec.encode(epoch(1, WEST)), FormatError),
        (codec.encode(replace(epoch(2, WEST), group=SiteName("other"))), FormatError),
        (codec.encode(epoch(2, SiteName("north"))), ConfigError),
    ],
    ids=["empty", "no epoch", "too large", "another number", "another group", "unknown site"],
)
def test_damaged_highest_epoch_is_never_replaced_by_an_older_one(
    controls: Mapping[SiteName, MemoryStore], stored: bytes, error: type[StandbyError]
) -> None:
    controls[EAST].put_if_absent(layout.epoch_key(GROUP, 2), stored)

    with pytest.raises(error):
        current_epoch(SHOP, controls)


@pytest.mark.parametrize("name", ["x.json", "0.json", "02.json", "2", "²2.json", "9999999999999.json", "-1.json"])
def test_strange_keys_are_no_epochs(controls: Mapping[SiteName, MemoryStore], name: str) -> None:
    controls[EAST].put_if_absent(layout.epoch_prefix(GROUP) + name, b"")

    assert current_epoch(SHOP, controls).epoch.number == 1
