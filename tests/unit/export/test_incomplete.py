"""What cannot be read is said, and nothing is taken for empty that is not."""

import pytest

from functions.export.results import result_of
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.snapshots import SnapshotIndex
from tests.fakes.fake_cluster import expired, forbidden
from tests.unit.export.exporting import Bench
from tests.unit.export.objects import cluster_role, config_map, definition, namespace, obj, role_binding, secret

MANY = [config_map(f"c{number:02}") for number in range(7)]


def broken() -> ClusterUnavailableError:
    return ClusterUnavailableError("x: 503", status=503, reason="ServiceUnavailable")


def unreachable() -> ClusterUnavailableError:
    return ClusterUnavailableError("cluster of site east cannot be reached", reason="Unreachable")


def config_maps(index: SnapshotIndex) -> list[str]:
    return [entry.ref.name for entry in index.entries if entry.ref.gvk.kind == "ConfigMap"]


def reason(index: SnapshotIndex, plural: str) -> str:
    return next(summary.incomplete for summary in index.types if summary.plural == plural)


def test_list_in_many_pages_is_taken_whole() -> None:
    assert config_maps(Bench(namespace(), *MANY, page_size=2).index()) == [f"c{number:02}" for number in range(7)]


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_list_that_expires_midway_starts_again_and_nothing_is_twice(pages: int) -> None:
    bench = Bench(namespace(), *MANY, page_size=2)
    bench.cluster.fail("list", expired(), plural="configmaps", after_pages=pages, times=1)

    index = bench.index()

    assert index.complete
    assert len(config_maps(index)) == 7


def test_rules_count_an_object_once_although_its_list_started_again() -> None:
    bench = Bench(namespace(), *MANY, config_map("a", labels={"kubestandby.dev/exclude": "true"}), page_size=2)
    bench.cluster.fail("list", expired(), plural="configmaps", after_pages=2, times=1)

    assert {count.rule: count.count for count in bench.index().dropped} == {"excluded_by_label": 1}


def test_list_that_keeps_expiring_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace(), *MANY, page_size=2)
    bench.cluster.fail("list", expired(), plural="configmaps", after_pages=1)

    index = bench.index()

    assert index.failures == (
        "core/configmaps: 410 Expired: it changed faster than it could be listed, 4 times (in shop)",
    )
    assert config_maps(index) == []


def test_forbidden_type_makes_the_snapshot_incomplete_and_the_rest_is_taken() -> None:
    bench = Bench(namespace(), config_map(), secret("password"))
    bench.cluster.fail("list", forbidden(), plural="secrets")

    index = bench.index()

    assert index.failures == ("core/secrets: 403 Forbidden; grant the exporter list on it (in shop)",)
    assert reason(index, "secrets") == "403 Forbidden; grant the exporter list on it (in shop)"
    assert config_maps(index) == ["settings"]


@pytest.mark.parametrize("plural", ["serviceaccounts", "services"])
def test_secrets_are_taken_though_what_they_are_judged_by_may_not_be_read(plural: str) -> None:
    bench = Bench(namespace(), secret("password"))
    bench.cluster.fail("list", forbidden(), plural=plural)

    index = bench.index()

    assert index.failures == (f"core/{plural}: 403 Forbidden; grant the exporter list on it (in shop)",)
    assert [entry.ref.name for entry in index.entries if entry.ref.gvk.kind == "Secret"] == ["password"]


def test_type_that_goes_away_after_it_was_discovered_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(namespace(), config_map())
    without = bench.cluster.discover()
    bench.cluster.serve("example.com/v1", "Widget", "widgets")
    answers = iter((bench.cluster.discover(), without))
    monkeypatch.setattr(bench.cluster, "discover", lambda: next(answers))
    bench.cluster.fail("list", ClusterError("x", status=404, reason="NotFound"), plural="widgets")

    index = bench.index()

    assert index.failures == ()
    assert config_maps(index) == ["settings"]


def test_type_that_answers_404_and_is_still_there_is_a_failure() -> None:
    bench = Bench(namespace(), config_map())
    bench.cluster.fail("list", ClusterError("x", status=404, reason="NotFound"), plural="configmaps")

    assert bench.index().failures == ("core/configmaps: 404 NotFound (in shop)",)


def test_type_that_answers_503_makes_the_snapshot_incomplete_with_what_was_read() -> None:
    bench = Bench(namespace(), *MANY, page_size=2)
    bench.cluster.fail("list", broken(), plural="configmaps", after_pages=2)

    index = bench.index()

    assert index.failures == ("core/configmaps: 503 ServiceUnavailable (in shop)",)
    assert len(config_maps(index)) == 4


def test_type_whose_server_is_in_trouble_is_not_asked_again_for_the_next_namespace() -> None:
    bench = Bench(namespace("a"), namespace("b"), namespaces=("a", "b"))
    bench.cluster.fail("list", broken(), plural="configmaps")

    assert bench.index().failures == ("core/configmaps: 503 ServiceUnavailable (in a)",)
    assert [call[2] for call in bench.cluster.calls if call[:2] == ("list", "configmaps")] == ["a"]


def test_body_that_is_no_list_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace())
    bench.cluster.fail("list", ClusterError("not a list", reason="Undecodable"), plural="configmaps")

    assert bench.index().failures == ("core/configmaps: Undecodable (in shop)",)


