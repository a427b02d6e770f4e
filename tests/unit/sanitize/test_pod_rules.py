"""What scheduler and admission put into a Pod is taken out again."""

from typing import Any

import pytest

from tests.unit.sanitize.samples import Json, applied, bare, clean, fired, manager, served

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
API_ACCESS = {
    "name": "kube-api-access-v5zr5",
    "projected": {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
            {"downwardAPI": {"items": [{"fieldRef": {"fieldPath": "metadata.namespace"}, "path": "namespace"}]}},
        ],
    },
}
NOT_READY = {
    "key": "node.kubernetes.io/not-ready",
    "operator": "Exists",
    "effect": "NoExecute",
    "tolerationSeconds": 300,
}
UNREACHABLE = {**NOT_READY, "key": "node.kubernetes.io/unreachable"}
CLASSY = {"key": "of-the-runtime-class", "operator": "Exists"}


def pod(spec: Json, **more: Any) -> Json:
    return served("v1", "Pod", spec=spec, **more)


def container(*mounts: str) -> Json:
    read_only = {"mountPath": TOKEN_PATH, "readOnly": True}
    return {"name": "main", "image": "web:1", "volumeMounts": [{"name": name, **read_only} for name in mounts]}


def test_the_node_is_left_to_the_standbys_scheduler() -> None:
    assert "spec" not in clean(pod({"nodeName": "primary-node-1"}))


def test_a_node_that_the_author_chose_stays() -> None:
    chosen = [manager("kubectl-create", {"f:spec": {"f:nodeName": {}}})]

    assert clean(pod({"nodeName": "edge-1"}, metadata={"managedFields": chosen}))["spec"] == {"nodeName": "edge-1"}


def test_what_admission_computes_from_classes_is_cleared() -> None:
    classes = {"priorityClassName": "high", "runtimeClassName": "gvisor"}
    computed = {"priority": 1000, "preemptionPolicy": "Never", "overhead": {"cpu": "250m"}}

    assert clean(pod({**classes, **computed}))["spec"] == classes


def test_the_token_volume_is_dropped_with_its_mounts_in_all_containers() -> None:
    spec = {
        "containers": [container("scratch", "kube-api-access-v5zr5")],
        "initContainers": [container("kube-api-access-v5zr5")],
        "volumes": [{"name": "scratch", "emptyDir": {}}, API_ACCESS],
    }

    assert clean(pod(spec))["spec"] == {
        "containers": [container("scratch")],
        "initContainers": [{"name": "main", "image": "web:1"}],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }


def test_the_token_volume_of_openshift_is_dropped() -> None:
    ca = {"configMap": {"items": [{"key": "service-ca.crt"}], "name": "openshift-service-ca.crt"}}
    volume = {**API_ACCESS, "projected": {"sources": [*API_ACCESS["projected"]["sources"], ca]}}  # type: ignore[index]

    assert "spec" not in clean(pod({"volumes": [volume]}))


def test_the_older_form_of_the_token_volume_is_dropped() -> None:
    name = "robot-token-x7k2z"
    volume = {"name": name, "secret": {"secretName": name, "defaultMode": 420}}

    cleaned = clean(pod({"serviceAccountName": "robot", "containers": [container(name)], "volumes": [volume]}))

    assert cleaned["spec"] == {"serviceAccountName": "robot", "containers": [{"name": "main", "image": "web:1"}]}


@pytest.mark.parametrize(
    "volume",
    [
        {"name": "robot-token", "secret": {"secretName": "robot-token"}},
        {"name": "robot-token-abcde", "secret": {"secretName": "robot-token-abcde"}},  # not of the server's alphabet
        {"name": "robot-token-x7k2z", "secret": {"secretName": "something-else"}},
        {"name": "other-token-x7k2z", "secret": {"secretName": "other-token-x7k2z"}},
        {"name": "robot-token-x7k2z", "emptyDir": {}},
        {"name": "kube-api-access-v5zr5", "configMap": {"name": "mine"}},
        {"name": "kube-api-access-v5zr5", "projected": {"sources": [{"configMap": {"name": "mine"}}]}},
        {"name": "kube-api-access-v5zr5", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
        {
            "name": "kube-api-access-v5zr5",
            "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"secret": {"name": "mine"}}]},
        },
    ],
)
def test_an_authors_volume_that_looks_like_a_token_stays(volume: Json) -> None:
    spec = {"serviceAccountName": "robot", "containers": [container(volume["name"])], "volumes": [volume]}

    assert clean(pod(spec))["spec"] == spec


def test_an_authors_mount_elsewhere_of_the_token_volume_is_not_taken_for_admissions() -> None:
    mount = {"name": "kube-api-access-v5zr5", "mountPath": "/mine"}
    spec = {"containers": [{"name": "main", "image": "web:1", "volumeMounts": [mount]}]}

    assert clean(pod(spec))["spec"] == spec


def test_the_tolerations_that_admission_adds_are_dropped() -> None:
    mine = {"key": "dedicated", "operator": "Exists"}

    assert clean(pod({"tolerations": [mine, NOT_READY, UNREACHABLE]}))["spec"] == {"tolerations": [mine]}


def test_tolerations_that_an_author_wrote_stay() -> None:
    patient = {**NOT_READY, "tolerationSeconds": 6000}
    given = applied({"spec": {"tolerations": [UNREACHABLE]}})

    cleaned = clean(pod({"tolerations": [patient, UNREACHABLE]}, metadata=given))

    assert cleaned["spec"] == {"tolerations": [patient, UNREACHABLE]}


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ([NOT_READY, UNREACHABLE], None),
        ([UNREACHABLE, NOT_READY], [UNREACHABLE]),
        (
            [NOT_READY, UNREACHABLE, {"key": "of-the-runtime-class"}],
            [NOT_READY, UNREACHABLE, {"key": "of-the-runtime-class"}],
        ),
        ([NOT_READY, {"key": "mine"}, UNREACHABLE], [NOT_READY, {"key": "mine"}]),
    ],
)
def test_tolerations_keep_the_order_that_admission_will_make_again(shown: list[Json], kept: list[Json] | None) -> None:
    assert clean(pod({"nodeSelector": {"a": "b"}, "tolerations": shown}))["spec"].get("tolerations") == kept


