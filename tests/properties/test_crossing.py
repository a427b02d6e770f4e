"""Invariants 1 and 3: what has crossed is what there was, and crossing it again changes nothing."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from functions.sanitize.rules import sanitize
from tests.properties.clusters import Manifest, applications, identity, objects
from tests.properties.pipeline import EAST, WEST, Pipeline, cluster, manifests, state
from tests.properties.values import typed


@given(applications)
def test_what_crossed_is_sanitized_to_the_same_as_what_there_was(application: Sequence[Manifest]) -> None:
    there = Pipeline(EAST)
    crossed = there.take(cluster(EAST, application))
    standby = cluster(WEST)
    there.restore(crossed, standby)

    back = Pipeline(WEST)
    again = back.take(standby)

    assert manifests(back.sanitized, again) == manifests(there.sanitized, crossed)
    assert state(again) == state(crossed)


@given(objects)
def test_sanitizing_twice_is_sanitizing_once(manifest: Manifest) -> None:
    once = sanitize(manifest).manifest
    if once is not None:
        assert sanitize(once).manifest == once


@given(applications, st.randoms(use_true_random=False))
def test_the_order_of_objects_makes_no_difference(application: Sequence[Manifest], order: random.Random) -> None:
    shuffled = list(application)
    order.shuffle(shuffled)

    one, other = Pipeline().take(cluster(EAST, application)), Pipeline().take(cluster(EAST, shuffled))

    assert state(one) == state(other)
    assert (one.rules, one.dropped, one.images) == (other.rules, other.dropped, other.images)


@given(applications)
def test_the_same_state_gives_the_same_bytes(application: Sequence[Manifest]) -> None:
    in_clear = [manifest for manifest in application if manifest["kind"] != "Secret"]
    one, other = Pipeline().take(cluster(EAST, in_clear)), Pipeline().take(cluster(EAST, in_clear))
    assert one.archive_sha256 == other.archive_sha256


@given(applications)
def test_the_same_state_has_the_same_digest_however_its_secrets_are_sealed(application: Sequence[Manifest]) -> None:
    one, other = Pipeline().take(cluster(EAST, application)), Pipeline().take(cluster(EAST, application))
    assert one.state_sha256 == other.state_sha256


@given(applications)
def test_restoring_twice_is_restoring_once(application: Sequence[Manifest]) -> None:
    pipeline, standby = Pipeline(), cluster(WEST)
    index = pipeline.take(cluster(EAST, application))
    pipeline.restore(index, standby)
    standby.writes.clear()

    report = pipeline.restore(index, standby)

    assert standby.writes == []
    assert {str(result.change) for result in report.results} == {"unchanged"}


SERVER_FIELDS = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"}


@given(applications)
def test_nothing_of_the_source_server_crosses(application: Sequence[Manifest]) -> None:
    pipeline = Pipeline()
    for manifest in manifests(pipeline.sanitized, pipeline.take(cluster(EAST, application))).values():
        assert not SERVER_FIELDS & manifest["metadata"].keys()
        assert "status" not in manifest or manifest["kind"] == "Goose"
        assert (manifest.get("spec") or {}).get("clusterIP", "None") == "None" or manifest["kind"] == "Goose"


@given(applications)
def test_what_somebody_wrote_arrives_as_it_was(application: Sequence[Manifest]) -> None:
    pipeline, standby = Pipeline(), cluster(WEST)
    pipeline.restore(pipeline.take(cluster(EAST, application)), standby)

    for manifest in (manifest for manifest in application if "namespace" in manifest["metadata"]):
        found = standby.object(*identity(manifest))
        if manifest["kind"] == "ReplicaSet":
            assert found is None
            continue
        assert found is not None
        fields = ("spec", "status") if manifest["kind"] == "Goose" else ("data", "automountServiceAccountToken")
        for field in fields:
            assert typed(found.get(field)) == typed(manifest.get(field))
