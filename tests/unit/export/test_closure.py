from typing import Any

import pytest

from kubestandby.groups import IncludedObject
from tests.unit.export.exporting import Bench, dropped
from tests.unit.export.objects import (
    claim,
    cluster_role,
    cluster_role_binding,
    config_map,
    definition,
    deployment,
    namespace,
    obj,
    owner,
    role_binding,
)

ROBOT = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
DEFINITION = "CustomResourceDefinition"
BOOTSTRAP = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def group_subject(name: str) -> dict[str, str]:
    return {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name}


def test_nothing_cluster_scoped_is_taken_that_nothing_needs() -> None:
    bench = Bench(
        namespace(),
        cluster_role("reader"),
        definition("orders", "Order"),
        obj("storage.k8s.io/v1", "StorageClass", "fast"),
        obj("v1", "PersistentVolume", "pv", spec={"claimRef": {"namespace": "other", "name": "data"}}),
    )

    assert [str(entry.ref) for entry in bench.index().entries] == ["Namespace shop"]


def test_crd_of_a_custom_resource_is_taken() -> None:
    bench = Bench(namespace(), definition("orders", "Order"), definition("bills", "Bill"))
    bench.cluster.put(obj("example.com/v1", "Order", "first", "shop"))

    assert bench.names("CustomResourceDefinition") == ["orders.example.com"]


def test_crd_that_only_mentions_the_namespace_is_not_taken() -> None:
    mentioning = definition("shops", "Shop", group="shop.example.com")
    mentioning["spec"]["conversion"] = {"note": "namespace: shop"}

    assert Bench(namespace(), mentioning).names("CustomResourceDefinition") == []


def test_crd_that_shares_its_plural_with_a_built_in_type_is_taken_by_group() -> None:
    bench = Bench(namespace(), definition("services", "Service"))
    bench.cluster.put(obj("example.com/v1", "Service", "web", "shop"), obj("v1", "Service", "web", "shop"))

    assert bench.names("Service") == ["web", "web"]
    assert bench.names("CustomResourceDefinition") == ["services.example.com"]


def test_crd_that_a_controller_owns_is_taken_when_it_is_needed() -> None:
    owned = definition("orders", "Order")
    owned["metadata"]["ownerReferences"] = [owner("CompositeResourceDefinition", "orders")]
    bench = Bench(namespace(), owned)
    bench.cluster.put(obj("example.com/v1", "Order", "first", "shop"))

    assert bench.names("CustomResourceDefinition") == ["orders.example.com"]


def test_role_behind_a_role_binding_is_taken() -> None:
    bench = Bench(namespace(), cluster_role("reader"), cluster_role("writer"), role_binding("readers", "reader"))

    assert bench.names("ClusterRole") == ["reader"]


@pytest.mark.parametrize(
    "subject",
    [
        ROBOT,
        group_subject("system:serviceaccounts:shop"),
        {"kind": "User", "name": "system:serviceaccount:shop:robot"},
    ],
)
def test_binding_of_an_account_in_the_namespace_is_taken_with_its_role(subject: dict[str, str]) -> None:
    bench = Bench(namespace(), cluster_role("reader"), cluster_role_binding("readers", "reader", subject))

    assert bench.names("ClusterRoleBinding") == ["readers"]
    assert bench.names("ClusterRole") == ["reader"]


