"""Which of the standby's types an object is."""

from functions.restore.resolving import Resolved, Resolver, Unresolved, at_version
from kubestandby.ports import Discovery
from kubestandby.resources import GVK, ObjectRef, ResourceType
from tests.unit.restore.samples import config_map, custom, definition

HPA = ("autoscaling", "HorizontalPodAutoscaler")
AUTOSCALER = ResourceType(GVK("autoscaling", "v2", HPA[1]), "horizontalpodautoscalers", namespaced=True)
STANDBY = Discovery((AUTOSCALER,), {"metrics.example/v1": "503"}, {HPA: ("v2", "v1")})


def resolve(api_version: str, kind: str, *definitions: dict[str, object]) -> Resolved | Unresolved:
    ref = ObjectRef(GVK.of({"apiVersion": api_version, "kind": kind}), "shop", "x")
    return Resolver(STANDBY, definitions).resolve(ref)


def test_the_snapshots_version_is_kept_where_it_is_served() -> None:
    found = resolve("autoscaling/v1", "HorizontalPodAutoscaler")

    assert isinstance(found, Resolved)
    assert (found.resource.gvk.version, found.note) == ("v1", "")


def test_else_it_is_the_preferred_version_and_that_is_said() -> None:
    found = resolve("autoscaling/v2beta2", "HorizontalPodAutoscaler")

    assert isinstance(found, Resolved)
    assert found.resource.gvk.api_version == "autoscaling/v2"
    assert "does not serve autoscaling/v2beta2" in found.note


def test_a_kind_that_the_snapshot_defines_will_be_served() -> None:
    found = resolve("shop.example/v1", "Ticket", definition())

    assert isinstance(found, Resolved)
    assert found.resource == ResourceType(GVK("shop.example", "v1", "Ticket"), "tickets", namespaced=True)


def test_a_kind_that_nobody_serves_is_named() -> None:
    found = resolve("shop.example/v1", "Ticket")

    assert isinstance(found, Unresolved)
    assert "no kind Ticket of API group shop.example" in found.reason


def test_a_group_whose_server_is_down_is_another_reason() -> None:
    found = resolve("metrics.example/v1", "Reading")

    assert isinstance(found, Unresolved)
    assert "could not be discovered (503)" in found.reason


def test_the_same_kind_in_another_group_is_another_kind() -> None:
    assert isinstance(resolve("other.example/v1", "HorizontalPodAutoscaler"), Unresolved)


def test_a_manifest_takes_the_version_of_its_type() -> None:
    later = ResourceType(GVK("shop.example", "v2", "Ticket"), "tickets", namespaced=True)

    assert at_version(custom(), later)["apiVersion"] == "shop.example/v2"
    assert at_version(same := config_map(), ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", True)) is same
