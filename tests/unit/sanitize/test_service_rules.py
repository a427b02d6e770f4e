"""What the server allocated to a Service is reset; what an author chose stays."""

from typing import Any

import pytest

from tests.unit.sanitize.samples import Json, applied, bare, clean, fired, manager, served

ALLOCATED = {
    "clusterIP": "10.96.14.7",
    "clusterIPs": ["10.96.14.7"],
    "ipFamilies": ["IPv4"],
    "ipFamilyPolicy": "SingleStack",
}
TCP_80 = 'k:{"port":80,"protocol":"TCP"}'
UDP_80 = 'k:{"port":80,"protocol":"UDP"}'


def service(spec: Json, owned: Json | None = None, **metadata: Any) -> Json:
    creator = manager("kubectl-create", {"f:spec": {"f:selector": {}, **(owned or {})}})
    return served("v1", "Service", metadata={"managedFields": [creator], **metadata}, spec=spec)


def test_allocated_addresses_and_families_are_cleared() -> None:
    manifest = service({"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"port": 80}], **ALLOCATED})

    assert clean(manifest)["spec"] == {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    assert fired(manifest) == {"clear_cluster_ip", "clear_ip_families"}


def test_a_headless_service_stays_headless() -> None:
    manifest = service({**ALLOCATED, "clusterIP": "None", "clusterIPs": ["None"]})

    assert clean(manifest)["spec"] == {"clusterIP": "None", "clusterIPs": ["None"]}


def test_an_address_that_the_author_created_stays() -> None:
    manifest = service(dict(ALLOCATED), owned={"f:clusterIP": {}})

    assert clean(manifest)["spec"] == {"clusterIP": "10.96.14.7"}


def test_an_address_that_kubectl_apply_was_given_stays() -> None:
    manifest = service(dict(ALLOCATED), **applied({"spec": {"clusterIP": "10.96.14.7"}}))

    assert clean(manifest)["spec"] == {"clusterIP": "10.96.14.7"}


@pytest.mark.parametrize("given", ["", None, "10.96.99.99"])
def test_an_address_that_kubectl_apply_was_not_given_is_cleared(given: str | None) -> None:
    assert clean(service(dict(ALLOCATED), **applied({"spec": {"clusterIP": given}}))) == {
        **bare("v1", "Service"),
        "metadata": {"name": "web", "namespace": "shop", **applied({"spec": {"clusterIP": given}})},
    }


def test_families_that_the_author_chose_stay() -> None:
    spec = {**ALLOCATED, "ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "RequireDualStack"}

    cleaned = clean(service(spec, owned={"f:ipFamilies": {}, "f:ipFamilyPolicy": {}}))

    assert cleaned["spec"] == {"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "RequireDualStack"}


def test_only_the_node_port_that_the_author_chose_stays() -> None:
    ports = [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30987},
        {"name": "quic", "port": 80, "protocol": "UDP", "targetPort": 8080, "nodePort": 31874},
        {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443, "nodePort": 32101},
    ]
    owned: Json = {
        "f:ports": {".": {}, TCP_80: {".": {}, "f:port": {}, "f:nodePort": {}}, UDP_80: {".": {}, "f:port": {}}}
    }

    cleaned = clean(service({"type": "NodePort", "ports": ports}, owned=owned))

    assert [port.get("nodePort") for port in cleaned["spec"]["ports"]] == [30987, None, None]
    assert [port["targetPort"] for port in cleaned["spec"]["ports"]] == [8080, 8080, 8443]


def test_a_node_port_that_kubectl_apply_was_given_without_a_protocol_stays() -> None:
    ports = [{"port": 80, "protocol": "TCP", "nodePort": 30987}, {"port": 80, "protocol": "UDP", "nodePort": 30987}]
    given = applied({"spec": {"ports": [{"port": 80, "nodePort": 30987}]}})

    cleaned = clean(service({"type": "NodePort", "ports": ports}, **given))

    assert [port.get("nodePort") for port in cleaned["spec"]["ports"]] == [30987, None]


def test_a_node_port_is_cleared_beside_a_port_without_one() -> None:
    ports = [{"port": 80, "nodePort": 31874}, {"port": 81}]

    assert clean(service({"type": "LoadBalancer", "ports": ports}))["spec"]["ports"] == [{"port": 80}, {"port": 81}]


def test_a_node_port_that_changed_since_kubectl_apply_is_cleared() -> None:
    ports = [{"port": 80, "protocol": "TCP", "nodePort": 32132}]
    given = applied({"spec": {"ports": [{"port": 80, "nodePort": 30987}]}})

    assert "nodePort" not in clean(service({"type": "NodePort", "ports": ports}, **given))["spec"]["ports"][0]


def test_the_health_check_port_is_cleared_unless_chosen() -> None:
    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 30744}

    assert "healthCheckNodePort" not in clean(service(spec))["spec"]
    assert clean(service(spec, owned={"f:healthCheckNodePort": {}}))["spec"] == spec


def test_an_external_name_is_untouched() -> None:
    spec = {"type": "ExternalName", "externalName": "db.example.com", "sessionAffinity": "None"}

    assert clean(service(spec))["spec"] == spec


def test_addresses_that_are_never_allocated_stay() -> None:
    spec = {"externalIPs": ["192.0.2.5"], "loadBalancerIP": "192.0.2.6", "loadBalancerClass": "example.com/lb"}

    assert clean(service({**spec, **ALLOCATED}))["spec"] == spec


def test_the_finalizer_of_the_load_balancer_is_dropped_and_the_authors_stays() -> None:
    both = ["service.kubernetes.io/load-balancer-cleanup", "example.com/dns"]

    assert clean(service({}, finalizers=both))["metadata"]["finalizers"] == ["example.com/dns"]
    assert "finalizers" not in clean(service({}, finalizers=both[:1]))["metadata"]


def test_a_service_that_was_never_served_is_all_its_authors() -> None:
    manifest = bare("v1", "Service", spec={**ALLOCATED, "ports": [{"port": 80, "nodePort": 30987}]})

    assert clean(manifest) == manifest


def test_a_service_of_which_only_the_dump_without_managed_fields_is_known_is_reset() -> None:
    """What `kubectl get -o yaml` prints, as the playbook's scripts keep it."""
    manifest = service({**ALLOCATED, "ports": [{"port": 80, "nodePort": 31874}]})
    del manifest["metadata"]["managedFields"]

    assert clean(manifest)["spec"] == {"ports": [{"port": 80}]}


def test_an_endpoint_keeps_its_target_without_its_identity() -> None:
    target = {"kind": "Pod", "namespace": "shop", "name": "db-0"}
    identity = {"uid": "a", "resourceVersion": "7"}
    subsets = [{"addresses": [{"ip": "192.0.2.7", "targetRef": target | identity}], "ports": [{"port": 8443}]}]
    notes = {"annotations": {"endpoints.kubernetes.io/last-change-trigger-time": "2026-11-22T17:31:37Z"}}

    cleaned = clean(served("v1", "Endpoints", metadata=notes, subsets=subsets))

    wanted = [{"addresses": [{"ip": "192.0.2.7", "targetRef": target}], "ports": [{"port": 8443}]}]
    assert cleaned == bare("v1", "Endpoints", subsets=wanted)


def test_a_slice_keeps_its_target_without_its_identity() -> None:
    target = {"kind": "Pod", "namespace": "shop", "name": "db-0"}
    endpoints = [{"addresses": ["192.0.2.8"], "conditions": {}, "targetRef": {**target, "uid": "a"}}]

    cleaned = clean(served("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=endpoints))

    assert cleaned["endpoints"] == [{"addresses": ["192.0.2.8"], "conditions": {}, "targetRef": target}]
