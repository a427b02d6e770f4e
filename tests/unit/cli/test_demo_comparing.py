"""The demo's own checker must find what a crossing would lose, and pass over what servers set."""

from typing import Any

import pytest

from kubestandby.cli.demo.app_cluster import AppCluster, refuse_existing
from kubestandby.cli.demo.comparing import captured, compared, differences
from kubestandby.errors import ClusterError, ConfigError
from kubestandby.resources import Manifest
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.cli.world import live

SERVICE_SPEC: dict[str, Any] = {
    "clusterIP": "10.0.0.1",
    "clusterIPs": ["10.0.0.1"],
    "ports": [{"port": 80, "nodePort": 30001}],
}


def _app(*objects: Manifest) -> AppCluster:
    return _app_on(FakeCluster(*objects))


def _app_on(cluster: FakeCluster) -> AppCluster:
    return AppCluster(cluster, FakeClock())


def _differs(on_primary: Manifest, on_standby: Manifest | None, *, same_version: bool = True) -> tuple[str, ...]:
    standby = _app(*([on_standby] if on_standby else []))
    (result,) = compared([on_primary], standby, same_version=same_version)
    return result.differs


def test_a_missing_object_is_found() -> None:
    assert _differs(live("ConfigMap", "a"), None) == ("is missing",)


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"data": {"a": "1"}}, {"data": {"a": "2"}}, "data.a"),
        ({"data": {"uid": "x"}}, {"data": {}}, "data.uid"),
        ({"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}, "data.b"),
        ({"data": {"a": "1"}}, {"data": {"a": 1}}, "data.a"),
        ({"metadata": {"labels": {"team": "x"}}}, {}, "metadata.labels"),
        (
            {"metadata": {"annotations": {"note": "x"}}},
            {"metadata": {"annotations": {"note": "y"}}},
            "metadata.annotations.note",
        ),
    ],
)
def test_a_lost_or_changed_field_is_found_by_its_path(one: dict[str, Any], other: dict[str, Any], path: str) -> None:
    assert _differs(live("ConfigMap", "a", **one), live("ConfigMap", "a", **other)) == (path,)


def test_values_are_never_told() -> None:
    found = _differs(live("Secret", "a", data={"key": "c2VjcmV0"}), live("Secret", "a", data={"key": "b3RoZXI="}))

    assert found == ("data.key",)


def test_what_servers_and_controllers_set_is_passed_over() -> None:
    one = live("ConfigMap", "a", metadata={"annotations": {"deployment.kubernetes.io/revision": "2"}}, status={"x": 1})
    other = live("ConfigMap", "a", metadata={"uid": "other", "resourceVersion": "9", "generation": 4})

    assert _differs(one, other) == ()


def test_addresses_of_a_service_may_differ_but_headless_stays_headless() -> None:
    other = {
        **SERVICE_SPEC,
        "clusterIP": "10.9.9.9",
        "clusterIPs": ["10.9.9.9"],
        "ports": [{"port": 80, "nodePort": 31111}],
    }
    headless = {"clusterIP": "None", "clusterIPs": ["None"], "ports": [{"port": 80}]}

    assert _differs(live("Service", "a", spec=SERVICE_SPEC), live("Service", "a", spec=other)) == ()
    assert "spec.clusterIP" in _differs(live("Service", "a", spec=headless), live("Service", "a", spec=SERVICE_SPEC))


def test_a_restarted_workload_is_equal() -> None:
    spec = {"template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}
    note = {"kubectl.kubernetes.io/restartedAt": "2026-11-22T12:00:00Z"}
    restarted = {"template": {"metadata": {"labels": {"app": "web"}, "annotations": note}, "spec": {}}}

    assert (
        _differs(live("Deployment", "web", "apps/v1", spec=spec), live("Deployment", "web", "apps/v1", spec=restarted))
        == ()
    )


def test_defaults_of_a_newer_standby_do_not_count_against_it() -> None:
    one, other = live("ConfigMap", "a", data={"a": "1"}), live("ConfigMap", "a", data={"a": "1"}, immutable=False)

    assert _differs(one, other, same_version=False) == ()
    assert _differs(one, other, same_version=True) == ("immutable",)


def test_lists_are_compared_item_by_item_and_by_length() -> None:
    assert list(differences([{"a": 1}], [{"a": 2}], both_ways=True, path="x")) == ["x[0].a"]
    assert list(differences([1], [1, 2], both_ways=True, path="x")) == ["x"]


def test_only_declared_objects_are_expected_on_the_standby() -> None:
    owned = {"ownerReferences": [{"controller": True, "kind": "Promotion", "name": "p"}]}
    cluster = _app(
        live("ConfigMap", "mine"),
        live("ConfigMap", "kube-root-ca.crt"),
        live("ConfigMap", "made-by-an-operator", metadata=owned),
        live("Endpoints", "web"),
        live("Event", "happened"),
    )

    assert [item["metadata"]["name"] for item in captured(cluster, ["shop"], [])] == ["mine"]


def test_a_type_that_goes_away_while_it_is_looked_for_has_no_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = FakeCluster(live("ConfigMap", "mine"))
    without = cluster.discover()
    cluster.serve("example.com/v1", "Widget", "widgets")
    app = _app_on(cluster)
    answers = iter((cluster.discover(), without))
    monkeypatch.setattr(cluster, "discover", lambda: next(answers))
    cluster.fail("list", ClusterError("x", status=404, reason="NotFound"), plural="widgets")

    assert [item["metadata"]["name"] for item in captured(app, ["shop"], [])] == ["mine"]


def test_a_type_that_answers_404_and_is_still_there_is_no_proof_of_anything() -> None:
    cluster = FakeCluster(live("ConfigMap", "mine"))
    cluster.fail("list", ClusterError("configmaps: 404", status=404, reason="NotFound"), plural="configmaps")

    with pytest.raises(ClusterError, match="configmaps: 404"):
        captured(_app_on(cluster), ["shop"], [])


def test_a_type_that_came_since_the_demo_began_is_expected_too() -> None:
    cluster = FakeCluster()
    app = _app_on(cluster)
    cluster.serve("example.com/v1", "Widget", "widgets")
    cluster.put(live("Widget", "mine", "example.com/v1"))

    assert [item["metadata"]["name"] for item in captured(app, ["shop"], [])] == ["mine"]


def test_what_is_there_already_is_refused_by_name() -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    cluster = _app(space)

    with pytest.raises(ConfigError, match="the primary cluster has Namespace shop already"):
        refuse_existing(cluster.existing([live("ConfigMap", "a")], ["shop"]), "primary")
    refuse_existing(_app().existing([live("ConfigMap", "a")], ["shop"]), "primary")
