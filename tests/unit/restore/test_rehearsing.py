"""A restore as a dry run."""

from typing import Any

from functions.restore.survey import autoscaled_workloads
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, ObjectResult
from tests.fakes.fake_cluster import FakeCluster, expired
from tests.unit.restore.samples import (
    autoscaler,
    config_map,
    custom,
    definition,
    desired,
    namespace,
    restore,
    result_of,
    standby,
)


def rehearsed(cluster: FakeCluster, wanted: dict[str, Any], *others: dict[str, Any]) -> ObjectResult:
    """What a rehearsal says of the wanted object."""
    cluster.writes.clear()
    report = restore(cluster, namespace(), *others, wanted, mode=RestoreMode.REHEARSE)
    assert cluster.writes == []
    return result_of(report, wanted["kind"], wanted["metadata"]["name"])


def refusal(status: int, words: str) -> ClusterError:
    return ClusterError(f"{status} {words}", status=status, reason="Refused")


def test_what_would_be_created_was_tried() -> None:
    cluster = standby(namespace())

    result = rehearsed(cluster, config_map())

    assert (result.change, result.reason) == (Change.CREATED, "")
    assert ("apply", "configmaps", "shop", "settings") in cluster.calls


def test_what_would_be_configured_was_tried_once() -> None:
    cluster = standby(namespace(), config_map(color="blue"))

    result = rehearsed(cluster, config_map(color="red"))

    assert result.change is Change.CONFIGURED
    assert cluster.calls.count(("apply", "configmaps", "shop", "settings")) == 1


def test_a_refused_change_is_a_failure() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", refusal(403, "not that color"), name="settings")

    result = rehearsed(cluster, config_map(color="red"))

    assert (result.change, "not that color" in result.reason) == (Change.FAILED, True)


def test_a_refused_object_is_a_failure() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", ClusterUnavailableError("500 failed calling webhook", status=500), name="settings")

    result = rehearsed(cluster, config_map())

    assert (result.change, "failed calling webhook" in result.reason) == (Change.FAILED, True)


def test_a_webhook_that_takes_no_dry_run_leaves_the_object_untried() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", refusal(400, "webhook does not support dry run"), name="settings")

    result = rehearsed(cluster, config_map())

    assert result.change is Change.CREATED
    assert result.reason.startswith("not rehearsed: ")


def test_custom_resources_wait_for_their_definition() -> None:
    result = rehearsed(standby(namespace()), custom(), definition())

    assert (result.change, result.reason) == (Change.CREATED, "not rehearsed: its definition is not applied yet")


def test_what_is_being_deleted_cannot_be_tried() -> None:
    leaving = config_map()
    leaving["metadata"]["deletionTimestamp"] = "2026-11-22T11:00:00Z"

    result = rehearsed(standby(namespace(), leaving), config_map())

    assert result.change is Change.CREATED
    assert result.reason.startswith("not rehearsed: made anew")


def test_a_list_that_expires_in_a_survey_starts_again() -> None:
    cluster = standby(namespace(), config_map("a"), config_map("b"))
    cluster.fail("list", expired(), plural="configmaps", after_pages=1, times=1)

    assert rehearsed(cluster, config_map("a"), config_map("b")).change is Change.UNCHANGED


def test_only_built_in_workloads_have_a_number_that_autoscalers_set() -> None:
    strange, aimless = autoscaler("strange"), autoscaler("aimless")
    strange["spec"]["scaleTargetRef"] |= {"apiVersion": "shop.example/v1", "kind": "Ticket"}
    del aimless["spec"]["scaleTargetRef"]

    found = autoscaled_workloads([desired(manifest) for manifest in (autoscaler(), strange, aimless)])

    assert found == {("apps", "Deployment", "shop", "web")}
