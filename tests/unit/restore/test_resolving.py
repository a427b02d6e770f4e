"""Which of the standby's types an object is."""

from dataclasses import replace

import pytest

from functions.restore.plans import DesiredObject
from functions.restore.resolving import Resolved, Resolver, Unresolved, at_version
from kubestandby.ports import Discovery
from kubestandby.resources import GVK, ObjectRef, ResourceType
from tests.unit.restore.samples import config_map, custom, definition, desired

HPA = ("autoscaling", "HorizontalPodAutoscaler")
AUTOSCALER = ResourceType(GVK("autoscaling", "v2", HPA[1]), "horizontalpodautoscalers", namespaced=True)
STANDBY = Discovery((AUTOSCALER,), {"metrics.example/v1": "503"}, {HPA: ("v2", "v1")})


def resolve(api_version: str, kind: str, *definitions: dict[str, object], serving: str = "") -> Resolved | Unresolved:
    """`serving`: a version of the kind that the standby has, beside its autoscalers."""
    ref = ObjectRef(GVK.of({"apiVersion": api_version, "kind": kind}), "shop", "x")
    standby = STANDBY
    if serving:
        live = ResourceType(replace(ref.gvk, version=serving), f"{kind.lower()}s", namespaced=True)
        standby = Discovery((live,), {}, {live.gvk.group_kind: (serving,)})
    return Resolver(standby, definitions).resolve(ref)


def test_the_snapshots_version_is_kept_where_it_is_served() -> None:
    found = resolve("autoscaling/v1", "HorizontalPodAutoscaler")

    assert isinstance(found, Resolved)
    assert (found.resource.gvk.version, found.served) == ("v1", True)


def test_a_version_that_only_another_server_could_convert_blocks_and_the_way_out_is_told() -> None:
    found = resolve("autoscaling/v2beta2", "HorizontalPodAutoscaler")

    assert isinstance(found, Unresolved)
    assert "only as autoscaling/v2, autoscaling/v1, the snapshot has it as autoscaling/v2beta2" in found.reason
    assert "export again, which takes a version that both serve, if there is one" in found.reason


def test_a_version_that_a_definition_of_the_snapshot_brings_is_taken() -> None:
    found = resolve("shop.example/v2", "Ticket", definition(version="v2"), serving="v1")

    assert isinstance(found, Resolved)
    assert (found.resource.gvk.version, found.served) == ("v2", False)


def test_a_version_that_the_snapshots_definition_brings_will_be_served() -> None:
    resolver = Resolver(STANDBY, [definition(version="v2")])

    served = {version: resolver.will_serve(GVK("shop.example", version, "Ticket")) for version in ("v1", "v2")}

    assert served == {"v1": False, "v2": True}
    assert resolver.will_serve(GVK("autoscaling", "v1", "HorizontalPodAutoscaler"))
    assert not resolver.will_serve(GVK("autoscaling", "v3", "HorizontalPodAutoscaler"))


def without_definition(strategy: str | None, *versions: str) -> DesiredObject | Unresolved:
    """A Ticket in v2, whose definition in the snapshot has these versions and does not come into force."""
    defined = definition()
    defined["spec"]["versions"] = [{"name": version, "served": True} for version in versions]
    if strategy:
        defined["spec"]["conversion"] = {"strategy": strategy}
    ticket = ResourceType(GVK("shop.example", "v1", "Ticket"), "tickets", namespaced=True)
    item = desired(custom(api_version="shop.example/v2"), served=False)
    resolver = Resolver(Discovery((ticket,), {}, {ticket.gvk.group_kind: ("v1",)}), [defined])
    return resolver.without_definition(item)


@pytest.mark.parametrize("strategy", [None, "None"])
def test_versions_that_are_not_converted_differ_by_their_name_alone(strategy: str | None) -> None:
    found = without_definition(strategy, "v1", "v2")

    assert isinstance(found, DesiredObject)
    assert found.manifest == custom(api_version="shop.example/v1")
    assert (found.resource.gvk.version, found.served) == ("v1", True)
    assert "sent as shop.example/v1" in found.note


def test_versions_that_a_webhook_converts_are_not_guessed() -> None:
    found = without_definition("Webhook", "v1", "v2")

    assert isinstance(found, Unresolved)
    assert "serves Ticket only as shop.example/v1" in found.reason


def test_a_version_that_the_definition_does_not_know_is_not_guessed() -> None:
    found = without_definition(None, "v2")

    assert isinstance(found, Unresolved)
    assert found.reason.endswith("the primary does not; have the standby serve shop.example/v2, as the snapshot has it")


def test_the_version_to_export_in_is_one_that_both_serve() -> None:
    found = without_definition("Webhook", "v1", "v2")

    assert isinstance(found, Unresolved)
    assert "name shop.example/v1 in spec.apiVersions" in found.reason


def test_a_kind_that_the_snapshot_defines_will_be_served() -> None:
    found = resolve("shop.example/v1", "Ticket", definition())

    assert isinstance(found, Resolved)
    assert found.resource == ResourceType(GVK("shop.example", "v1", "Ticket"), "tickets", namespaced=True)


def test_a_kind_that_nobody_serves_is_named() -> None:
    found = resolve("shop.example/v1", "Ticket")

    assert isinstance(found, Unresolved)
    assert "no kind Ticket of API group shop.example" in found.reason


def test_a_kind_of_a_group_that_kubernetes_has_left_is_told_where_it_is_now() -> None:
    found = resolve("extensions/v1beta1", "HorizontalPodAutoscaler")

    assert isinstance(found, Unresolved)
    assert found.reason.endswith("of API group extensions; write it as autoscaling/v2, which has taken its place")


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
