"""What a site has told of its API's versions: the newest word that counts, and only of itself."""

from datetime import timedelta

import pytest

from kubestandby import layout
from kubestandby.errors import UntrustedRecordError
from kubestandby.ports import Discovery
from kubestandby.served_versions import ServedRecords, ServedVersions, served_versions
from kubestandby.snapshots import GroupName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import EAST, WEST, keyring
from tests.fakes.memory_store import MemoryStore

SHOP = GroupName("shop")
SCALER, DEPLOYMENT, SERVICE = ("autoscaling", "HorizontalPodAutoscaler"), ("apps", "Deployment"), ("", "Service")


class Told:
    """East's control bucket, and what west has told there."""

    def __init__(self) -> None:
        self.store, self.clock, self.doubts = MemoryStore(), FakeClock(), list[UntrustedRecordError]()
        self.records = ServedRecords(self.store, keyring(self.clock), EAST, self.doubts.append)

    def tell(self, *versions: str, site: str = WEST, at: ServedRecords | None = None) -> str:
        self.clock.advance(60)
        kinds = {"HorizontalPodAutoscaler.autoscaling": versions}
        served = ServedVersions(group=SHOP, site=site, kinds=kinds)  # type: ignore[arg-type]
        (at or self.records).tell(served, self.clock.now())
        return max(self.store.objects)

    def newest(self) -> tuple[str, ...]:
        found = self.records.newest(SHOP, WEST)
        return found.of(SCALER) if found else ()


def test_the_last_word_counts() -> None:
    told = Told()
    told.tell("v1")
    told.tell("v1", "v2")

    assert told.newest() == ("v1", "v2")


def test_who_has_told_nothing_serves_nothing_that_is_known() -> None:
    told = Told()
    told.tell("v1", site=EAST)

    assert told.records.newest(SHOP, WEST) is None
    assert "is not what west has told of itself" in str(told.doubts[0])


def test_what_somebody_else_has_put_there_hides_nothing() -> None:
    told = Told()
    told.tell("v1")
    for time, data in (("20990101T000000.000000Z", b"junk"), ("20990102T000000.000000Z", b"x" * (5 << 20))):
        told.store.objects[layout.served_key(SHOP, time)] = data

    assert told.newest() == ("v1",)
    assert len(told.doubts) == 2


def test_an_old_word_under_a_later_name_is_none() -> None:
    told = Told()
    old = told.tell("v1")
    told.tell("v2")
    told.store.objects[layout.served_key(SHOP, "20990101T000000.000000Z")] = told.store.objects[old]

    assert told.newest() == ("v2",)
    assert "was copied to where it is now" in str(told.doubts[0])


def test_a_word_that_was_told_to_another_site_is_none() -> None:
    told = Told()
    told.tell("v1", at=ServedRecords(told.store, keyring(told.clock), WEST))

    assert told.newest() == ()


@pytest.mark.parametrize("group", ["autoscaling", "autoscaling/v2"])
def test_of_a_group_that_does_not_answer_the_last_word_holds(group: str) -> None:
    before = ServedVersions(
        group=SHOP, site=WEST, kinds={"HorizontalPodAutoscaler.autoscaling": ("v1", "v2"), "Deployment.apps": ("v0",)}
    )
    discovery = Discovery((), {group: "503"}, {SCALER: ("v1",), DEPLOYMENT: ("v1",), SERVICE: ("v1",)})

    served = served_versions(SHOP, WEST, discovery, before)

    assert served.kinds == {
        "HorizontalPodAutoscaler.autoscaling": ("v1", "v2"), "Deployment.apps": ("v1",), "Service": ("v1",)
    }  # fmt: skip
    assert [served.of(kind) for kind in (SCALER, SERVICE, ("", "Gone"))] == [("v1", "v2"), ("v1",), ()]


def test_of_a_kind_that_a_server_does_not_show_yet_the_last_word_holds() -> None:
    before = ServedVersions(group=SHOP, site=WEST, kinds={"Order.example.com": ("v1",), "Service": ("v1",)})

    assert served_versions(SHOP, WEST, Discovery((), {}, {SERVICE: ("v1",)}), before) == before


def test_of_the_core_group_too() -> None:
    before = ServedVersions(group=SHOP, site=WEST, kinds={"Service": ("v1", "v2"), "Deployment.apps": ("v1",)})

    served = served_versions(SHOP, WEST, Discovery((), {"core/v1": "503"}, {SERVICE: ("v1",)}), before)

    assert served == before


def test_the_order_in_which_a_server_prefers_versions_is_no_change() -> None:
    one, other = (
        served_versions(SHOP, WEST, Discovery((), {}, {SCALER: order}), None) for order in (("v1", "v2"), ("v2", "v1"))
    )

    assert one == other


def test_a_moment_later_is_another_record() -> None:
    told = Told()
    first = told.tell("v1")
    told.clock.advance(timedelta(microseconds=1).total_seconds())

    assert told.tell("v1") > first


def test_the_last_word_counts_after_a_clock_that_was_a_year_ahead() -> None:
    told = Told()
    told.clock.advance(365 * 86_400)
    told.tell("v1", "v2")
    told.clock.advance(-366 * 86_400)

    told.tell("v1")

    assert told.newest() == ("v1",)