def selecting(**selector: Any) -> Json:
    term = {"topologyKey": "zone", "matchLabelKeys": ["v"], "mismatchLabelKeys": ["w"], "labelSelector": selector}
    preferred = [{"weight": 1, "podAffinityTerm": term}]
    return {
        "affinity": {
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
            "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred},
        },
        "topologySpreadConstraints": [{"topologyKey": "zone", "matchLabelKeys": ["v", "w"], "labelSelector": selector}],
    }


def test_what_the_server_merged_into_selectors_is_dropped_and_the_selector_stays() -> None:
    mine = {"key": "app", "operator": "Exists"}
    merged = [{"key": "v", "operator": "In", "values": ["1"]}, {"key": "w", "operator": "NotIn", "values": ["2"]}]

    assert clean(pod(selecting(matchExpressions=[mine, *merged])))["spec"] == selecting(matchExpressions=[mine])
    assert clean(pod(selecting(matchExpressions=merged)))["spec"] == selecting()
    assert fired(pod(selecting(matchExpressions=merged))) == {"drop_merged_selectors"}


def test_selectors_without_such_keys_stay() -> None:
    spec = selecting(matchLabels={"v": "1"}, matchExpressions=[{"key": "app", "operator": "In", "values": ["v"]}])

    assert clean(pod(spec))["spec"] == spec


def test_ephemeral_containers_are_dropped_and_counted() -> None:
    manifest = pod({"containers": [{"name": "main"}], "ephemeralContainers": [{"name": "debugger"}]})

    assert clean(manifest)["spec"] == {"containers": [{"name": "main"}]}
    assert fired(manifest) == {"drop_ephemeral_containers"}


def test_addresses_that_the_network_noted_are_dropped() -> None:
    notes = {
        "cni.projectcalico.org/containerID": "0d9f",
        "cni.projectcalico.org/podIP": "10.244.0.7/32",
        "cni.projectcalico.org/podIPs": "10.244.0.7/32",
        "k8s.ovn.org/pod-networks": "{}",
        "k8s.v1.cni.cncf.io/network-status": "[]",
        "k8s.v1.cni.cncf.io/networks-status": "[]",
        "note": "kept",
    }

    assert clean(pod({}, metadata={"annotations": notes}))["metadata"]["annotations"] == {"note": "kept"}


def test_the_status_of_a_pod_is_dropped() -> None:
    manifest = pod({"restartPolicy": "Never"}, status={"phase": "Running", "nominatedNodeName": "primary-node-2"})

    assert clean(manifest) == bare("v1", "Pod", spec={"restartPolicy": "Never"})


def test_the_rest_of_a_pod_stays() -> None:
    spec = {
        "hostname": "db",
        "subdomain": "db",
        "schedulerName": "default-scheduler",
        "serviceAccount": "robot",
        "serviceAccountName": "robot",
        "securityContext": {},
        "containers": [
            {"name": "main", "image": "web:1", "resources": {}, "env": [{"name": "nodeName", "value": "x"}]}
        ],
    }

    assert clean(pod(spec))["spec"] == spec


def test_pod_templates_keep_what_in_a_pod_would_be_cleared() -> None:
    spec = {"nodeName": "edge-1", "priority": 7, "tolerations": [NOT_READY, UNREACHABLE], "volumes": [API_ACCESS]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": spec}

    assert clean(served("apps/v1", "Deployment", spec={"template": template}))["spec"]["template"] == template
