"""The order of the waves."""

import random
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions.restore.plans import DesiredObject, OwnerLink
from functions.restore.waves import order
from tests.unit.restore.samples import autoscaler, claim, config_map, custom, definition, desired, namespace, workload

CLAIM = "PersistentVolumeClaim"


def waves_of(*manifests: dict[str, Any], namespaces: tuple[str, ...] = ("shop",)) -> list[list[str]]:
    found = order([desired(manifest) for manifest in manifests], namespaces)
    return [[f"{kind} {name}" for _, kind, _, name in wave] for wave in found]


def place(waves: list[list[str]], what: str) -> int:
    return next(number for number, wave in enumerate(waves) if what in wave)


def source(name: str, kind: str = CLAIM, group: str = "") -> dict[str, Any]:
    return {"dataSourceRef": {"apiGroup": group, "kind": kind, "name": name}}


def pod(name: str, namespace: str = "shop") -> dict[str, Any]:
    return config_map(name, namespace) | {"kind": "Pod"}


def service(name: str, **spec: Any) -> dict[str, Any]:
    return config_map(name) | {"kind": "Service", "spec": spec}


def quota_on(*names: str) -> dict[str, Any]:
    return config_map("few") | {"kind": "ResourceQuota", "spec": {"hard": dict.fromkeys(names, "1")}}


def at_zero() -> dict[str, Any]:
    idle = workload()
    idle["spec"]["replicas"] = 0
    return idle


def test_what_defines_comes_before_what_it_defines() -> None:
    waves = waves_of(custom(), namespace(), definition())

    assert waves == [["CustomResourceDefinition tickets.shop.example"], ["Namespace shop"], ["Ticket one"]]


def test_an_autoscaler_comes_after_the_workload_and_the_workload_after_its_config() -> None:
    waves = waves_of(autoscaler(), workload(), config_map())

    assert waves == [["ConfigMap settings"], ["Deployment web"], ["HorizontalPodAutoscaler web"]]


def test_a_workload_at_zero_comes_before_what_its_pods_would_read_and_after_its_namespace() -> None:
    idle = at_zero()

    waves = waves_of(autoscaler(), idle, config_map(), namespace())

    assert waves == [["Namespace shop"], ["Deployment web"], ["ConfigMap settings"], ["HorizontalPodAutoscaler web"]]


def test_a_workload_at_zero_still_comes_after_its_owner() -> None:
    owner = OwnerLink(desired(custom()).identity, {})
    idle = replace(desired(at_zero()), owners=(owner,))

    found = order([idle, desired(custom()), desired(config_map())], ("shop",))

    assert [kind for wave in found for _, kind, _, _ in wave] == ["ConfigMap", "Ticket", "Deployment"]


def test_objects_without_need_of_each_other_share_a_wave() -> None:
    assert waves_of(config_map("a"), config_map("b")) == [["ConfigMap a", "ConfigMap b"]]


def test_a_claim_comes_after_the_claim_that_it_clones() -> None:
    assert waves_of(claim("a", **source("b")), claim("b")) == [[f"{CLAIM} b"], [f"{CLAIM} a"]]


def test_a_claim_made_from_a_custom_resource_takes_its_users_along() -> None:
    copy = claim("copy", **source("backup", "Backup", "store.example"))
    user = workload(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "copy"}}])

    waves = waves_of(user, copy, custom("Backup", "backup", "store.example/v1"))

    assert place(waves, "Backup backup") < place(waves, f"{CLAIM} copy") < place(waves, "Deployment web")


