"""Who needs whom."""

from typing import Any

import pytest

from functions.restore.references import config_uses, needs, pod_spec
from kubestandby.resources import ObjectRef
from tests.unit.restore.samples import autoscaler, claim, config_map, workload

RBAC = "rbac.authorization.k8s.io/v1"


def needed(manifest: dict[str, Any]) -> set[str]:
    found = needs(ObjectRef.of(manifest), manifest)
    return {f"{kind} {namespace}/{name}" for _, kind, namespace, name in found} - {"Namespace /shop"}


def named(api_version: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}, **fields}


@pytest.mark.parametrize(
    ("pod", "expected"),
    [
        ({"serviceAccountName": "robot"}, "ServiceAccount shop/robot"),
        ({"priorityClassName": "first"}, "PriorityClass /first"),
        ({"runtimeClassName": "gvisor"}, "RuntimeClass /gvisor"),
        ({"imagePullSecrets": [{"name": "pull"}]}, "Secret shop/pull"),
        ({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}, "ConfigMap shop/c"),
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "Secret shop/s"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]}, "Secret shop/s"),
        (
            {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
            "PersistentVolumeClaim shop/c",
        ),
        (
            {"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": "fast"}}}}]},
            "StorageClass /fast",
        ),
    ],
)
def test_what_pods_need(pod: dict[str, Any], expected: str) -> None:
    assert needed(workload(**pod)) == {expected}


def test_what_reaches_containers_by_their_environment() -> None:
    init = {"name": "i", "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}]}
    main = {
        "name": "m",
        "env": [
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
            {"name": "D", "valueFrom": {"secretKeyRef": {"name": "d", "key": "k"}}},
            {"name": "E", "value": "plain"},
        ],
    }

    found = set(config_uses({"initContainers": [init], "containers": [main]}))

    assert found == {("ConfigMap", "a"), ("Secret", "b"), ("ConfigMap", "c"), ("Secret", "d")}


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (claim(storageClassName="fast", volumeName="v"), {"StorageClass /fast", "PersistentVolume /v"}),
        (autoscaler(target="web"), {"Deployment shop/web"}),
        (named("v1", "Endpoints"), {"Service shop/x"}),
        (
            named(
                RBAC,
                "RoleBinding",
                roleRef={"kind": "Role", "name": "r"},
                subjects=[{"kind": "ServiceAccount", "name": "a", "namespace": "other"}, {"kind": "User", "name": "u"}],
            ),
            {"Role shop/r", "ServiceAccount other/a"},
        ),
        (named(RBAC, "RoleBinding", roleRef={"kind": "ClusterRole", "name": "r"}), {"ClusterRole /r"}),
        (
            named(
                "networking.k8s.io/v1",
                "Ingress",
                spec={
                    "ingressClassName": "nginx",
                    "tls": [{"secretName": "t"}],
                    "defaultBackend": {"service": {"name": "d"}},
                    "rules": [{"http": {"paths": [{"backend": {"service": {"name": "s"}}}]}}],
                },
            ),
            {"IngressClass /nginx", "Secret shop/t", "Service shop/d", "Service shop/s"},
        ),
        (
            named(
                "admissionregistration.k8s.io/v1",
                "MutatingWebhookConfiguration",
                webhooks=[
                    {"clientConfig": {"service": {"name": "s", "namespace": "n"}}},
                    {"clientConfig": {"url": "u"}},
                ],
            ),
            {"Service n/s"},
        ),
        (
            named("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", spec={"policyName": "p"}),
            {"ValidatingAdmissionPolicy /p"},
        ),
    ],
)
def test_what_other_kinds_need(manifest: dict[str, Any], expected: set[str]) -> None:
    assert needed(manifest) == expected


def test_malformed_fields_are_no_needs() -> None:
    strange = workload(volumes="none", serviceAccountName=7, imagePullSecrets=[None, "text"])

    assert needed(strange) == set()


def test_a_config_map_has_no_pods() -> None:
    assert pod_spec(ObjectRef.of(config_map()), config_map()) is None


def test_cluster_scoped_objects_need_no_namespace() -> None:
    binding = {"apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": {}}
    owner = {"apiVersion": "v1", "kind": "Namespace", "name": "n", "uid": "1"}
    binding["metadata"] = {"name": "b", "ownerReferences": [owner]}

    assert list(needs(ObjectRef.of(binding), binding)) == [("", "Namespace", "", "n")]


def test_an_empty_name_is_no_need() -> None:
    assert needed(claim(storageClassName="")) == set()