@pytest.mark.parametrize(
    "subject",
    [
        {**ROBOT, "namespace": "shop-2"},
        group_subject("system:serviceaccounts:shop-2"),
        group_subject("system:serviceaccounts"),
        group_subject("shop"),
        {"kind": "User", "name": "shop"},
        {"kind": "User", "name": "system:serviceaccount:shop-2:shop"},
    ],
)
def test_binding_of_others_is_not_taken(subject: dict[str, str]) -> None:
    bench = Bench(namespace(), cluster_role("reader"), cluster_role_binding("readers", "reader", subject))

    assert bench.names("ClusterRoleBinding") == []
    assert bench.names("ClusterRole") == []


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"part-of": "shop"}},
        {"matchExpressions": [{"key": "part-of", "operator": "In", "values": ["shop", "bar"]}]},
        {"matchExpressions": [{"key": "part-of", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}, {"key": "part-of", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "part-of", "operator": "NotIn", "values": ["bar", None]}]},
    ],
)
def test_parts_of_an_aggregated_role_are_taken(selector: dict[str, Any]) -> None:
    bench = Bench(
        namespace(),
        cluster_role(
            "all", aggregationRule={"clusterRoleSelectors": [selector]}, labels={"team": "x", "part-of": "bar"}
        ),
        cluster_role("part", labels={"part-of": "shop"}),
        cluster_role("other", labels={"part-of": "bar", "team": "x"}),
        role_binding("everything", "all"),
    )

    assert {"all", "part"} <= set(bench.names("ClusterRole"))


def test_what_an_aggregated_role_does_not_select_is_not_taken() -> None:
    selector = {"matchLabels": {"part-of": "shop"}, "matchExpressions": [{"key": "team", "operator": "Exists"}]}
    bench = Bench(
        namespace(),
        cluster_role("all", aggregationRule={"clusterRoleSelectors": [selector]}),
        cluster_role("without-team", labels={"part-of": "shop"}),
        role_binding("everything", "all"),
    )

    assert bench.names("ClusterRole") == ["all"]


