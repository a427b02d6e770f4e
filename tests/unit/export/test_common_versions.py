"""Kinds are exported in a version that the standby serves, too."""

from typing import Any

import pytest

from functions.export.committing import ExportResult
from functions.export.results import result_of
from kubestandby.errors import ClusterError
from kubestandby.groups import ConflictPolicy, Kinds, RestoreSettings
from kubestandby.served_versions import ServedVersions
from kubestandby.snapshots import SiteName
from tests.fakes.fake_cluster import forbidden
from tests.unit.export.exporting import EAST, Bench
from tests.unit.export.objects import namespace, obj

SCALER, WIDGET = "HorizontalPodAutoscaler.autoscaling", "Widget.example.com"
DEFINITIONS = Kinds(names=frozenset({"CustomResourceDefinition"}))


def definition(strategy: str = "None", **labels: str) -> dict[str, Any]:
    """Of a kind that the primary serves as v2 and v1."""
    spec = {
        "conversion": {"strategy": strategy},
        "group": "example.com",
        "names": {"kind": "Widget", "plural": "widgets"},
        "scope": "Namespaced",
        "versions": [{"name": "v2", "served": True}, {"name": "v1", "served": True}],
    }
    made = obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", spec=spec)
    made["metadata"]["labels"] = labels
    return made


def bench(*objects: dict[str, Any], **group: Any) -> Bench:
    """A scaler that the primary serves as v2, v1 and v1beta1, and whatever else is given."""
    made = Bench(namespace(), obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", "shop"), *objects, **group)
    made.cluster.serve_in("autoscaling", "HorizontalPodAutoscaler", "v2", "v1", "v1beta1")
    return made


def with_widget(*, strategy: str = "None", labels: dict[str, str] | None = None, **group: Any) -> Bench:
    made = bench(definition(strategy, **labels or {}), obj("example.com/v2", "Widget", "one", "shop"), **group)
    made.cluster.serve_in("example.com", "Widget", "v2", "v1")
    return made


def export(made: Bench, **served: tuple[str, ...]) -> ExportResult:
    """Where the standby has told that it serves these kinds, and in which versions."""
    made.clock.advance(60)
    there = ServedVersions(group=made.group.name, site=SiteName("west"), kinds=served)
    return made.exporter.export(made.group, EAST, 1, there)


def version_of(kind: str, exported: ExportResult) -> str:
    (entry,) = [entry for entry in exported.index.entries if entry.ref.gvk.kind == kind]
    return entry.ref.gvk.version


@pytest.mark.parametrize(
    ("served", "version"),
    [
        (("v2", "v1"), "v2"),
        (("v1", "v2"), "v2"),
        (("v1",), "v1"),
        (("v1beta1", "v1"), "v1"),
        (("v1beta1",), "v1beta1"),
        (("v3",), "v2"),
        ((), "v2"),
    ],
)
def test_the_first_version_of_the_primary_that_the_standby_serves_is_taken(
    served: tuple[str, ...], version: str
) -> None:
    assert version_of("HorizontalPodAutoscaler", export(bench(), **{SCALER: served})) == version


def test_where_the_standby_has_told_nothing_the_primary_decides() -> None:
    assert version_of("HorizontalPodAutoscaler", bench().export()) == "v2"


def test_what_the_operator_names_counts_more() -> None:
    exported = export(bench(api_versions=("autoscaling/v2",)), **{SCALER: ("v1",)})

    assert version_of("HorizontalPodAutoscaler", exported) == "v2"
    assert "versions" not in result_of(exported, 1.0).details


def test_the_outcome_names_what_is_in_another_version_and_nothing_that_there_is_none_of() -> None:
    made = bench()
    made.cluster.serve_in("batch", "CronJob", "v2", "v1")

    exported = export(made, **{SCALER: ("v1",), "CronJob.batch": ("v1",)})

    assert result_of(exported, 1.0).details["versions"] == [
        {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler"}
    ]


def test_another_version_is_another_snapshot_and_the_same_one_is_none() -> None:
    made = bench()

    results = [export(made), export(made, **{SCALER: ("v1",)}), export(made, **{SCALER: ("v1",), "Pod": ("v1",)})]

    assert [result.created for result in results] == [True, True, False]


def test_a_custom_kind_comes_with_its_definition_in_the_version_that_has_all_fields() -> None:
    assert version_of("Widget", export(with_widget(), **{WIDGET: ("v1",)})) == "v2"


@pytest.mark.parametrize(("strategy", "version"), [("None", "v2"), ("Webhook", "v1")])
def test_a_definition_that_gives_way_is_not_needed_where_versions_differ_in_their_names_alone(
    strategy: str, version: str
) -> None:
    made = with_widget(strategy=strategy, restore=RestoreSettings(conflict=ConflictPolicy.SKIP))

    assert version_of("Widget", export(made, **{WIDGET: ("v1",)})) == version


def test_a_custom_kind_whose_definition_is_not_carried_is_in_a_common_version() -> None:
    assert version_of("Widget", export(with_widget(exclude_kinds=DEFINITIONS), **{WIDGET: ("v1",)})) == "v1"


def test_a_definition_that_a_label_leaves_out_is_not_brought() -> None:
    made = with_widget(labels={"kubestandby.dev/exclude": "true"})

    assert version_of("Widget", export(made, **{WIDGET: ("v1",)})) == "v1"


def test_a_kind_of_an_aggregated_server_has_no_definition() -> None:
    made = with_widget()
    made.cluster.take_out("CustomResourceDefinition", "", "widgets.example.com")

    assert version_of("Widget", export(made, **{WIDGET: ("v1",)})) == "v1"


def test_a_definition_that_may_not_be_listed_is_not_brought() -> None:
    made = with_widget()
    made.cluster.fail("list", forbidden(), plural="customresourcedefinitions")

    assert version_of("Widget", export(made, **{WIDGET: ("v1",)})) == "v1"


def test_a_cluster_that_does_not_answer_stops_the_export() -> None:
    made = with_widget()
    made.cluster.fail("list", ClusterError("no answer"), plural="customresourcedefinitions")

    with pytest.raises(ClusterError):
        export(made, **{WIDGET: ("v1",)})


def test_definitions_are_not_listed_twice_where_both_serve_the_same() -> None:
    made = with_widget()

    export(made, **{WIDGET: ("v2",), SCALER: ("v2",)})

    assert made.cluster.calls.count(("list", "customresourcedefinitions", "", "")) == 1
