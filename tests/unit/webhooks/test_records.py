"""Deliveries are remembered for a week at least, and not for ever."""

from kubestandby.runtime.webhooks.delivery_records import DeliveryRecords
from kubestandby.snapshots import GroupName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.unit.webhooks.hooks import HookedWorld, github

SHOP = GroupName("shop")
DAY = 86_400.0


def test_a_delivery_is_known_for_a_week():
    clock = FakeClock()
    records = DeliveryRecords(MemoryStore(), clock)
    records.add(SHOP, "github", "guid-1", "request-1")

    clock.advance(7 * DAY)

    found = records.find(SHOP, "github", "guid-1")
    assert found is not None
    assert (found.webhook, found.request) == ("github", "request-1")
    assert records.find(SHOP, "github", "guid-2") is None
    assert records.find(SHOP, "gitlab", "guid-1") is None


def test_a_record_stays_as_it_was_first_written():
    records = DeliveryRecords(MemoryStore(), FakeClock())
    records.add(SHOP, "github", "guid-1", "request-1")
    records.add(SHOP, "github", "guid-1", "request-2")

    found = records.find(SHOP, "github", "guid-1")
    assert found is not None
    assert found.request == "request-1"


def test_old_records_go_without_being_read():
    store, clock = MemoryStore(), FakeClock()
    records = DeliveryRecords(store, clock)
    for _ in range(4):
        records.add(SHOP, "github", "guid-1", "request-1")
        clock.advance(7 * DAY)
    store.calls.clear()

    assert records.drop_old(SHOP) == 3
    assert len(store.objects) == 1
    assert "get" not in {operation for operation, _ in store.calls}


def test_a_tick_drops_old_records():
    world = HookedWorld()
    world.send(github())
    world.settle()
    world.clock.advance(15 * DAY)

    world.tick()

    assert not [key for key in world.control("east").objects if key.startswith("deliveries/")]
