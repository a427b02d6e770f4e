"""What a dry run says about objects that seem to differ."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.restore.plans import Method, PlannedObject
from functions.restore.settling import Answer, settle
from functions.restore.survey import Finding
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import Kinds, RestoreSettings
from kubestandby.reports import Change, ObjectResult
from kubestandby.resources import Manifest
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import claim, config_map, custom, definition, desired, namespace, standby, workload


def settled(
    cluster: FakeCluster, wanted: dict[str, Any], settings: RestoreSettings | None = None
) -> PlannedObject | ObjectResult:
    item = desired(wanted)
    live = cluster.get(item.resource, item.ref.namespace, item.ref.name)
    with ThreadPoolExecutor(1) as pool:
        return settle(cluster, pool, [Finding(item, live)], settings or RestoreSettings(), {})[item.identity]


def refusal(status: int, words: str = "no") -> ClusterError:
    return ClusterError(f"{status} {words}", status=status, reason="Refused")


class Canonical(FakeCluster):
    """Writes 1000m as 1, as quantities are."""

    def apply(self, resource: Any, manifest: Manifest, **options: Any) -> Manifest:
        data = {key: "1" if value == "1000m" else value for key, value in manifest.get("data", {}).items()}
        return super().apply(resource, {**manifest, "data": data}, **options)


class NamesInside(FakeCluster):
    """Writes the object's name into it, as the Job controller's defaults do with a label."""

    def create(self, resource: Any, manifest: Manifest, **options: Any) -> Manifest:
        data = {**manifest["data"], "job": manifest["metadata"]["name"]}
        return super().create(resource, {**manifest, "data": data}, **options)


def test_another_spelling_of_the_same_value_is_no_change() -> None:
    cluster = Canonical(namespace(), config_map(cpu="1"))

    answer = settled(cluster, config_map(cpu="1000m"))

    assert isinstance(answer, ObjectResult)
    assert answer.change is Change.UNCHANGED


def test_a_change_names_the_fields() -> None:
    cluster = standby(namespace(), config_map(color="blue"))

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, PlannedObject)
    assert answer.change is Change.CONFIGURED
    assert [(d.path, d.live, d.desired) for d in answer.diffs] == [("data.color", "blue", "red")]
    assert (answer.reason, answer.method) == ("", Method.APPLY)
    assert answer.live_version


@pytest.mark.parametrize("status", [{"phase": "Sold"}, {}, None], ids=["changed", "emptied", "gone"])
def test_status_that_is_data_of_a_custom_resource_is_compared_like_the_rest(status: object) -> None:
    cluster = standby(namespace(), definition())
    before = {**custom(), "status": {"phase": "Open"}}
    cluster.apply(desired(before).resource, before)
    wanted = custom() if status is None else {**custom(), "status": status}

    answer, same = settled(cluster, wanted), settled(cluster, before)

    assert isinstance(answer, PlannedObject)
    assert [d.path.partition(".")[0] for d in answer.diffs] == ["status"]
    assert isinstance(same, ObjectResult)
    assert same.change is Change.UNCHANGED


def test_nothing_is_written() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.writes.clear()

    settled(cluster, config_map(color="red"))

    assert cluster.writes == []


def test_a_change_that_is_refused_though_the_object_is_valid_needs_a_recreate() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", refusal(422, "field is immutable"), name="settings")

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, ObjectResult)
    assert answer.change is Change.FAILED
    assert answer.reason.startswith("recreate needed: ")


def test_a_claim_is_never_recreated_and_nobody_is_told_to_delete_it() -> None:
    cluster = standby(namespace(), claim(storageClassName="slow"))
    cluster.fail("apply", refusal(422, "spec is immutable"), name="data")

    answer = settled(cluster, claim(storageClassName="fast"))

    assert isinstance(answer, ObjectResult)
    assert answer.change is Change.FAILED
    assert answer.reason.startswith("recreate needed: ")
    assert "never done to a PersistentVolumeClaim, since data would go with it" in answer.reason
    assert "spec.restore.recreate" not in answer.reason


def test_nobody_is_told_to_delete_what_its_claims_would_go_with() -> None:
    live = workload("StatefulSet")
    cluster = standby(namespace(), live)
    uid = cluster.object("StatefulSet", "shop", "web")["metadata"]["uid"]  # type: ignore[index]
    kept = claim("data-web-0")
    kept["metadata"]["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": uid}]
    cluster.put(kept)
    cluster.fail("apply", refusal(422, "spec is immutable"), name="web")

    answer = settled(cluster, {**live, "spec": {**live["spec"], "serviceName": "other"}})

    assert isinstance(answer, ObjectResult)
    assert "its claims (data-web-0) would go with the StatefulSet" in answer.reason
    assert "delete the live object" not in answer.reason


def test_a_definition_that_the_server_refuses_is_not_planned() -> None:
    cluster = standby(definition())
    cluster.fail("apply", refusal(422, "status.storedVersions[0]: missing from spec.versions"))

    answer = settled(cluster, definition(version="v2"))

    assert isinstance(answer, ObjectResult)
    assert answer.change is Change.FAILED
    assert "missing from spec.versions; bring the standby's definition in line" in answer.reason


def test_a_recreated_object_is_shown_under_its_own_name() -> None:
    live = config_map(color="blue", job="settings")
    cluster = NamesInside(namespace(), live)
    cluster.fail("apply", refusal(422, "field is immutable"), name="settings")

    answer = settled(cluster, config_map(color="red"), RestoreSettings(recreate=Kinds(names=frozenset({"ConfigMap"}))))

    assert isinstance(answer, PlannedObject)
    assert [d.path for d in answer.diffs] == ["data.color"]


def test_an_object_that_is_invalid_as_such_needs_no_recreate() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", refusal(422, "unknown color"), name="settings")
    cluster.fail("create", refusal(422, "unknown color"))

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, PlannedObject)
    assert "unknown color" in answer.refused


def test_what_a_dry_run_refuses_is_tried_all_the_same() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", ClusterUnavailableError("500 failed calling webhook", status=500), name="settings")

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, PlannedObject)
    assert [d.path for d in answer.diffs] == ["data.color"]


def test_a_webhook_that_takes_no_dry_runs_is_not_held_against_the_object() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", refusal(400, "admission webhook x does not support dry run"), name="settings")

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, PlannedObject)
    assert answer.refused == ""


def test_what_server_side_apply_cannot_express_is_settled_by_a_replace() -> None:
    cluster = standby(namespace(), config_map(color="blue"))
    cluster.fail("apply", refusal(500, "failed to create typed patch object"), name="settings")

    same, other = settled(cluster, config_map(color="blue")), settled(cluster, config_map(color="red"))

    assert isinstance(same, ObjectResult)
    assert isinstance(other, PlannedObject)
    assert other.method is Method.WHOLE
    assert "server-side apply cannot express it" in other.reason


class Filling(FakeCluster):
    """Fills something in when an object is made."""

    def create(self, resource: Any, manifest: Manifest, **options: Any) -> Manifest:
        return super().create(resource, {**manifest, "filled": "in"}, **options)


def test_an_object_that_is_what_the_server_would_make_anew_needs_no_recreate() -> None:
    cluster = Filling(namespace(), config_map(color="blue") | {"filled": "in"})
    cluster.fail("apply", refusal(422, "field is immutable"), name="settings")

    same, other = settled(cluster, config_map(color="blue")), settled(cluster, config_map(color="red"))

    assert same.change is Change.UNCHANGED
    assert isinstance(other, ObjectResult)
    assert other.reason.startswith("recreate needed: ")


def test_what_nobody_may_change_of_an_object_that_is_sent_whole_is_kept() -> None:
    cluster = Filling(namespace(), config_map(color="blue") | {"filled": "in"})
    cluster.fail("apply", refusal(500, "failed to create typed patch object"), name="settings")

    def settled_after_a_refusal(color: str) -> Answer:
        cluster.fail("replace", refusal(422, "field is immutable"), name="settings", times=1)
        return settled(cluster, config_map(color=color))

    same, other = settled_after_a_refusal("blue"), settled_after_a_refusal("red")

    assert same.change is Change.UNCHANGED
    assert isinstance(other, PlannedObject)
    assert [d.path for d in other.diffs] == ["data.color"]


def test_replacing_keeps_what_others_have_put_on_the_object() -> None:
    live = config_map(color="blue")
    live["metadata"] |= {"finalizers": ["example/hold"], "annotations": {"theirs": "yes"}, "labels": {"theirs": "yes"}}
    cluster = standby(namespace(), live)
    cluster.fail("apply", refusal(500, "failed to create typed patch object"), name="settings")

    answer = settled(cluster, config_map(color="red"))

    assert isinstance(answer, PlannedObject)
    assert [d.path for d in answer.diffs] == ["data.color"]
