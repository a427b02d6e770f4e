"""What others have set beside what we set."""

from typing import Any

import pytest

from functions.restore import reporting
from functions.restore.drift import MAX_REPORTED_DRIFT, drift, stripped
from functions.restore.reporting import bounded
from kubestandby.reports import Change, Drift, ObjectResult
from kubestandby.resources import ObjectRef
from tests.fakes.server_side_apply import fields_of, merged
from tests.unit.restore.samples import config_map, secret

Json = dict[str, Any]


def live_with(desired: Json, theirs: Json, manager: str = "kubectl-edit", **entry: Any) -> Json:
    """Our object, on which somebody else has set fields, too."""
    live = merged({}, desired, "kubestandby")
    changed = merged(live, {**theirs, "apiVersion": "v1", "kind": desired["kind"]}, manager)
    changed["metadata"]["managedFields"][-1] |= {"operation": "Update", **entry}
    return changed


def told(desired: Json, live: Json) -> list[tuple[str, str, str]]:
    return [(one.path, one.live, one.manager) for one in drift(ObjectRef.of(desired), desired, live)]


def test_a_field_of_another_manager_is_told_with_value_and_manager() -> None:
    live = live_with(config_map(color="blue"), {"data": {"extra": "theirs"}})

    assert told(config_map(color="blue"), live) == [("data.extra", "theirs", "kubectl-edit")]


def test_a_secrets_values_are_masked() -> None:
    live = live_with(secret(key="aGk="), {"data": {"extra": "c2VjcmV0"}})

    assert told(secret(key="aGk="), live) == [("data.extra", "***", "kubectl-edit")]


@pytest.mark.parametrize(
    "manager",
    ["kube-controller-manager", "oci-cloud-controller-manager", "csi-provisioner", "kubestandby-restart", "k3s"],
)
def test_what_the_control_plane_and_we_write_is_no_drift(manager: str) -> None:
    live = live_with(config_map(color="blue"), {"data": {"extra": "x"}}, manager)

    assert told(config_map(color="blue"), live) == []


def test_a_subresource_is_no_drift() -> None:
    live = live_with(config_map(color="blue"), {"data": {"extra": "x"}}, subresource="status")

    assert told(config_map(color="blue"), live) == []


@pytest.mark.parametrize(
    "theirs",
    [
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}}},
        {"metadata": {"labels": {"topology.kubernetes.io/zone": "a"}}},
        {"metadata": {"finalizers": ["example/hold"]}},
        {"status": {"phase": "x"}},
    ],
)
def test_what_belongs_to_its_cluster_is_no_drift(theirs: Json) -> None:
    live = live_with(config_map(), {})
    live["metadata"]["managedFields"][-1]["fieldsV1"] = {**fields_of(theirs), "f:status": {"f:phase": {}}}
    live = {**live, **theirs, "metadata": {**live["metadata"], **theirs.get("metadata", {})}}

    assert told(config_map(), live) == []


@pytest.mark.parametrize("label", ["app.kubernetes.io/part-of", "kubectl.kubernetes.io/restartedAt", "team"])
def test_peoples_labels_are_drift(label: str) -> None:
    live = live_with(config_map(), {"metadata": {"labels": {label: "theirs"}}})

    assert len(told(config_map(), live)) == 1


def test_an_allocated_address_is_no_drift_but_a_selector_is() -> None:
    service = {**config_map("web"), "kind": "Service", "spec": {"ports": [{"port": 80}]}}
    del service["data"]
    live = live_with(service, {"spec": {"clusterIP": "10.0.0.7", "selector": {"app": "theirs"}}})

    assert told(service, live) == [("spec.selector.app", "theirs", "kubectl-edit")]


def test_what_the_snapshot_has_itself_is_no_drift_whoever_set_it() -> None:
    live = merged({}, config_map(color="blue"), "helm")

    assert told(config_map(color="blue"), live) == []


def test_a_report_names_a_few() -> None:
    live = live_with(config_map(), {"data": {f"extra{number}": "x" for number in range(99)}})

    assert len(told(config_map(), live)) == MAX_REPORTED_DRIFT


def test_stripping_leaves_ours_and_takes_empty_mappings_along() -> None:
    live = live_with(config_map(color="blue"), {"metadata": {"labels": {"team": "x"}}, "data": {"extra": "x"}})

    left = stripped(ObjectRef.of(live), config_map(color="blue"), live)

    assert left["data"] == {"color": "blue"}
    assert "labels" not in left["metadata"]
    assert live["data"] == {"color": "blue", "extra": "x"}


def test_a_report_of_many_objects_names_a_bounded_number_of_fields() -> None:
    many = tuple(Drift("metadata.labels.mesh", "on", "mesh") for _ in range(MAX_REPORTED_DRIFT))
    ref = ObjectRef.of(config_map())
    results = tuple(ObjectResult(ref=ref, change=Change.UNCHANGED, drift=many) for _ in range(300))

    left = bounded(results)

    assert sum(len(result.drift) for result in left) == reporting.MAX_REPORTED_DRIFT
    assert len(left) == 300


def test_a_field_that_is_recorded_and_gone_is_no_drift() -> None:
    live = live_with(config_map(color="blue"), {"data": {"extra": "theirs"}})
    del live["data"]["extra"]

    assert told(config_map(color="blue"), live) == []
