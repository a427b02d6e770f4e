"""Failover on real clusters, with the primary gone."""

from pathlib import Path

import pytest

from kubestandby.layout import Action
from kubestandby.requests import Verdict
from kubestandby.snapshots import SiteName
from tests.e2e.conftest import Shop
from tests.e2e.pipeline import Pipeline, wait_for

pytestmark = pytest.mark.clusters
WEST = SiteName("west")


def test_a_failover_works_with_the_primary_and_its_buckets_gone(shop: Shop, tmp_path: Path):
    with shop.pipeline.functions() as functions:
        shop.pipeline.do("east", Action.EXPORT)
        assert functions.quiet(90)
    (tmp_path / "east").rename(tmp_path / "east-lost")
    (tmp_path / "east").write_text("a file where the buckets' folder was")
    gone = tmp_path / "kubeconfig-of-nobody"
    pipeline = Pipeline.between(tmp_path, gone, shop.clusters["west"].kubeconfig, shop.namespace)

    with pipeline.functions():
        outcome = pipeline.do("west", Action.FAILOVER, to=WEST)

    assert outcome.verdict in (Verdict.DONE, Verdict.UNCHANGED)
    assert outcome.details["rto_seconds"] is not None
    assert shop.ready_replicas("west") == "2"


def test_roles_are_swapped_after_a_failover(shop: Shop):
    pipeline = shop.pipeline
    with pipeline.functions() as functions:
        pipeline.do("east", Action.EXPORT)
        assert functions.quiet(90)
        pipeline.do("west", Action.FAILOVER, to=WEST)
        refused = pipeline.do("east", Action.EXPORT)
        shop.set_price("west", "5")
        exported = pipeline.do("west", Action.EXPORT)
        wait_for(lambda: pipeline.marks("east"), 90)

    assert refused.verdict is Verdict.REFUSED
    assert "west is primary since epoch 2" in refused.message
    assert str(exported.snapshot) == "2-1"
    assert shop.price("east") == "5"
