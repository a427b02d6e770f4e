"""An application whose every secret is a canary, and a standby that refuses some of them aloud."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.e2e.canary.canaries import Canaries
from tests.testbed.access import ClusterAccess
from tests.testbed.kubectl import KubectlError

Manifest = dict[str, Any]

ECHOED, STUCK, DRIFTED, INVALID = "echoed", "stuck", "drifted", "invalid"


def secret(name: str, type_: str = "Opaque", **fields: Any) -> Manifest:
    metadata = {"name": name, **fields.pop("metadata", {})}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": type_, **fields}


def as_data(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def at_primary(canaries: Canaries) -> list[Manifest]:
    """Secrets of every sort, and a workload that uses one."""
    docker = {"auths": {"registry.example": {"auth": as_data(f"robot:{canaries.at('docker')}")}}}
    at = canaries.at
    return [
        secret("plain", stringData={"password": at("stringData")}),
        secret("binary", data={"blob": base64.b64encode(b"\x00\xff" + at("data").encode()).decode()}),
        secret("annotated", metadata={"annotations": {"example.com/copy": at("annotation")}}, data={"a": "YQ=="}),
        secret("pull", "kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": json.dumps(docker)}),
        secret("tls", "kubernetes.io/tls", stringData={"tls.crt": at("tls.crt"), "tls.key": at("tls.key")}),
        secret(ECHOED, stringData={"password": at(ECHOED)}),
        secret(STUCK, stringData={"password": at(STUCK)}),
        secret(DRIFTED, stringData={"password": at(DRIFTED)}),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prices"}, "data": {"tea": "1"}},
        deployment(),
    ]


def deployment() -> Manifest:
    container = {"name": "web", "image": "shop/web:1", "envFrom": [{"secretRef": {"name": "plain"}}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def at_standby_before(canaries: Canaries) -> list[Manifest]:
    """Cannot be changed in place: the restore will have to say so."""
    return [{**secret(STUCK, stringData={"password": canaries.at("stuck-before")}), "immutable": True}]


def imported(canaries: Canaries, namespace: str) -> list[Manifest]:
    """What somebody has as files: one Secret that a server takes, and one that it refuses."""
    broken = {".dockerconfigjson": "{" + canaries.at("invalid")}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        secret("by-hand", stringData={"password": canaries.at("import")}),
        secret(INVALID, "kubernetes.io/dockerconfigjson", stringData=broken),
        *at_primary(canaries)[-2:],
    ]


def refused_file(canaries: Canaries) -> str:
    """A file that cannot be read, with a canary where the mistake is."""
    value = json.dumps(canaries.at("file"))
    return f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{password: {value}"


class LoudPolicy:
    """An admission policy at the standby that repeats the value of every Secret that it refuses."""

    def __init__(self, cluster: ClusterAccess, namespace: str) -> None:
        self._cluster = cluster
        self._name = f"loud-{namespace}"
        self._namespace = namespace

    def apply(self) -> None:
        rule = {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": ["secrets"],
            "resourceNames": [ECHOED],
        }
        named = {"matchLabels": {"kubernetes.io/metadata.name": self._namespace}}
        repeats = "'no: ' + string(object.data.password)"
        validation = {"expression": "false", "messageExpression": repeats, "message": "no"}
        policy = {
            "kind": "ValidatingAdmissionPolicy",
            "spec": {
                "matchConstraints": {"resourceRules": [rule], "namespaceSelector": named},
                "validations": [validation],
            },
        }
        binding = {
            "kind": "ValidatingAdmissionPolicyBinding",
            "spec": {"policyName": self._name, "validationActions": ["Deny"]},
        }
        common = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": self._name}}
        for manifest in (policy, binding):
            self._cluster.kubectl("apply", "-f", "-", stdin=json.dumps({**common, **manifest}))

    def refuses(self, value: str) -> str:
        """The server's words for a Secret of this value; "" as long as it takes it."""
        manifest = secret(ECHOED, stringData={"password": value})
        arguments = ("-n", self._namespace, "create", "--dry-run=server", "-f", "-")
        try:
            self._cluster.kubectl(*arguments, stdin=json.dumps(manifest))
        except KubectlError as error:
            return error.stderr
        return ""

    def delete(self) -> None:
        for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
            self._cluster.kubectl("delete", kind, self._name, "--ignore-not-found")
