"""What runs on real nodes elsewhere becomes ready here."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import pytest

from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory
from tests.testbed.kubectl import KubectlError
from tests.testbed_tests.waiting import eventually

pytestmark = pytest.mark.clusters

POD = "spec: {containers: [{name: main, image: registry.example/main:1}]}"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: prepare, image: registry.example/prepare:1}]
      containers: [{name: main, image: registry.example/main:1}]
"""
STATEFUL_SET = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: database}
spec:
  replicas: 2
  serviceName: database
  selector: {matchLabels: {app: database}}
  template:
    metadata: {labels: {app: database}}
    spec:
      # The namespace controller waits half of the longest grace period before it looks again.
      terminationGracePeriodSeconds: 0
      containers:
        - {name: main, image: registry.example/main:1, volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
IMMEDIATE_CLAIM = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: {name}}}
provisioner: testbed.kubestandby.dev/provisioner
reclaimPolicy: {policy}
volumeBindingMode: Immediate
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: {name}}}
spec: {{storageClassName: {name}, accessModes: [ReadWriteMany], resources: {{requests: {{storage: 5Gi}}}}}}
"""
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate}}
spec:
  backoffLimit: 0
  template:
    metadata: {{annotations: {annotations}}}
    spec: {{restartPolicy: Never, containers: [{{name: main, image: registry.example/main:1}}]}}
"""


def _pod(name: str, outcome: str = "") -> str:
    annotations = f"annotations: {{testbed.kubestandby.dev/outcome: {outcome}}}" if outcome else ""
    return f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  {annotations}\n{POD}\n"


def _get(cluster: ClusterAccess, *arguments: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(cluster.kubectl("get", *arguments, "-ojson"))
    return content


def _exists(cluster: ClusterAccess, *arguments: str) -> bool:
    return bool(cluster.kubectl("get", *arguments, "--ignore-not-found", "-oname"))


def test_a_deployment_becomes_available(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=DEPLOYMENT)

    primary.kubectl("-n", namespace, "wait", "deployment/web", "--for=condition=Available", "--timeout=60s")

    pods = _get(primary, "-n", namespace, "pods")["items"]
    assert len({pod["status"]["podIP"] for pod in pods}) == 3
    assert all(pod["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] == 0 for pod in pods)


def test_a_stateful_set_gets_its_volumes(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=STATEFUL_SET)

    primary.kubectl("-n", namespace, "rollout", "status", "statefulset/database", "--timeout=60s")

    claims = _get(primary, "-n", namespace, "persistentvolumeclaims")["items"]
    assert [claim["status"]["phase"] for claim in claims] == ["Bound", "Bound"]


@pytest.mark.parametrize(("policy", "survives"), [("Delete", False), ("Retain", True)])
def test_the_class_decides_what_becomes_of_a_released_volume(
    primary: ClusterAccess, namespace_factory: NamespaceFactory, policy: str, survives: bool
) -> None:
    name = namespace_factory(primary)
    primary.kubectl("apply", "-f", "-", stdin=IMMEDIATE_CLAIM.format(name=name, policy=policy))
    try:
        bound = "--for=jsonpath={.status.phase}=Bound"
        primary.kubectl("-n", name, "wait", "persistentvolumeclaim/data", bound, "--timeout=60s")
        volume = _get(primary, "-n", name, "persistentvolumeclaim", "data")["spec"]["volumeName"]

        primary.kubectl("-n", name, "delete", "persistentvolumeclaim", "data")

        if survives:
            released = "--for=jsonpath={.status.phase}=Released"
            primary.kubectl("wait", f"persistentvolume/{volume}", released, "--timeout=60s")
            primary.kubectl("delete", "persistentvolume", volume)
        else:
            assert eventually(lambda: not _exists(primary, "persistentvolume", volume))
    finally:
        primary.kubectl("delete", "storageclass", name)


def test_a_job_completes(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=JOB.format(annotations="{}"))

    primary.kubectl("-n", namespace, "wait", "job/migrate", "--for=condition=Complete", "--timeout=60s")


def test_a_job_fails_if_the_annotation_of_its_pod_says_so(
    primary: ClusterAccess, namespace_factory: NamespaceFactory
) -> None:
    namespace = namespace_factory(primary)
    annotations = "{testbed.kubestandby.dev/outcome: failed}"
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=JOB.format(annotations=annotations))

    primary.kubectl("-n", namespace, "wait", "job/migrate", "--for=condition=Failed", "--timeout=60s")


def test_a_pod_stays_pending_until_its_annotation_changes(
    primary: ClusterAccess, namespace_factory: NamespaceFactory
) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "wait", "serviceaccount/default", "--for=create", "--timeout=30s")
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=_pod("slow", "pending"))
    waiting = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ContainerCreating"
    primary.kubectl("-n", namespace, "wait", "pod/slow", waiting, "--timeout=30s")

    with pytest.raises(KubectlError, match="timed out"):
        primary.kubectl("-n", namespace, "wait", "pod/slow", "--for=condition=Ready", "--timeout=1s")

    primary.kubectl("-n", namespace, "annotate", "--overwrite", "pod/slow", "testbed.kubestandby.dev/outcome=running")
    primary.kubectl("-n", namespace, "wait", "pod/slow", "--for=condition=Ready", "--timeout=30s")


def test_a_deleted_pod_goes_away(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "wait", "serviceaccount/default", "--for=create", "--timeout=30s")
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=_pod("short"))
    primary.kubectl("-n", namespace, "wait", "pod/short", "--for=condition=Ready", "--timeout=30s")

    primary.kubectl("-n", namespace, "delete", "pod", "short", "--timeout=20s")

    assert not _exists(primary, "-n", namespace, "pod", "short")


def test_a_load_balancer_gets_an_address(primary: ClusterAccess, namespace_factory: NamespaceFactory) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "create", "service", "loadbalancer", "web", "--tcp=80:8080")

    primary.kubectl(
        "-n", namespace, "wait", "service/web", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "--timeout=30s"
    )

    ingress = _get(primary, "-n", namespace, "service", "web")["status"]["loadBalancer"]["ingress"]
    assert ipaddress.ip_address(ingress[0]["ip"]) in ipaddress.ip_network("192.0.2.0/24")


def test_a_namespace_can_be_removed_with_all_it_holds(
    primary: ClusterAccess, namespace_factory: NamespaceFactory
) -> None:
    namespace = namespace_factory(primary)
    primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=STATEFUL_SET)
    primary.kubectl("-n", namespace, "rollout", "status", "statefulset/database", "--timeout=60s")

    primary.kubectl("delete", "namespace", namespace, "--timeout=60s")

    volumes = _get(primary, "persistentvolumes")["items"]
    assert namespace not in {
        volume["spec"]["claimRef"]["namespace"] for volume in volumes if volume["status"]["phase"] == "Bound"
    }