def test_an_owner_comes_before_what_it_owns() -> None:
    owned = config_map("a-owned")
    owned["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "1"}]

    assert waves_of(owned, config_map("owner")) == [["ConfigMap owner"], ["ConfigMap a-owned"]]


def test_workloads_start_in_the_groups_order_of_namespaces() -> None:
    waves = waves_of(workload(namespace="a"), workload(namespace="z", name="db"), namespaces=("z", "a"))

    assert waves == [["Deployment db", "Deployment web"]]


def test_quotas_come_after_what_only_they_count_and_before_pods() -> None:
    quota = config_map("few") | {"kind": "ResourceQuota"}

    waves = waves_of(workload(), quota, config_map())

    assert [wave[0].split()[0] for wave in waves] == ["ConfigMap", "ResourceQuota", "Deployment"]


def test_quotas_wait_for_what_they_count_though_its_owner_comes_later() -> None:
    quota = desired(quota_on("configmaps", "count/tickets.shop.example"))
    parent, unrelated = desired(custom()), desired(config_map("other", namespace="elsewhere"))
    child = desired(config_map(), owners=(OwnerLink(parent.identity, {}),))

    waves = order([quota, child, parent, unrelated], ["shop"])

    assert [[name for *_, name in wave] for wave in waves] == [["other"], ["one"], ["settings"], ["few"]]


def test_quotas_do_not_wait_for_what_makes_pods_nor_for_what_that_owns() -> None:
    quota = desired(quota_on("count/deployments.apps", "requests.storage", "persistentvolumeclaims"))
    parent = desired(workload())
    free, owned = desired(claim("free")), desired(claim("owned"), owners=(OwnerLink(parent.identity, {}),))

    waves = order([quota, free, owned, parent], ["shop"])

    assert [[name for *_, name in wave] for wave in waves] == [["free"], ["few"], ["web"], ["owned"]]


def test_limits_come_after_the_pods_of_nobody_in_their_namespace_and_before_workloads() -> None:
    limits = config_map("limits") | {"kind": "LimitRange"}

    waves = waves_of(workload(), limits, pod("a"), pod("b", namespace="elsewhere"), custom())

    assert [names for names in waves if "Ticket one" not in names] == [
        ["Pod a", "Pod b"],
        ["LimitRange limits"],
        ["Deployment web"],
    ]


def test_a_default_class_comes_after_what_was_made_without_a_class() -> None:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    ingress = config_map("plain") | {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {}}
    classy = config_map("classy") | {**ingress, "spec": {"ingressClassName": "edge"}}
    classy["metadata"] = {"name": "classy", "namespace": "shop"}
    edge = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass"}

    waves = waves_of(ingress, classy, edge | {"metadata": {"name": "edge", "annotations": default}})

    assert waves == [["Ingress plain"], ["IngressClass edge"], ["Ingress classy"]]


def test_a_global_default_priority_comes_after_pods_without_one_and_before_workloads() -> None:
    default = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "usual"}}
    named = pod("named") | {"spec": {"priorityClassName": "usual"}}

    waves = waves_of(pod("plain"), named, workload(), default | {"globalDefault": True})

    assert waves == [["Pod plain"], ["PriorityClass usual"], ["Pod named"], ["Deployment web"]]


def test_services_that_fix_a_port_or_an_address_come_before_those_that_take_a_free_one() -> None:
    waves = waves_of(
        service("free", type="NodePort", ports=[{"port": 80}]),
        service("mixed", type="NodePort", ports=[{"port": 80, "nodePort": 30001}, {"port": 81}]),
        service("port", type="NodePort", ports=[{"port": 80, "nodePort": 30002}]),
        service("address", clusterIP="10.96.0.10", ports=[{"port": 80}]),
        service("headless", clusterIP="None"),
    )

    assert waves == [
        ["Service address", "Service port"],
        ["Service mixed"],
        ["Service free", "Service headless"],
    ]


def test_webhooks_and_their_bindings_come_last() -> None:
    hook = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}

    waves = waves_of(hook | {"metadata": {"name": "a"}}, autoscaler(), custom())

    assert waves[-1] == ["ValidatingWebhookConfiguration a"]


def test_a_circle_is_broken_in_the_base_order_then_by_name() -> None:
    circle = [claim("a", **source("b")), claim("b", **source("c")), claim("c", **source("a"))]

    assert waves_of(*circle) == [[f"{CLAIM} a", f"{CLAIM} b"], [f"{CLAIM} c"]]


def test_what_hangs_on_a_circle_still_comes_after_it() -> None:
    circle = [claim("a", **source("b")), claim("b", **source("a"))]

    waves = waves_of(claim("0", **source("b")), *circle)

    assert waves == [[f"{CLAIM} a"], [f"{CLAIM} b"], [f"{CLAIM} 0"]]


def test_a_definition_that_comes_late_takes_its_custom_resources_along() -> None:
    late = definition()
    owner = {"apiVersion": "store.example/v1", "kind": "Backup", "name": "b", "uid": "1"}
    late["metadata"]["ownerReferences"] = [owner]
    cluster_wide = {"apiVersion": "store.example/v1", "kind": "Backup", "metadata": {"name": "b"}}

    waves = waves_of(custom(), late, cluster_wide)

    assert waves == [["Backup b"], ["CustomResourceDefinition tickets.shop.example"], ["Ticket one"]]


def test_a_long_chain_needs_no_recursion() -> None:
    chain = [claim(f"c{number:04}", **source(f"c{number + 1:04}")) for number in range(3000)]

    assert len(waves_of(*chain)) == 3000


@st.composite
def tangles(draw: st.DrawFn) -> list[DesiredObject]:
    """Claims that clone each other at random, in circles too, and what uses them."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 8)))]
    objects = [claim(name, **source(draw(st.sampled_from(names)))) for name in names]
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": draw(st.sampled_from(names))}}]
    return [desired(manifest) for manifest in (*objects, workload(volumes=volumes), namespace())]


@given(tangles(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_the_input(tangle: list[DesiredObject], rng: random.Random) -> None:
    shuffled = list(tangle)
    rng.shuffle(shuffled)

    assert order(shuffled, ("shop",)) == order(tangle, ("shop",))


@given(tangles())
def test_every_object_is_in_exactly_one_wave(tangle: list[DesiredObject]) -> None:
    found = [identity for wave in order(tangle, ("shop",)) for identity in wave]

    assert sorted(found) == sorted(item.identity for item in tangle)