def test_list_over_all_namespaces_that_is_forbidden_falls_back_to_each_of_them() -> None:
    names = ("a", "b", "c", "d")
    bench = Bench(*map(namespace, names), *(config_map(within=name) for name in names), namespaces=names)
    bench.cluster.fail("list", forbidden(), plural="configmaps", namespace="")

    index = bench.index()

    assert index.complete
    assert len(config_maps(index)) == 4


def test_one_forbidden_namespace_is_named_and_the_others_are_taken() -> None:
    names = ("a", "b", "c", "d")
    bench = Bench(*map(namespace, names), *(config_map(within=name) for name in names), namespaces=names)
    bench.cluster.fail("list", forbidden(), plural="configmaps", namespace="")
    bench.cluster.fail("list", forbidden(), plural="configmaps", namespace="c")

    index = bench.index()

    assert index.failures == ("core/configmaps: 403 Forbidden; grant the exporter list on it (in c)",)
    assert len(config_maps(index)) == 3


def test_forbidden_cluster_roles_make_the_snapshot_incomplete() -> None:
    bench = Bench(namespace(), cluster_role("reader"), role_binding("readers", "reader"))
    bench.cluster.fail("list", forbidden(), plural="clusterroles")

    assert bench.index().failures == (
        "rbac.authorization.k8s.io/clusterroles: 403 Forbidden; grant the exporter list on it",
    )


def test_group_that_does_not_answer_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace(), config_map())
    bench.cluster.silent_groups["orders.example.com"] = "503 ServiceUnavailable"

    index = bench.index()

    assert index.failures == ("orders.example.com/v1: 503 ServiceUnavailable",)
    assert config_maps(index) == ["settings"]


@pytest.mark.parametrize("group", ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"])
def test_measurements_that_do_not_answer_do_not_matter(group: str) -> None:
    bench = Bench(namespace())
    bench.cluster.silent_groups[group] = "503 ServiceUnavailable"

    assert bench.index().complete


def test_group_that_the_configuration_ignores_does_not_matter() -> None:
    bench = Bench(namespace(), definition("orders", "Order"), ignore_groups=("example.com", "down.example.com"))
    bench.cluster.silent_groups["down.example.com"] = "503 ServiceUnavailable"
    bench.cluster.fail("list", broken(), plural="orders")

    index = bench.index()

    assert index.complete
    assert reason(index, "orders") == "503 ServiceUnavailable (in shop)"


@pytest.mark.parametrize("plural", ["services", "configmaps", "clusterrolebindings"])
def test_cluster_that_goes_away_midway_is_an_error_and_nothing_is_written(plural: str) -> None:
    bench = Bench(namespace())
    bench.cluster.fail("list", unreachable(), plural=plural)

    with pytest.raises(ClusterUnavailableError, match="cannot be reached"):
        bench.export()
    assert bench.store.objects == {}


def test_cluster_that_answers_503_to_everything_is_an_error() -> None:
    bench = Bench(namespace())
    bench.cluster.fail("list", broken())
    bench.cluster.fail("identity", broken(), spared=1)

    with pytest.raises(ClusterUnavailableError):
        bench.export()


def test_credentials_that_expire_midway_are_an_error() -> None:
    bench = Bench(namespace())
    bench.cluster.fail("list", ClusterError("refused", status=401, reason="Unauthorized"), plural="secrets")

    with pytest.raises(ClusterError, match="refused"):
        bench.export()


def test_incomplete_snapshot_is_committed_beside_the_complete_one() -> None:
    bench = Bench(namespace(), config_map())
    complete = bench.index()
    bench.cluster.fail("list", forbidden(), plural="secrets")

    result = bench.export()

    assert result.created
    survey = bench.snapshots.survey(result.index.stage, bench.group.name)
    assert (survey.newest, survey.newest_complete) == (result.index, complete)


def test_incomplete_state_that_stays_the_same_does_not_pile_up() -> None:
    bench = Bench(namespace(), config_map())
    bench.cluster.fail("list", forbidden(), plural="secrets")
    first = bench.export()

    second = bench.export()

    assert not second.created
    assert second.index.id == first.index.id


def test_state_that_is_complete_again_is_that_of_the_complete_snapshot() -> None:
    bench = Bench(namespace(), config_map())
    complete = bench.index()
    bench.cluster.fail("list", forbidden(), plural="secrets", times=1)
    assert bench.export().created

    result = bench.export()

    assert not result.created
    assert result.index.id == complete.id


def test_object_deleted_during_the_list_is_left_out() -> None:
    bench = Bench(
        namespace(), config_map("going", metadata={"deletionTimestamp": "2026-11-22T12:00:00Z"}), config_map()
    )

    assert config_maps(bench.index()) == ["settings"]


def test_custom_resource_whose_conversion_webhook_is_down_concerns_its_type_only() -> None:
    bench = Bench(namespace(), config_map(), definition("orders", "Order"))
    bench.cluster.put(obj("example.com/v1", "Order", "first", "shop"))
    error = ClusterUnavailableError("orders: 500", status=500, reason="InternalError")
    bench.cluster.fail("list", error, plural="orders")

    index = bench.index()

    assert index.failures == ("example.com/orders: 500 InternalError (in shop)",)
    assert config_maps(index) == ["settings"]


def test_the_outcome_of_an_incomplete_snapshot_names_the_way_out() -> None:
    bench = Bench(namespace(), config_map())
    bench.cluster.silent_groups["metrics.example.com"] = "503 ServiceUnavailable"

    message = result_of(bench.export(), 1.0).message

    assert message.startswith("snapshot 1-1 is incomplete: metrics.example.com/v1: 503 ServiceUnavailable; ")
    assert "spec.ignoreGroups" in message
