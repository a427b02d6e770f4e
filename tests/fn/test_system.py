"""The whole system as deployed on OCI, between two real clusters: a snapshot crosses, a failover, the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import SiteName
from tests.e2e.conftest import APP, Shop
from tests.fn.images import Image
from tests.fn.regions import System, deployed
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = [pytest.mark.clusters, pytest.mark.xdist_group("images")]
EAST, WEST = SiteName("east"), SiteName("west")


@pytest.fixture
def system(
    common_folder: Path,
    primary: ClusterAccess,
    standby: ClusterAccess,
    namespace_factory: NamespaceFactory,
    image_of: Callable[[str], Image],
) -> Iterator[tuple[System, Shop]]:
    namespace = namespace_factory(primary, prefix="fn-shop")
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=APP)
    with deployed(common_folder, {"east": primary, "west": standby}, namespace, image_of) as running:
        yield running, Shop(running.pipeline, namespace, primary, standby)


def deployment(number: int) -> dict[str, Any]:
    return {
        "action": "created",
        "deployment": {"id": number, "ref": f"v{number}", "environment": "production", "sha": "0" * 40},
        "deployment_status": {"id": number, "state": "success", "environment": "production"},
        "repository": {"full_name": "shop/web"},
    }


def test_an_application_crosses_fails_over_and_comes_back(system: tuple[System, Shop]) -> None:
    running, shop = system
    east, west = running.regions["east"], running.regions["west"]
    timer = {"action": "export", "group": running.group, "origin": "timer"}

    # the schedule: both regions' timers go off, and the primary's counts
    asked = east.schedule(timer)
    assert west.schedule(timer) == {"ignored": "another site is primary; its own timer asks for exports"}
    running.settle()
    outcome = running.pipeline.requests("east").outcome(running.pipeline.group.name, asked["request"])
    assert outcome is not None
    assert (outcome.verdict, str(outcome.snapshot)) == (Verdict.DONE, "1-1")
    assert shop.price("west") == "1"

    # a deployment: its webhook comes through the gateway, twice
    shop.set_price("east", "2")
    assert [east.webhook(running.group, deployment(1), "d-1") for _ in "12"] == [202, 200]
    running.settle()
    assert (shop.price("west"), len(running.pipeline.raw("east"))) == ("2", 2)

    # the region is lost, and the standby's takes over
    east.stop()
    request = running.pipeline.ask("west", Action.FAILOVER, to=WEST)
    outcome = running.pipeline.outcome("west", request, 120)
    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED), outcome.message
    assert shop.ready_replicas("west") == "2"

    # the way back: the region is there again, and follows; then it is primary once more
    shop.set_price("west", "3")
    east.start()
    running.settle()
    assert east.schedule(timer)["ignored"]
    west.schedule(timer)
    running.settle()
    assert shop.price("east") == "3"
    request = running.pipeline.ask("east", Action.FAILOVER, to=EAST)
    outcome = running.pipeline.outcome("east", request, 120)
    running.settle()
    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED), outcome.message
    assert running.pipeline.requests("west").pending(running.pipeline.group.name) == ()
    assert all(region.memory_megabytes() < 512 for region in (east, west))
    assert east.schedule({"action": "tick"}) == {"tick": {"pushed": [], "failed": 0}}
