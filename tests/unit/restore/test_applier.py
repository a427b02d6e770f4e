"""Carrying out a plan."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions.restore.applier import LATE_PAUSES, Applier
from functions.restore.plans import Identity, Method, Plan, PlannedObject
from functions.restore.waves import order
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, ObjectResult
from kubestandby.snapshots import GroupName
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    FIRST,
    NOON,
    WEST,
    config_map,
    custom,
    definition,
    desired,
    namespace,
    secret,
    standby,
)

WEBHOOK = ClusterUnavailableError("500 failed calling webhook", status=500, reason="InternalError")


def plan_of(*planned: PlannedObject) -> Plan:
    by_identity = {item.identity: item for item in planned}
    waves = order([item.desired for item in planned], ("shop",))
    return Plan(
        group=GroupName("shop"),
        site=WEST,
        snapshot=FIRST,
        mode=RestoreMode.HOT,
        target_cluster="",
        waves=tuple(tuple(by_identity[identity] for identity in wave) for wave in waves),
        settled=(),
        desired=tuple(item.desired for item in planned),
        namespaces=frozenset(),
    )


def created(manifest: dict[str, Any], **changes: Any) -> PlannedObject:
    return replace(PlannedObject(desired=desired(manifest), change=Change.CREATED), **changes)


def unserved(manifest: dict[str, Any]) -> PlannedObject:
    """Of a kind that only a definition of the same restore will have served."""
    return created(manifest, desired=desired(manifest, served=False))


def apply(
    cluster: FakeCluster, *planned: PlannedObject, clock: FakeClock | None = None
) -> Mapping[Identity, ObjectResult]:
    with ThreadPoolExecutor(1) as pool:
        return Applier(cluster, clock or FakeClock(NOON), pool).apply(plan_of(*planned)).results


def changes(results: Mapping[Identity, ObjectResult]) -> dict[str, str]:
    return {result.ref.name: str(result.change) for result in results.values()}


def refusal(status: int, words: str = "no") -> ClusterError:
    return ClusterError(f"{status} {words}", status=status, reason="Refused")


def test_nothing_but_the_plan_is_sent() -> None:
    cluster = standby(namespace())
    cluster.writes.clear()

    apply(cluster, created(config_map("a")))

    assert cluster.writes == [("apply", "configmaps", "shop", "a")]


def test_waves_follow_each_other() -> None:
    cluster = standby()

    apply(cluster, created(custom()), created(config_map()), created(namespace()), created(definition()))

    assert [plural for _, plural, _, _ in cluster.writes] == [
        "customresourcedefinitions",
        "namespaces",
        "configmaps",
        "tickets",
    ]


def test_a_change_that_came_to_nothing_is_unchanged() -> None:
    cluster = standby(namespace())
    first = cluster.apply(desired(config_map()).resource, config_map())
    live_version = first["metadata"]["resourceVersion"]

    results = apply(cluster, created(config_map(), change=Change.CONFIGURED, live_version=live_version))

    assert changes(results) == {"settings": "unchanged"}


def test_what_server_side_apply_cannot_express_is_created_whole() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", refusal(500, "failed to create typed patch object: duplicate entries"), name="settings")

    results = apply(cluster, created(config_map()))

    (result,) = results.values()
    assert cluster.writes[-1][0] == "create"
    assert (result.change, "server-side apply cannot express it" in result.reason) == (Change.CREATED, True)


def test_what_was_found_to_need_it_is_replaced_whole_at_once() -> None:
    cluster = standby(namespace(), config_map(color="blue"))

    apply(cluster, created(config_map(color="red"), method=Method.WHOLE))

    assert cluster.writes[-1][0] == "replace"
    assert ("apply", "configmaps", "shop", "settings") not in cluster.calls


@pytest.mark.parametrize("kind", [ClusterError, ClusterUnavailableError])
def test_a_webhook_that_comes_up_late_is_waited_for(kind: type[ClusterError]) -> None:
    cluster, clock = standby(namespace()), FakeClock(NOON)
    cluster.fail("apply", kind("500 failed calling webhook", status=500), name="settings", times=4)

    results = apply(cluster, created(config_map()), created(secret()), clock=clock)

    assert changes(results) == {"settings": "created", "password": "created"}
    assert clock.sleeps == list(LATE_PAUSES[:4])


def test_a_webhook_that_never_comes_up_is_a_failure_in_the_end() -> None:
    cluster, clock = standby(namespace()), FakeClock(NOON)
    cluster.fail("apply", WEBHOOK, name="settings")

    results = apply(cluster, created(config_map()), created(secret()), clock=clock)

    assert changes(results) == {"settings": "failed", "password": "created"}
    assert clock.sleeps == list(LATE_PAUSES)


SILENT = ClusterUnavailableError(
    '500 failed calling webhook "hook.example": context deadline exceeded', status=500, reason="InternalError"
)


def test_of_what_waits_for_a_webhook_that_hangs_one_object_a_round_is_tried() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", SILENT, plural="configmaps")

    results = apply(cluster, *(created(config_map(name)) for name in "abcd"), created(secret()))

    assert changes(results) == {**dict.fromkeys("abcd", "failed"), "password": "created"}
    tries = sum(call[:2] == ("apply", "configmaps") for call in cluster.calls)
    assert tries == 4 + len(LATE_PAUSES)


def test_all_that_waited_for_a_webhook_follow_when_it_answers() -> None:
    cluster, clock = standby(namespace()), FakeClock(NOON)
    cluster.fail("apply", SILENT, plural="configmaps", times=4 + 2)

    results = apply(cluster, *(created(config_map(name)) for name in "abcd"), clock=clock)

    assert changes(results) == dict.fromkeys("abcd", "created")
    assert clock.sleeps == list(LATE_PAUSES[:3])


def test_a_webhook_that_answers_one_object_and_not_the_next_is_asked_again_in_the_next_round() -> None:
    cluster, clock = standby(namespace()), FakeClock(NOON)
    cluster.fail("apply", SILENT, plural="configmaps", times=3)
    cluster.fail("apply", SILENT, plural="configmaps", name="b", times=1)

    results = apply(cluster, *(created(config_map(name)) for name in "abc"), clock=clock)

    assert changes(results) == dict.fromkeys("abc", "created")
    assert clock.sleeps == list(LATE_PAUSES[:2])


def test_a_refusal_that_is_kept_holds_no_frames() -> None:
    cluster = standby(namespace())
    kept = refusal(403)
    kept.__cause__ = kept.__context__ = ValueError("the reply")
    cluster.fail("apply", kept, name="settings")

    apply(cluster, created(config_map()))

    assert (kept.__traceback__, kept.__cause__, kept.__context__) == (None, None, None)


@pytest.mark.parametrize(("status", "tries"), [(400, 1), (422, 2), (403, 3), (404, 3), (409, 3)])
def test_how_often_a_refusal_is_put_to_the_test(status: int, tries: int) -> None:
    cluster = standby(namespace())
    cluster.fail("apply", refusal(status), name="settings")

    results = apply(cluster, created(config_map()))

    assert changes(results) == {"settings": "failed"}
    assert cluster.calls.count(("apply", "configmaps", "shop", "settings")) == tries


def test_what_a_namespace_held_up_follows_when_the_namespace_comes() -> None:
    cluster = standby()
    cluster.fail("apply", refusal(403), plural="namespaces", times=1)

    results = apply(cluster, created(namespace()), created(config_map()))

    assert changes(results) == {"shop": "created", "settings": "created"}


def test_custom_resources_of_a_refused_definition_are_blocked() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", refusal(422), plural="customresourcedefinitions")

    results = apply(cluster, created(definition()), unserved(custom()), created(config_map()))

    assert changes(results) == {"tickets.shop.example": "failed", "one": "blocked", "settings": "created"}
    assert "tickets.shop.example is not served" in results["shop.example", "Ticket", "shop", "one"].reason


def test_a_definition_that_is_not_accepted_in_time_is_a_failure() -> None:
    cluster, clock = standby(namespace()), FakeClock(NOON)
    refused = definition()
    refused["status"] = {"conditions": [{"type": "NamesAccepted", "status": "False", "message": "plural is taken"}]}

    results = apply(cluster, created(refused), unserved(custom()), clock=clock)

    assert changes(results) == {"tickets.shop.example": "failed", "one": "blocked"}
    assert any("plural is taken" in result.reason for result in results.values())


def leaving(manifest: dict[str, Any]) -> dict[str, Any]:
    mark = {"deletionTimestamp": "2026-11-22T12:00:00Z", "finalizers": ["example/hold"]}
    return manifest | {"metadata": manifest["metadata"] | mark}


class EndingClock(FakeClock):
    """The third pause ends the deletion."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(NOON)
        self._cluster = cluster

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.sleeps) == 3:
            self._cluster.take_out("ConfigMap", "shop", "settings")


