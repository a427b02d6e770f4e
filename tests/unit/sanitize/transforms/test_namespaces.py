"""A namespace gets another name everywhere: in what is in it, in itself, and in every reference that the API knows."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.sanitize.namespace_fields import NAMES, NAMES_IN_POD_SPEC
from functions.sanitize.transforming import Transforming
from kubestandby.errors import ManifestError
from kubestandby.transforms import FieldPath, NamespaceTransform
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.transforms.test_images import KINDS
from tests.unit.sanitize.transforms.transforming import fields_changed, pod_spec_of, transformed, workload

NAMES_MAP = {"shop": "shop-dr", "shop-data": "data-dr"}
NAMESPACES = NamespaceTransform(name="places", names=NAMES_MAP)
RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
NAME_LABEL = "kubernetes.io/metadata.name"


def renamed(manifest: Json) -> Json:
    return transformed(manifest, NAMESPACES)


def outside(api_version: str, kind: str, **fields: Any) -> Json:
    """An object that is in no renamed namespace itself."""
    return bare(api_version, kind, namespace="", **fields)


def test_objects_move_with_their_namespace() -> None:
    assert renamed(bare("v1", "ConfigMap"))["metadata"] == {"name": "web", "namespace": "shop-dr"}
    assert renamed(bare("v1", "ConfigMap", namespace="other"))["metadata"]["namespace"] == "other"
    assert renamed(bare("v1", "Namespace", "shop", ""))["metadata"] == {"name": "shop-dr"}


def test_an_object_of_the_same_name_as_a_namespace_keeps_it() -> None:
    assert renamed(bare("v1", "ConfigMap", "shop", "other"))["metadata"]["name"] == "shop"
    assert renamed(bare("example.com/v1", "Namespace", "shop", "other"))["metadata"]["name"] == "shop"


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in NAMES.items() for path in paths])
def test_every_field_that_names_a_namespace_follows(kind: tuple[str, str], path: tuple[str, ...]) -> None:
    before, after = (_at(path, name) for name in ("shop-data", "data-dr"))
    manifest = outside(f"{kind[0]}/v1".lstrip("/"), kind[1])

    changed = renamed(_joined(manifest, before))

    assert changed == _joined(manifest, after)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", NAMES_IN_POD_SPEC)
def test_every_field_of_a_pod_spec_that_names_a_namespace_follows(kind: str, path: tuple[str, ...]) -> None:
    after = renamed(workload(kind, **_at(path, "shop-data")))

    assert pod_spec_of(after) == {"containers": [], **_at(path, "data-dr")}


SUBJECTS = [
    ({"kind": "ServiceAccount", "namespace": "shop", "name": "shop"}, {"namespace": "shop-dr"}),
    ({"kind": "Group", "name": "system:serviceaccounts:shop"}, {"name": "system:serviceaccounts:shop-dr"}),
    ({"kind": "User", "name": "system:serviceaccount:shop:web"}, {"name": "system:serviceaccount:shop-dr:web"}),
    ({"kind": "Group", "name": "system:serviceaccounts"}, {}),
    ({"kind": "Group", "name": "shop"}, {}),
    ({"kind": "User", "name": "system:serviceaccount:other:shop"}, {}),
    ({"kind": "ServiceAccount", "namespace": "other", "name": "shop"}, {}),
]


@pytest.mark.parametrize(("subject", "change"), SUBJECTS)
@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
def test_subjects_of_bindings_follow(kind: str, subject: Json, change: Json) -> None:
    assert renamed(outside(RBAC, kind, subjects=[subject]))["subjects"] == [{**subject, **change}]


def test_who_has_priority_at_the_api_server_follows() -> None:
    def schema(name: str) -> Json:
        subjects = [
            {"kind": "User", "user": {"name": f"system:serviceaccount:{name}:web"}},
            {"kind": "Group", "group": {"name": f"system:serviceaccounts:{name}"}},
            {"kind": "ServiceAccount", "serviceAccount": {"namespace": name, "name": "web"}},
        ]
        rules = [{"subjects": subjects, "resourceRules": [{"namespaces": ["*", name]}]}]
        return outside("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", spec={"rules": rules})

    assert renamed(schema("shop")) == schema("shop-dr")


@pytest.mark.parametrize("kind", ["Role", "ClusterRole"])
def test_rules_about_namespaces_by_name_follow(kind: str) -> None:
    def role(*names: str) -> Json:
        rule = {"apiGroups": [""], "resources": ["namespaces", "namespaces/status"], "resourceNames": list(names)}
        return outside(RBAC, kind, rules=[rule])

    assert renamed(role("shop", "other")) == role("shop-dr", "other")


def test_rules_about_other_objects_of_a_namespaces_name_stay() -> None:
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["shop"]},
        {"apiGroups": ["example.com"], "resources": ["namespaces"], "resourceNames": ["shop"]},
        {"apiGroups": ["*"], "resources": ["*"], "resourceNames": ["other"]},
        {"apiGroups": [""], "resources": ["namespaces"]},
        {"nonResourceURLs": ["/shop"]},
    ]

    assert renamed(outside(RBAC, "ClusterRole", rules=rules))["rules"] == rules


def test_who_may_be_impersonated_follows() -> None:
    def role(name: str) -> Json:
        names = [f"system:serviceaccount:{name}:web", "admin"]
        return outside(RBAC, "ClusterRole", rules=[{"resources": ["users"], "resourceNames": names}])

    assert renamed(role("shop")) == role("shop-dr")


@pytest.mark.parametrize("resources", [["namespaces", "configmaps"], ["*"]])
def test_a_rule_of_which_nobody_can_tell_what_it_names_stops_all(resources: list[str]) -> None:
    rule = {"apiGroups": ["*"], "resources": resources, "resourceNames": ["shop"]}

    with pytest.raises(ManifestError, match=r"^ClusterRole.* transform places: rules\[\]\.resourceNames names"):
        renamed(outside(RBAC, "ClusterRole", rules=[rule]))


def by_name(name: str) -> list[Json]:
    """Selectors that choose a namespace by name, in every form; the last two are not about names."""
    return [
        {"matchLabels": {NAME_LABEL: name, "tier": "web"}},
        {"matchExpressions": [{"key": NAME_LABEL, "operator": "In", "values": ["other", name]}]},
        {"matchExpressions": [{"key": NAME_LABEL, "operator": "NotIn", "values": [name]}]},
        {"matchExpressions": [{"key": NAME_LABEL, "operator": "Exists"}]},
        {"matchLabels": {"name": "shop"}, "matchExpressions": [{"key": "n", "operator": "In", "values": ["shop"]}]},
    ]


def test_network_policies_admit_the_same_namespaces() -> None:
    def policy(name: str) -> Json:
        peers = [{"namespaceSelector": selector, "podSelector": {}} for selector in by_name(name)]
        return outside("networking.k8s.io/v1", "NetworkPolicy", spec={"ingress": [{"from": peers}], "egress": []})

    assert renamed(policy("shop-data")) == policy("data-dr")


@pytest.mark.parametrize("kind", ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"])
def test_webhooks_watch_over_the_same_namespaces_and_call_the_same_service(kind: str) -> None:
    def configuration(name: str) -> Json:
        config = {"service": {"namespace": name, "name": "shop", "path": "/shop"}, "caBundle": "shop"}
        hooks = [{"clientConfig": config, "namespaceSelector": s, "objectSelector": {}} for s in by_name(name)]
        return outside(ADMISSION, kind, webhooks=hooks)

    assert renamed(configuration("shop-data")) == configuration("data-dr")


@pytest.mark.parametrize("kind", ["ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"])
def test_admission_policies_watch_over_the_same_namespaces(kind: str) -> None:
    def policy(name: str) -> Json:
        return outside(ADMISSION, kind, spec={"matchConstraints": {"namespaceSelector": by_name(name)[0]}})

    assert renamed(policy("shop")) == policy("shop-dr")


@pytest.mark.parametrize("kind", KINDS)
def test_pods_keep_to_pods_of_the_same_namespaces(kind: str) -> None:
    def affinity(name: str) -> Json:
        terms = [{"namespaceSelector": selector} for selector in by_name(name)]
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}

    assert pod_spec_of(renamed(workload(kind, affinity=affinity("shop"))))["affinity"] == affinity("shop-dr")


@pytest.mark.parametrize("kind", KINDS)
def test_pods_find_services_by_their_short_names_in_the_same_namespaces(kind: str) -> None:
    before = ["shop-data.svc.cluster.local", "shop.svc", "svc.cluster.local", "shop.example.com", "a.shop.svc"]
    after = ["data-dr.svc.cluster.local", "shop-dr.svc", *before[2:]]

    changed = pod_spec_of(renamed(workload(kind, dnsConfig={"searches": before})))

    assert changed["dnsConfig"]["searches"] == after


def test_custom_resources_select_the_same_namespaces() -> None:
    def policy(name: str) -> Json:
        return outside("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", spec={"subject": by_name(name)[0]})

    assert renamed(policy("shop")) == policy("shop-dr")


def test_routes_and_gateways_find_each_other() -> None:
    def route(name: str) -> Json:
        backends = [{"name": "web", "namespace": name, "port": 80}, {"name": "local"}]
        mirror = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"namespace": name, "name": "shop"}}}]
        spec = {"parentRefs": [{"name": "gw", "namespace": name}], "rules": [{"backendRefs": backends}]}
        spec["rules"][0]["filters"] = mirror  # type: ignore[call-overload]
        return outside("gateway.networking.k8s.io/v1", "HTTPRoute", spec=spec)

    def gateway(name: str) -> Json:
        allowed = {"namespaces": {"from": "Selector", "selector": by_name(name)[0]}}
        certificates = {"certificateRefs": [{"name": "tls", "namespace": name}]}
        return outside(
            "gateway.networking.k8s.io/v1",
            "Gateway",
            spec={"listeners": [{"name": "shop", "allowedRoutes": allowed, "tls": certificates}]},
        )

    assert renamed(route("shop")) == route("shop-dr")
    assert renamed(gateway("shop")) == gateway("shop-dr")


def test_a_service_that_stands_for_another_one_follows_it() -> None:
    def service(host: str) -> Json:
        return bare("v1", "Service", namespace="", spec={"type": "ExternalName", "externalName": host})

    assert renamed(service("db.shop-data.svc.cluster.local")) == service("db.data-dr.svc.cluster.local")
    assert renamed(service("db-0.db.shop-data.svc")) == service("db-0.db.data-dr.svc")
    assert renamed(service("shop.example.com")) == service("shop.example.com")
    assert renamed(service("db.other.svc")) == service("db.other.svc")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("meta.helm.sh/release-namespace", "shop", "shop-dr"),
        ("cert-manager.io/inject-ca-from", "shop/serving", "shop-dr/serving"),
        ("nginx.ingress.kubernetes.io/auth-tls-secret", "shop-data/ca", "data-dr/ca"),
        ("nginx.ingress.kubernetes.io/auth-secret", "shop", "shop"),
        ("example.com/owner", "shop", "shop"),
    ],
)
def test_annotations_of_well_known_projects_follow(name: str, before: str, after: str) -> None:
    manifest = outside(ADMISSION, "ValidatingWebhookConfiguration")
    manifest["metadata"]["annotations"] = {name: before}

    assert renamed(manifest)["metadata"]["annotations"] == {name: after}


def test_the_label_by_which_an_export_takes_an_object_along_follows() -> None:
    manifest = outside(RBAC, "ClusterRole")
    manifest["metadata"]["labels"] = {"maak8sapply": "shop", "app": "shop"}

    assert renamed(manifest)["metadata"]["labels"] == {"maak8sapply": "shop-dr", "app": "shop"}


def test_a_drivers_secrets_follow() -> None:
    parameters = {
        "csi.storage.k8s.io/provisioner-secret-namespace": "shop",
        "csi.storage.k8s.io/provisioner-secret-name": "shop",
        "csi.storage.k8s.io/node-stage-secret-namespace": "${pvc.namespace}",
        "adminSecretNamespace": "shop-data",
        "pool": "shop",
    }

    after = renamed(outside("storage.k8s.io/v1", "StorageClass", parameters=parameters))

    assert after["parameters"] == {
        **parameters,
        "csi.storage.k8s.io/provisioner-secret-namespace": "shop-dr",
        "adminSecretNamespace": "data-dr",
    }


def test_a_namespace_whose_metric_scales_a_workload_follows() -> None:
    def autoscaler(api_version: str, kind: str, name: str) -> Json:
        described = {"apiVersion": api_version, "kind": kind, "name": name}
        metrics = [{"type": "Object", "object": {"describedObject": described}}, {"type": "Resource"}]
        return outside("autoscaling/v2", "HorizontalPodAutoscaler", spec={"metrics": metrics})

    assert renamed(autoscaler("v1", "Namespace", "shop")) == autoscaler("v1", "Namespace", "shop-dr")
    assert renamed(autoscaler("v1", "Service", "shop")) == autoscaler("v1", "Service", "shop")


def test_an_owner_that_is_a_namespace_follows() -> None:
    manifest = outside("v1", "PersistentVolume")
    owners = [
        {"apiVersion": "v1", "kind": "Namespace", "name": "shop"},
        {"apiVersion": "v1", "kind": "Pod", "name": "shop"},
    ]
    manifest["metadata"]["ownerReferences"] = owners

    assert [owner["name"] for owner in renamed(manifest)["metadata"]["ownerReferences"]] == ["shop-dr", "shop"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("shop", "shop-dr"),
        ("shop/web", "shop-dr/web"),
        ("system:serviceaccount:shop:web", "system:serviceaccount:shop-dr:web"),
        ("web.shop.svc", "web.shop-dr.svc"),
        ("http://web.shop.svc.cluster.local:8080/shop", "http://web.shop-dr.svc.cluster.local:8080/shop"),
        ("a.shop.svc,b.shop-data.svc:1", "a.shop-dr.svc,b.data-dr.svc:1"),
        ("the shop", "the shop"),
        ("web.shop.example.com", "web.shop.example.com"),
        ("shops", "shops"),
    ],
)
def test_declared_places_follow_in_whichever_form_they_name_a_namespace(before: str, after: str) -> None:
    field = FieldPath(group="example.com", kind="Widget", path=("spec", "targets", "*"))
    transform = NamespaceTransform(name="places", names=NAMES_MAP, fields=(field,))

    changed = transformed(outside("example.com/v1", "Widget", spec={"targets": [before]}), transform)

    assert changed["spec"]["targets"] == [after]


def test_data_is_nobodys_reference() -> None:
    text = {"namespace": "shop", "url": "http://web.shop.svc"}
    selector = {"matchLabels": {NAME_LABEL: "shop"}}
    config = bare("v1", "ConfigMap", data=text)
    secret = bare("v1", "Secret", data=text, stringData=text)
    widget = bare("example.com/v1", "Widget", spec=text, data={"selector": selector})

    assert renamed(config)["data"] == text
    assert (renamed(secret)["data"], renamed(secret)["stringData"]) == (text, text)
    assert renamed(widget)["spec"] == text


def test_a_name_that_is_taken_stops_all() -> None:
    with pytest.raises(ManifestError, match=r"metadata\.name: it is shop-dr already, which shop becomes"):
        renamed(bare("v1", "Namespace", "shop-dr", ""))


def test_names_that_change_places_do() -> None:
    swap = NamespaceTransform(name="places", names={"a": "b", "b": "a"})

    assert transformed(bare("v1", "ConfigMap", namespace="a"), swap)["metadata"]["namespace"] == "b"
    assert transformed(bare("v1", "ConfigMap", namespace="b"), swap)["metadata"]["namespace"] == "a"


def test_the_order_of_namespaces_stays() -> None:
    assert Transforming((NAMESPACES,)).namespaces(("shop-data", "other", "shop")) == ("data-dr", "other", "shop-dr")


def test_the_changed_fields_are_on_record() -> None:
    subject = {"kind": "ServiceAccount", "namespace": "shop", "name": "web"}

    changed = fields_changed(bare(RBAC, "RoleBinding", subjects=[subject]), NAMESPACES)

    assert changed == {"places": ("/metadata/namespace", "/subjects/0/namespace")}


WORDS = st.sampled_from(
    ["namespace", "namespaces", "matchLabels", "values", "key", NAME_LABEL, "spec", "subjects", "selector", "a"]
)
VALUES = st.recursive(
    st.sampled_from(["shop", "shop-data", "other", "system:serviceaccount:shop:x", "a.shop.svc", 1, None, True]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
ALL_KINDS = [*NAMES, ("", "Pod"), ("apps", "Deployment"), ("gateway.networking.k8s.io", "HTTPRoute")]
ALL_KINDS += [("rbac.authorization.k8s.io", "ClusterRole"), ("networking.k8s.io", "NetworkPolicy"), ("x.io", "Any")]


@given(st.sampled_from(ALL_KINDS), st.dictionaries(WORDS, VALUES, max_size=4), VALUES)
def test_whatever_the_types_the_way_back_leads_home_or_there_is_one_error_of_ours(
    kind: tuple[str, str], fields: Json, spec: Any
) -> None:
    manifest = {**bare(f"{kind[0]}/v1".lstrip("/"), kind[1]), **fields, "spec": spec}
    before = json.dumps(manifest)
    try:
        there = renamed(manifest)
    except ManifestError:
        return

    assert json.dumps(manifest) == before
    assert transformed(there, NAMESPACES.reversed()) == manifest


def _at(path: tuple[str, ...], leaf: Any) -> Any:
    """The smallest value that has the leaf at the path."""
    if not path:
        return leaf
    inner = _at(path[1:], leaf)
    return [inner] if path[0] == "[]" else {path[0]: inner}


def _joined(manifest: Json, part: Json) -> Json:
    """Both together; one level of metadata deep."""
    metadata = {**manifest["metadata"], **part.get("metadata", {})}
    return {**manifest, **part, "metadata": metadata}
