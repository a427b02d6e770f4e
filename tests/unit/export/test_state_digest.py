from typing import Any

from functions.export.state_digest import StateDigest, steady
from tests.unit.export.objects import config_map, obj


def digest(*manifests: dict[str, Any]) -> str:
    state = StateDigest()
    for manifest in manifests:
        state.add(manifest["metadata"]["name"], manifest)
    return state.hexdigest()


def custom(status: str, **entry: Any) -> dict[str, Any]:
    fields = [{"manager": "m", "fieldsV1": {"f:status": {}}, **entry}]
    return obj("example.com/v1", "Order", "a", "shop", status={"at": status}, metadata={"managedFields": fields})


def test_order_of_objects_does_not_matter() -> None:
    assert digest(config_map("a"), config_map("b")) == digest(config_map("b"), config_map("a"))


def test_resource_version_and_generation_do_not_matter() -> None:
    assert digest(config_map(metadata={"resourceVersion": "1", "generation": 1})) == digest(config_map())


def test_labels_matter() -> None:
    assert digest(config_map(labels={"a": "b"})) != digest(config_map())


def test_what_an_autoscaler_measures_does_not_matter_in_the_version_that_has_it_in_annotations() -> None:
    def measured(value: str, **others: str) -> dict[str, Any]:
        observed = {f"autoscaling.alpha.kubernetes.io/{name}": value for name in ("conditions", "current-metrics")}
        return obj("autoscaling/v1", "HorizontalPodAutoscaler", "web", "shop", annotations=observed | others)

    unmeasured = obj("autoscaling/v1", "HorizontalPodAutoscaler", "web", "shop")
    assert digest(measured("1")) == digest(measured("2")) == digest(unmeasured)
    assert digest(measured("1", **{"autoscaling.alpha.kubernetes.io/metrics": "[]"})) != digest(measured("1"))


def test_who_leads_does_not_matter() -> None:
    def led(by: str) -> dict[str, Any]:
        return config_map(metadata={"annotations": {"control-plane.alpha.kubernetes.io/leader": by, "a": "b"}})

    assert digest(led("one")) == digest(led("two")) == digest(config_map(metadata={"annotations": {"a": "b"}}))


def test_time_at_which_a_field_was_set_does_not_matter() -> None:
    def at(time: str) -> dict[str, Any]:
        return config_map(metadata={"managedFields": [{"manager": "m", "time": time, "fieldsV1": {}}]})

    assert digest(at("1")) == digest(at("2"))


def test_who_set_a_field_matters() -> None:
    def by(manager: str) -> dict[str, Any]:
        return config_map(metadata={"managedFields": [{"manager": manager, "fieldsV1": {}}]})

    assert digest(by("a")) != digest(by("b"))


def test_status_that_a_controller_writes_does_not_matter() -> None:
    assert digest(custom("1", subresource="status")) == digest(custom("2", subresource="status"))


def test_status_that_is_data_matters() -> None:
    assert digest(custom("1")) != digest(custom("2"))


def test_manifest_is_not_changed() -> None:
    manifest = custom("1", subresource="status", time="1")
    before = repr(manifest)

    steady(manifest)

    assert repr(manifest) == before