def test_an_object_that_is_being_deleted_is_made_anew_when_it_is_gone() -> None:
    cluster = standby(namespace(), leaving(config_map()))

    results = apply(cluster, created(config_map(), awaits_deletion=True), clock=EndingClock(cluster))

    assert changes(results) == {"settings": "created"}
    assert "deletionTimestamp" not in cluster.object("ConfigMap", "shop", "settings")["metadata"]  # type: ignore[index]


def test_an_object_that_is_never_gone_is_a_failure_that_names_the_finalizer() -> None:
    cluster = standby(namespace(), leaving(config_map()))

    results = apply(cluster, created(config_map(), awaits_deletion=True), created(secret()))

    assert changes(results) == {"settings": "failed", "password": "created"}
    assert "example/hold" in results["", "ConfigMap", "shop", "settings"].reason


def test_an_object_that_goes_away_under_the_apply_is_a_failure() -> None:
    cluster = standby(namespace(), leaving(config_map(color="blue")))

    results = apply(cluster, created(config_map(color="red")))

    assert changes(results) == {"settings": "failed"}
    assert "is being deleted; restore again when it is gone" in results["", "ConfigMap", "shop", "settings"].reason


def test_a_definition_that_cannot_be_changed_blocks_only_the_versions_that_it_would_bring() -> None:
    cluster = standby(namespace(), definition())
    cluster.fail("apply", refusal(422), plural="customresourcedefinitions")
    newer = custom(name="newer", api_version="shop.example/v2")
    change = created(definition(), change=Change.CONFIGURED)

    results = apply(cluster, change, created(custom()), unserved(newer))

    assert changes(results) == {"tickets.shop.example": "failed", "one": "created", "newer": "blocked"}