def test_user_made_parts_of_the_bootstrapped_view_role_are_taken_and_the_role_is_not() -> None:
    rule = {"clusterRoleSelectors": [{"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}]}
    bench = Bench(
        namespace(),
        cluster_role("view", aggregationRule=rule, labels=BOOTSTRAP),
        cluster_role("orders-view", labels={"rbac.authorization.k8s.io/aggregate-to-view": "true"}),
        role_binding("viewers", "view"),
    )

    assert bench.names("ClusterRole") == ["orders-view"]


def test_classes_that_pods_name_are_taken() -> None:
    bench = Bench(
        namespace(),
        deployment(priorityClassName="high", runtimeClassName="gvisor"),
        obj("scheduling.k8s.io/v1", "PriorityClass", "high"),
        obj("scheduling.k8s.io/v1", "PriorityClass", "low"),
        obj("node.k8s.io/v1", "RuntimeClass", "gvisor"),
    )

    assert bench.names("PriorityClass") == ["high"]
    assert bench.names("RuntimeClass") == ["gvisor"]


def test_priority_class_that_a_custom_resource_s_pod_template_names_is_taken() -> None:
    template = {"spec": {"containers": [{"name": "db", "image": "db:1"}], "priorityClassName": "high"}}
    bench = Bench(
        namespace(), definition("databases", "Database"), obj("scheduling.k8s.io/v1", "PriorityClass", "high")
    )
    bench.cluster.put(obj("example.com/v1", "Database", "main", "shop", spec={"podTemplate": template}))

    assert bench.names("PriorityClass") == ["high"]


STORAGE_USERS = [
    claim(storageClassName="fast"),
    claim(annotations={"volume.beta.kubernetes.io/storage-class": "fast"}),
    obj(
        "apps/v1", "StatefulSet", "db", "shop", spec={"volumeClaimTemplates": [{"spec": {"storageClassName": "fast"}}]}
    ),
    deployment(volumes=[{"ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}}]),
]
STORAGE_USERS[1]["metadata"]["annotations"] = STORAGE_USERS[1]["spec"].pop("annotations")


@pytest.mark.parametrize("user", STORAGE_USERS)
def test_storage_class_is_taken(user: dict[str, Any]) -> None:
    classes = [obj("storage.k8s.io/v1", "StorageClass", name) for name in ("fast", "slow")]

    assert Bench(namespace(), user, *classes).names("StorageClass") == ["fast"]


def test_volume_bound_to_a_claim_is_taken_with_its_class() -> None:
    bench = Bench(
        namespace(),
        claim("data"),
        obj(
            "v1",
            "PersistentVolume",
            "pv",
            spec={"claimRef": {"namespace": "shop", "name": "data"}, "storageClassName": "fast"},
        ),
        obj("storage.k8s.io/v1", "StorageClass", "fast"),
    )

    assert bench.names("PersistentVolume") == ["pv"]
    assert bench.names("StorageClass") == ["fast"]


def test_volume_that_a_claim_waits_for_is_taken() -> None:
    bench = Bench(namespace(), claim("data", volumeName="static"), obj("v1", "PersistentVolume", "static", spec={}))

    assert bench.names("PersistentVolume") == ["static"]


def test_volume_that_is_bound_to_somebody_else_is_not_taken() -> None:
    elsewhere = {"claimRef": {"namespace": "other", "name": "data"}}
    bench = Bench(namespace(), claim("data", volumeName="pv"), obj("v1", "PersistentVolume", "pv", spec=elsewhere))

    assert bench.names("PersistentVolume") == []


def test_volume_of_a_claim_that_is_left_out_is_not_taken() -> None:
    gone = claim("data")
    gone["metadata"]["labels"] = {"kubestandby.dev/exclude": "true"}
    bound = {"claimRef": {"namespace": "shop", "name": "data"}}

    assert Bench(namespace(), gone, obj("v1", "PersistentVolume", "pv", spec=bound)).names("PersistentVolume") == []


@pytest.mark.parametrize(
    "ingress",
    [{"spec": {"ingressClassName": "nginx"}}, {"annotations": {"kubernetes.io/ingress.class": "nginx"}}],
)
def test_ingress_class_is_taken(ingress: dict[str, Any]) -> None:
    classes = [obj("networking.k8s.io/v1", "IngressClass", name) for name in ("nginx", "other")]
    bench = Bench(namespace(), obj("networking.k8s.io/v1", "Ingress", "web", "shop", **ingress), *classes)

    assert bench.names("IngressClass") == ["nginx"]


def test_parameters_of_a_class_are_taken_with_their_crd() -> None:
    reference = {"apiGroup": "example.com", "kind": "Params", "name": "defaults"}
    bench = Bench(
        namespace(),
        definition("params", "Params", scope="Cluster"),
        obj("networking.k8s.io/v1", "Ingress", "web", "shop", spec={"ingressClassName": "nginx"}),
        obj("networking.k8s.io/v1", "IngressClass", "nginx", spec={"parameters": reference}),
    )
    bench.cluster.put(obj("example.com/v1", "Params", "defaults"), obj("example.com/v1", "Params", "others"))

    assert bench.names("Params") == ["defaults"]
    assert bench.names("CustomResourceDefinition") == ["params.example.com"]


def test_gateway_class_is_taken() -> None:
    group = "gateway.networking.k8s.io"
    bench = Bench(
        namespace(),
        definition("gateways", "Gateway", group=group),
        definition("gatewayclasses", "GatewayClass", group=group, scope="Cluster"),
    )
    bench.cluster.put(
        obj(f"{group}/v1", "Gateway", "web", "shop", spec={"gatewayClassName": "istio"}),
        obj(f"{group}/v1", "GatewayClass", "istio"),
    )

    assert bench.names("GatewayClass") == ["istio"]
    assert bench.names("CustomResourceDefinition") == [f"gatewayclasses.{group}", f"gateways.{group}"]


def test_device_class_is_taken() -> None:
    spec = {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}}
    bench = Bench(
        namespace(),
        obj("resource.k8s.io/v1", "ResourceClaim", "gpu", "shop", spec=spec),
        obj("resource.k8s.io/v1", "DeviceClass", "gpu"),
    )

    assert bench.names("DeviceClass") == ["gpu"]


def test_trust_bundles_that_a_pod_projects_are_taken_by_name_and_by_signer() -> None:
    def bundle(name: str, **spec: str) -> dict[str, Any]:
        return obj("certificates.k8s.io/v1beta1", "ClusterTrustBundle", name, spec=spec)

    sources = [{"clusterTrustBundle": {"name": "anchors"}}, {"clusterTrustBundle": {"signerName": "example.com/ca"}}]
    bench = Bench(namespace(), deployment(volumes=[{"name": "trust", "projected": {"sources": sources}}]))
    bench.cluster.serve("certificates.k8s.io/v1beta1", "ClusterTrustBundle", "clustertrustbundles", namespaced=False)
    bench.cluster.put(
        bundle("anchors"), bundle("other"), bundle("example.com:ca:one", signerName="example.com/ca"), bundle("b")
    )

    assert bench.names("ClusterTrustBundle") == ["anchors", "example.com:ca:one"]


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_webhook_whose_service_is_in_the_namespace_is_taken(kind: str) -> None:
    def hook(name: str, within: str) -> dict[str, Any]:
        webhooks = [{"clientConfig": {"url": "https://x"}}, {"clientConfig": {"service": {"namespace": within}}}]
        return obj("admissionregistration.k8s.io/v1", kind, name, webhooks=webhooks)

    assert Bench(namespace(), hook("ours", "shop"), hook("theirs", "other")).names(kind) == ["ours"]


def test_api_service_whose_service_is_in_the_namespace_is_taken() -> None:
    def api(name: str, within: str) -> dict[str, Any]:
        return obj(
            "apiregistration.k8s.io/v1", "APIService", name, spec={"service": {"namespace": within, "name": "x"}}
        )

    assert Bench(namespace(), api("v1.ours", "shop"), api("v1.theirs", "other")).names("APIService") == ["v1.ours"]


def test_system_priority_class_is_counted_and_not_taken() -> None:
    system = "system-cluster-critical"
    bench = Bench(
        namespace(), deployment(priorityClassName=system), obj("scheduling.k8s.io/v1", "PriorityClass", system)
    )

    index = bench.index()

    assert dropped(index)["system_priority_class"] == 1
    assert index.complete


def test_need_that_nothing_satisfies_leaves_the_snapshot_complete() -> None:
    assert Bench(namespace(), deployment(priorityClassName="missing")).index().complete


def test_namespaced_object_named_like_a_cluster_role_is_not_confused_with_it() -> None:
    assert Bench(namespace(), cluster_role("settings"), config_map("settings")).names("ClusterRole") == []


@pytest.mark.parametrize(
    ("group", "naming", "field", "named"),
    [
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "policyName", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", "policyName", "MutatingAdmissionPolicy"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema", "priorityLevelConfiguration", "PriorityLevelConfiguration"),
    ],
    ids=["validating-policy", "mutating-policy", "priority-level"],
)
def test_what_an_included_object_names_is_taken_with_it(group: str, naming: str, field: str, named: str) -> None:
    bench = Bench(namespace(), include=(IncludedObject(kind=naming, name="mine"),))
    for kind in (naming, named):
        bench.cluster.serve(f"{group}/v1", kind, f"{kind.lower()}s", namespaced=False)
    value: Any = "strict" if field == "policyName" else {"name": "strict"}
    bench.cluster.put(obj(f"{group}/v1", naming, "mine", spec={field: value}))
    bench.cluster.put(obj(f"{group}/v1", named, "strict"), obj(f"{group}/v1", named, "another"))

    assert bench.names(named) == ["strict"]


def working_on(resources: list[str], verbs: list[str], group: str = "example.com") -> dict[str, Any]:
    return {"rules": [{"apiGroups": [group], "resources": resources, "verbs": verbs}]}


@pytest.mark.parametrize(
    ("rights", "taken"),
    [
        (working_on(["orders"], ["*"]), True),
        (working_on(["*"], ["*"]), True),
        (working_on(["orders", "orders/status"], ["get", "update"]), True),
        (working_on(["orders/finalizers"], ["patch"]), True),
        (working_on(["orders"], ["get", "list", "watch", "patch"]), True),
        (working_on(["orders", "orders/status"], ["get", "list", "watch"]), False),
        (working_on(["orders", "orders/scale"], ["create", "update", "patch", "delete"]), False),
        (working_on(["orders"], ["*"], group="other.example.com"), False),
        (working_on(["orders"], ["*"], group="*"), False),
    ],
    ids=[
        "everything",
        "all-kinds",
        "status",
        "finalizers",
        "watches-and-changes",
        "reads",
        "makes",
        "other-group",
        "every-group",
    ],
)
def test_crd_that_a_controller_of_the_namespace_works_on_is_taken_before_there_is_one_of_it(
    rights: dict[str, Any], taken: bool
) -> None:
    expected = ["orders.example.com"] if taken else []
    crd = definition("orders", "Order")
    bound = Bench(
        namespace(), crd, cluster_role("operator", **rights), cluster_role_binding("operator", "operator", ROBOT)
    )
    local = Bench(namespace(), crd, obj("rbac.authorization.k8s.io/v1", "Role", "operator", "shop", **rights))

    assert bound.names("CustomResourceDefinition") == expected
    assert local.names("CustomResourceDefinition") == expected


def test_crd_that_a_controller_elsewhere_works_on_is_not_taken() -> None:
    operator = cluster_role("operator", **working_on(["orders"], ["*"]))
    elsewhere = cluster_role_binding("operator", "operator", {**ROBOT, "namespace": "shop-2"})

    assert Bench(namespace(), definition("orders", "Order"), operator, elsewhere).names("ClusterRole") == []
    assert Bench(namespace(), definition("orders", "Order"), operator, elsewhere).names(DEFINITION) == []


def part_and_whole(**whole: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    part = cluster_role("part", **working_on(["orders"], ["*"]), labels={"part-of": "shop"})
    parts = {"clusterRoleSelectors": [{"matchLabels": {"part-of": "shop"}}]}
    return part, cluster_role("whole", aggregationRule=parts, **whole)


def test_crd_that_parts_of_the_server_s_own_roles_are_about_is_not_taken_for_people_with_these() -> None:
    roles = part_and_whole(labels=BOOTSTRAP)
    bench = Bench(namespace(), definition("orders", "Order"), *roles, role_binding("people", "whole"))

    assert bench.names("ClusterRole") == ["part"]
    assert bench.names(DEFINITION) == []


def test_crd_that_a_part_of_a_controller_s_role_is_about_is_taken_before_the_rules_are_filled_in() -> None:
    bench = Bench(
        namespace(),
        definition("orders", "Order"),
        *part_and_whole(),
        cluster_role_binding("operator", "whole", ROBOT),
    )

    assert bench.names("ClusterRole") == ["part", "whole"]
    assert bench.names(DEFINITION) == ["orders.example.com"]


@pytest.mark.parametrize(("place", "taken"), [("shop", ["reader"]), ("shop-2", [])])
def test_cluster_roles_about_an_api_that_the_namespace_serves_are_taken(place: str, taken: list[str]) -> None:
    served = {"group": "orders.example.com", "version": "v1", "service": {"namespace": place, "name": "api"}}
    mixed = working_on(["*"], ["get"], group="orders.example.com")["rules"] + working_on(["pods"], ["get"], "")["rules"]
    bench = Bench(
        namespace(),
        obj("apiregistration.k8s.io/v1", "APIService", "v1.orders.example.com", spec=served),
        cluster_role("reader", **working_on(["*"], ["get"], group="orders.example.com")),
        cluster_role("mixed", rules=mixed),
        cluster_role("empty"),
    )

    assert bench.names("ClusterRole") == taken


def test_cluster_roles_for_the_users_of_a_controllers_resources_are_taken_with_it() -> None:
    bench = Bench(
        namespace(),
        definition("orders", "Order"),
        cluster_role("operator", **working_on(["orders/status"], ["update"])),
        cluster_role_binding("operator", "operator", ROBOT),
        cluster_role("orders-view", **working_on(["orders"], ["get"])),
        cluster_role("bills-view", **working_on(["bills"], ["get"], group="other.example.com")),
        cluster_role("everything", **working_on(["*"], ["*"], group="*")),
    )

    assert bench.names("ClusterRole") == ["operator", "orders-view"]
