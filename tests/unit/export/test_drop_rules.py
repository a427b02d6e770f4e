import pytest

from functions.export.drop_rules import Facts, dropped_by
from tests.unit.export.objects import cluster_role, config_map, namespace, obj, owner, pod, secret

TOKEN = "kubernetes.io/service-account-token"
OF_ROBOT = {"kubernetes.io/service-account.name": "robot"}


@pytest.mark.parametrize("label", ["kubestandby.dev/exclude", "velero.io/exclude-from-backup"])
def test_object_with_an_exclude_label_is_left_out(label: str) -> None:
    assert dropped_by(config_map(labels={label: "true"})) == "excluded_by_label"


def test_exclude_label_with_another_value_means_nothing() -> None:
    assert dropped_by(config_map(labels={"kubestandby.dev/exclude": "false"})) == ""


def test_namespace_with_an_exclude_label_is_left_out() -> None:
    assert dropped_by(namespace(labels={"kubestandby.dev/exclude": "true"})) == "excluded_by_label"


def test_object_that_only_waits_for_its_finalizers_is_left_out() -> None:
    assert dropped_by(config_map(metadata={"deletionTimestamp": "2026-11-22T12:00:00Z"})) == "being_deleted"


def test_object_of_a_controller_is_left_out() -> None:
    assert dropped_by(pod(owners=[owner("ReplicaSet", "web-1")])) == "owned_by_controller"


def test_object_with_an_owner_that_does_not_control_it_is_kept() -> None:
    assert dropped_by(secret("cert", owners=[owner("Certificate", "cert", controller=False)])) == ""


def test_cluster_scoped_object_of_a_controller_is_kept() -> None:
    made = obj("apiextensions.k8s.io/v1", "CustomResourceDefinition", "xs.example.com", owners=[owner("XRD", "xs")])

    assert dropped_by(made) == ""


def test_pod_of_nobody_is_kept() -> None:
    assert dropped_by(pod(status={"phase": "Running"})) == ""


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pod_that_has_come_to_its_end_is_left_out(phase: str) -> None:
    assert dropped_by(pod(status={"phase": phase})) == "finished_pod"


def test_mirror_of_a_static_pod_is_left_out() -> None:
    mirrored = pod(annotations={"kubernetes.io/config.mirror": "x"}, owners=[owner("Node", "n1", "v1")])

    assert dropped_by(mirrored) == "mirror_pod"


def test_endpoints_of_a_service_with_a_selector_are_left_out() -> None:
    facts = Facts(selecting_services=frozenset({("shop", "web")}))

    assert dropped_by(obj("v1", "Endpoints", "web", "shop"), facts) == "controller_made_endpoints"


def test_endpoints_that_a_user_wrote_are_kept() -> None:
    facts = Facts(selecting_services=frozenset({("other", "web")}))

    assert dropped_by(obj("v1", "Endpoints", "web", "shop", subsets=[{}]), facts) == ""


def test_endpoints_that_the_controller_labelled_are_left_out_without_their_service() -> None:
    labels = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}

    assert dropped_by(obj("v1", "Endpoints", "web", "shop", labels=labels)) == "controller_made_endpoints"


def test_leader_election_in_endpoints_is_left_out() -> None:
    lock = obj("v1", "Endpoints", "lock", "shop", annotations={"control-plane.alpha.kubernetes.io/leader": "{}"})

    assert dropped_by(lock) == "leader_election_record"


def test_config_map_with_data_is_kept_even_if_it_is_a_lock_too() -> None:
    lock = config_map(annotations={"control-plane.alpha.kubernetes.io/leader": "{}"})

    assert dropped_by(lock) == ""


