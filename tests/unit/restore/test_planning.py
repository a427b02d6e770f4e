"""What a plan says, without a cluster that could be changed."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.restore.plans import Plan
from functions.restore.restorer import Restorer
from kubestandby.errors import ClusterError
from kubestandby.groups import RestoreMode
from kubestandby.reports import Change, ObjectResult
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import (
    NOON,
    WEST,
    config_map,
    custom,
    definition,
    group,
    namespace,
    outcomes,
    restore,
    result_of,
    secret,
    standby,
    stored,
    workload,
)

NAMES = st.sampled_from(["a", "b", "c"])
DATA = st.dictionaries(st.sampled_from(["x", "y", "z"]), st.text(max_size=3), max_size=3)
APPLICATIONS = st.dictionaries(st.tuples(st.sampled_from(["ConfigMap", "Secret"]), NAMES), DATA, max_size=6)


def plan(cluster: FakeCluster, *manifests: dict[str, Any], **changes: Any) -> Plan:
    snapshots, index = stored(*manifests, **changes)
    return Restorer(cluster, snapshots, FakeClock(NOON)).plan(group(), WEST, index)


def by_name(planned: Plan) -> dict[str, ObjectResult]:
    return {result.ref.name: result for result in planned.results}


def leaving(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest | {"metadata": manifest["metadata"] | {"deletionTimestamp": "2026-11-22T11:59:00Z"}}


def test_everything_in_a_namespace_that_is_being_deleted_is_made_anew() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map())
    cluster.put(leaving(cluster.object("Namespace", "", "shop") or {}))

    found = plan(cluster, namespace(), config_map())

    assert {result.change for result in found.results} == {Change.CREATED}
    assert "is being deleted" in by_name(found)["shop"].reason


def test_a_namespace_that_is_nowhere_blocks_its_objects() -> None:
    found = plan(standby(), config_map())

    assert by_name(found)["settings"].change is Change.BLOCKED
    assert "neither in the snapshot nor on the standby" in by_name(found)["settings"].reason


def test_a_type_that_may_not_be_read_blocks_its_objects_only() -> None:
    cluster = standby(namespace())
    forbidden = ClusterError("403 Forbidden", status=403, reason="Forbidden")
    cluster.fail("list", forbidden, plural="secrets")

    found = by_name(plan(cluster, namespace(), secret(), config_map()))

    assert (found["password"].change, found["settings"].change) == (Change.BLOCKED, Change.CREATED)


def test_a_kind_whose_scope_differs_is_blocked() -> None:
    cluster = standby(namespace())
    cluster.serve("shop.example/v1", "Ticket", "tickets", namespaced=False)

    found = by_name(plan(cluster, namespace(), custom()))

    assert "cluster-scoped on the standby" in found["one"].reason


def test_the_standbys_state_is_never_in_the_way_of_what_a_new_namespace_holds() -> None:
    cluster = standby()

    plan(cluster, namespace(), config_map(), definition(), custom())

    assert not [call for call in cluster.calls if call[0] == "list" and call[1] in ("configmaps", "tickets")]


def test_a_plan_that_changes_nothing_says_so() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map(), workload())

    assert plan(cluster, namespace(), config_map(), workload()).changes_nothing
    assert not plan(cluster, namespace(), config_map(color="red"), workload()).changes_nothing


def test_secret_values_are_in_no_plan() -> None:
    cluster = standby()
    restore(cluster, namespace(), secret(key="b2xkLXNlY3JldA=="))

    text = repr(by_name(plan(cluster, namespace(), secret(key="bmV3LXNlY3JldA=="))))

    assert "'***'" in text
    assert "b2xk" not in text
    assert "bmV3" not in text


def test_many_differing_fields_are_counted_not_listed() -> None:
    cluster = standby()
    restore(cluster, namespace(), config_map())

    found = by_name(plan(cluster, namespace(), config_map(**{f"k{number}": "v" for number in range(80)})))

    assert len(found["settings"].diffs) == 50
    assert "30 more fields differ" in found["settings"].reason


def test_a_rehearsal_tells_what_only_lacks_another_object() -> None:
    cluster = standby(namespace())
    cluster.fail("apply", ClusterError("403 no service account", status=403, reason="Forbidden"), plural="deployments")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "shop"}}

    report = restore(
        cluster,
        namespace(),
        account,
        workload(name="needs", serviceAccountName="robot"),
        workload(name="broken"),
        mode=RestoreMode.REHEARSE,
    )

    assert result_of(report, "Deployment", "needs").change is Change.CREATED
    assert "it needs ServiceAccount robot" in result_of(report, "Deployment", "needs").reason
    assert result_of(report, "Deployment", "broken").change is Change.FAILED


def manifests(application: dict[tuple[str, str], dict[str, str]]) -> Sequence[dict[str, Any]]:
    makers = {"ConfigMap": config_map, "Secret": secret}
    return [namespace(), *(makers[kind](name, **data) for (kind, name), data in application.items())]


@settings(max_examples=40, deadline=None)
@given(APPLICATIONS, APPLICATIONS)
def test_a_restore_converges_from_any_state(before: Any, after: Any) -> None:
    cluster = standby()
    restore(cluster, *manifests(before))

    restore(cluster, *manifests(after))
    again = restore(cluster, *manifests(after))

    assert set(outcomes(again).values()) == {"unchanged"}
    for wanted in manifests(after)[1:]:
        live = cluster.object(wanted["kind"], "shop", wanted["metadata"]["name"])
        assert live is not None
        assert live.get("data", {}) == wanted["data"]


def test_our_own_records_are_never_restored() -> None:
    ours = (namespace("kubestandby-system"), config_map("kubestandby-shop", "kubestandby-system"))

    found = by_name(plan(standby(), *ours, namespace()))

    assert found["kubestandby-system"].change is Change.SKIPPED
    assert found["kubestandby-shop"].change is Change.SKIPPED