@pytest.mark.parametrize("manager", ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"])
def test_endpoint_slice_of_a_controller_is_left_out(manager: str) -> None:
    labels = {"endpointslice.kubernetes.io/managed-by": manager}
    made = obj("discovery.k8s.io/v1", "EndpointSlice", "web-x", "shop", labels=labels)

    assert dropped_by(made) == "controller_made_endpoint_slice"


def test_endpoint_slice_of_a_user_is_kept() -> None:
    labels = {"endpointslice.kubernetes.io/managed-by": "staff"}

    assert dropped_by(obj("discovery.k8s.io/v1", "EndpointSlice", "web-x", "shop", labels=labels)) == ""


def test_published_root_ca_is_left_out() -> None:
    assert dropped_by(config_map("kube-root-ca.crt")) == "published_root_ca"
    assert dropped_by(config_map("istio-ca-root-cert", labels={"istio.io/config": "true"})) == "published_root_ca"
    assert dropped_by(config_map("istio-ca-root-cert")) == ""


def test_untouched_default_service_account_is_left_out() -> None:
    plain = obj("v1", "ServiceAccount", "default", "shop", secrets=[{"name": "default-token-x7k2b"}])

    assert dropped_by(plain) == "untouched_default_service_account"


@pytest.mark.parametrize(
    "touch",
    [
        {"imagePullSecrets": [{"name": "pull"}]},
        {"automountServiceAccountToken": False},
        {"secrets": [{"name": "mine"}]},
        {"annotations": {"eks.amazonaws.com/role-arn": "x"}},
        {"labels": {"a": "b"}},
    ],
)
def test_touched_default_service_account_is_kept(touch: dict[str, object]) -> None:
    assert dropped_by(obj("v1", "ServiceAccount", "default", "shop", **touch)) == ""


def test_other_service_account_is_kept() -> None:
    assert dropped_by(obj("v1", "ServiceAccount", "robot", "shop")) == ""


def test_token_that_the_token_controller_made_is_left_out() -> None:
    facts = Facts(token_secrets=frozenset({("shop", "robot-token-x7k2b")}))

    assert dropped_by(secret("robot-token-x7k2b", type=TOKEN, annotations=OF_ROBOT), facts) == "service_account_token"


def test_token_secret_that_a_user_wrote_is_kept() -> None:
    facts = Facts(token_secrets=frozenset({("shop", "robot-token")}))

    assert dropped_by(secret("robot-token", type=TOKEN, annotations=OF_ROBOT), facts) == ""


def test_token_secret_of_a_generated_name_that_no_account_names_is_kept() -> None:
    assert dropped_by(secret("robot-token-x7k2b", type=TOKEN, annotations=OF_ROBOT)) == ""


@pytest.mark.parametrize(
    ("api_version", "kind"), [("v1", "Service"), ("v1", "Endpoints"), ("discovery.k8s.io/v1", "EndpointSlice")]
)
def test_way_to_the_api_server_is_left_out_and_what_is_only_named_like_it_is_kept(api_version: str, kind: str) -> None:
    assert dropped_by(obj(api_version, kind, "kubernetes", "default")) == "way_to_the_api_server"
    assert dropped_by(obj(api_version, kind, "kubernetes", "shop")) == ""


def test_bootstrap_token_is_left_out() -> None:
    assert dropped_by(secret("bootstrap-token-abc", type="bootstrap.kubernetes.io/token")) == "bootstrap_token"


def test_helm_release_is_kept() -> None:
    assert dropped_by(secret("sh.helm.release.v1.shop.v1", type="helm.sh/release.v1")) == ""


@pytest.mark.parametrize("name", ["view", "system:node"])
def test_role_that_each_server_makes_is_left_out(name: str) -> None:
    assert dropped_by(cluster_role(name, labels={"kubernetes.io/bootstrapping": "rbac-defaults"})) == "bootstrap_rbac"


def test_role_that_is_only_named_like_those_of_the_server_is_kept() -> None:
    assert dropped_by(cluster_role("system:metrics-server")) == ""


def test_system_priority_class_is_left_out() -> None:
    system = obj("scheduling.k8s.io/v1", "PriorityClass", "system-node-critical", value=2)

    assert dropped_by(system) == "system_priority_class"


def test_api_service_of_a_crd_is_left_out() -> None:
    labels = {"kube-aggregator.kubernetes.io/automanaged": "true"}
    auto = obj("apiregistration.k8s.io/v1", "APIService", "v1.example.com", labels=labels)

    assert dropped_by(auto) == "automanaged_api_service"


@pytest.mark.parametrize("kind", ["FlowSchema", "PriorityLevelConfiguration"])
def test_flow_control_that_each_server_keeps_up_is_left_out(kind: str) -> None:
    suggested, taken_over = (
        obj(
            "flowcontrol.apiserver.k8s.io/v1",
            kind,
            "workload-low",
            annotations={"apf.kubernetes.io/autoupdate-spec": kept},
        )
        for kept in ("true", "false")
    )

    assert (dropped_by(suggested), dropped_by(taken_over)) == ("suggested_flow_control", "")


def test_label_wins_over_every_other_rule() -> None:
    both = pod(labels={"kubestandby.dev/exclude": "true"}, owners=[owner("ReplicaSet", "web")])

    assert dropped_by(both) == "excluded_by_label"
