"""An application in two namespaces that becomes another one on its way, and the group's configuration that says how."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.keys import write_keys
from tests.testbed.access import ClusterAccess

PROVISIONER = "testbed.kubestandby.dev/provisioner"
SUBNET = "example.com/load-balancer-subnet"
Json = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """The application on two clusters; `tag` is in the name of all that could meet another one's.

    The group has the name of the application's namespace.
    """

    tag: str
    folder: Path
    primary: ClusterAccess
    standby: ClusterAccess

    @property
    def app(self) -> str:
        """The application's namespace on the primary."""
        return f"shop-{self.tag}"

    @property
    def data(self) -> str:
        """The namespace of its data on the primary."""
        return f"shop-data-{self.tag}"

    def configure(self, *more: Json, mode: str = "hot") -> None:
        """Writes the group's configuration, with more transforms behind the usual ones."""
        sites = {
            site: {
                "cluster": {"kubeconfig": str(cluster.kubeconfig), "context": cluster.context},
                "data": f"file://{self.folder}/{site}/data",
                "control": f"file://{self.folder}/{site}/control",
            }
            for site, cluster in (("east", self.primary), ("west", self.standby))
        }
        spec = {"namespaces": [self.data, self.app], "sites": sites, "primary": "east", "standby": "west"}
        spec |= {"restore": {"mode": mode}, "transforms": [*self.transforms(), *more]}
        group = {
            "apiVersion": "kubestandby.dev/v1",
            "kind": "ProtectionGroup",
            "metadata": {"name": self.app},
            "spec": spec,
        }
        (self.folder / "group.yaml").write_text(json.dumps(group, indent=1))
        write_keys(self.folder)

    def transforms(self) -> list[Json]:
        """One of every kind, each with its way back where it has none by itself."""
        services, settings = {"kinds": ["Service"]}, {"kinds": ["ConfigMap"], "names": ["settings"]}
        sites = ("east", "west"), ("west", "east")
        return [
            {"name": "places", "namespaces": {"map": {self.app: f"{self.app}-dr", self.data: f"{self.data}-dr"}}},
            {
                "name": "registry",
                "images": {"rules": [{"from": "east.example.com:5000/shop", "to": "west.example.com/dr/shop"}]},
            },
            {"name": "classes", "storageClasses": {"map": {f"fast-{self.tag}": f"oci-{self.tag}"}}},
            {"name": "entrances", "ingressClasses": {"map": {"nginx": "oci"}}},
            {"name": "replicated", "claims": {"policy": "bind", "storageClasses": [f"replicated-{self.tag}"]}},
            {
                "name": "no-budgets",
                "for": ["west"],
                "select": {"kinds": ["PodDisruptionBudget"], "namespaces": ["shop-*"]},
                "drop": True,
            },
            *(
                {"name": f"to-{to}", "for": [to], "select": services, "annotations": {"replace": {SUBNET: f"of-{to}"}}}
                for _, to in sites
            ),
            *(
                {
                    "name": f"settings-of-{to}",
                    "for": [to],
                    "select": settings,
                    "patch": [
                        {"op": "test", "path": "/data/site", "value": source},
                        {"op": "replace", "path": "/data/site", "value": to},
                    ],
                }
                for source, to in sites
            ),
        ]

    def kubestandby(self, command: str, *options: str, status: int = 0) -> str:
        """Runs a command on the group, demands its exit status, returns what it printed, its errors with a failure."""
        done = subprocess.run(
            [sys.executable, "-m", "kubestandby.cli", command, self.app, *options],
            env={**os.environ, "KUBESTANDBY_CONFIG": str(self.folder / "group.yaml"), "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if status else "")

    def author(self) -> None:
        """Makes the application on the primary, and on the standby the storage class that it will ask for there."""
        self.standby.kubectl("apply", "-f", "-", stdin=json.dumps(_storage_class(f"oci-{self.tag}")))
        listed = {"apiVersion": "v1", "kind": "List", "items": [*self._outside(), *self._data(), *self._app()]}
        self.primary.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(listed))
        self.primary.kubectl(
            "wait", "-n", self.data, "pvc", "--all", "--for=jsonpath={.status.phase}=Bound", "--timeout=60s"
        )
        self.primary.kubectl("wait", "-n", self.app, "deploy/web", "--for=condition=Available", "--timeout=60s")

    def remove(self) -> None:
        """Takes it all off both clusters; volumes go after their claims."""
        for cluster in (self.primary, self.standby):
            names = (f"{name}{end}" for name in (self.app, self.data) for end in ("", "-dr"))
            cluster.kubectl("delete", "namespace", *names, "--ignore-not-found", "--wait=false")
            kinds = "clusterrole,clusterrolebinding,validatingwebhookconfiguration,storageclass"
            cluster.kubectl("delete", kinds, "-l", f"shop={self.tag}", "--ignore-not-found")
            cluster.kubectl("delete", "storageclass", f"oci-{self.tag}", "--ignore-not-found")

    def east(self, what: str, namespace: str = "default") -> Json:
        """One object on the primary, such as `deploy/web`."""
        return dict(json.loads(self.primary.kubectl("get", what, "-n", namespace, "-o", "json")))

    def west(self, what: str, namespace: str = "default") -> Json:
        """One object on the standby."""
        return dict(json.loads(self.standby.kubectl("get", what, "-n", namespace, "-o", "json")))

    def _object(self, api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> Json:
        place = {"namespace": namespace} if namespace else {"labels": {"shop": self.tag}}
        return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place}, **fields}

    def _outside(self) -> list[Json]:
        rbac = "rbac.authorization.k8s.io"
        rule = {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [self.app], "verbs": ["get"]}
        role = {"apiGroup": rbac, "kind": "ClusterRole", "name": self.app}
        subject = {"apiGroup": rbac, "kind": "Group", "name": f"system:serviceaccounts:{self.app}"}
        service = {"namespace": self.app, "name": "web", "path": "/check"}
        webhook = {
            "name": f"check.{self.tag}.example.com",
            "clientConfig": {"service": service},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.data}},
            "rules": [{"apiGroups": ["none.example.com"], "apiVersions": ["v1"], "resources": ["nones"]}],
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        webhook["rules"][0]["operations"] = ["CREATE"]  # type: ignore[index]
        hooks = "ValidatingWebhookConfiguration"
        return [
            self._object("v1", "Namespace", self.data),
            self._object("v1", "Namespace", self.app),
            {**_storage_class(f"fast-{self.tag}"), "metadata": {"name": f"fast-{self.tag}", "labels": self._labels()}},
            {
                **_storage_class(f"replicated-{self.tag}"),
                "metadata": {"name": f"replicated-{self.tag}", "labels": self._labels()},
            },
            self._object(f"{rbac}/v1", "ClusterRole", self.app, rules=[rule]),
            self._object(f"{rbac}/v1", "ClusterRoleBinding", self.app, roleRef=role, subjects=[subject]),
            self._object("admissionregistration.k8s.io/v1", hooks, self.app, webhooks=[webhook]),
        ]

    def _labels(self) -> Json:
        return {"shop": self.tag}

    def _data(self) -> list[Json]:
        def claim(name: str, storage_class: str) -> Json:
            spec = {"storageClassName": storage_class, "accessModes": ["ReadWriteOnce"]}
            spec["resources"] = {"requests": {"storage": "1Gi"}}  # type: ignore[assignment]
            return self._object("v1", "PersistentVolumeClaim", name, self.data, spec=spec)

        limit = f"fast-{self.tag}.storageclass.storage.k8s.io/requests.storage"
        peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.app}}}
        policy = {"podSelector": {}, "ingress": [{"from": [peer]}], "policyTypes": ["Ingress"]}
        subject = {"kind": "ServiceAccount", "name": "web", "namespace": self.app}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
        return [
            claim("files", f"fast-{self.tag}"),
            claim("ledger", f"replicated-{self.tag}"),
            self._object("v1", "ResourceQuota", "storage", self.data, spec={"hard": {limit: "9Gi"}}),
            self._object("networking.k8s.io/v1", "NetworkPolicy", "from-shop", self.data, spec=policy),
            self._object(
                "rbac.authorization.k8s.io/v1", "RoleBinding", "viewers", self.data, subjects=[subject], roleRef=role
            ),
        ]

    def _app(self) -> list[Json]:
        image = "east.example.com:5000/shop/web:1.2"
        term = {"labelSelector": {"matchLabels": {"app": "db"}}, "topologyKey": "none", "namespaces": [self.data]}
        affinity = {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]
            }
        }
        pod = {"containers": [{"name": "web", "image": image}], "initContainers": [{"name": "init", "image": image}]}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": {**pod, "affinity": affinity}}
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}}
        job = {"containers": [{"name": "main", "image": image}], "restartPolicy": "Never"}
        ports = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
        rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": _BACKEND}}]}}
        service = self._object("v1", "Service", "web", self.app, spec=ports)
        service["metadata"]["annotations"] = {SUBNET: "of-east"}
        return [
            self._object("v1", "ServiceAccount", "web", self.app),
            self._object("v1", "ConfigMap", "settings", self.app, data={"site": "east", "namespace": self.app}),
            self._object("v1", "Secret", "password", self.app, stringData={"namespace": self.app}),
            self._object("apps/v1", "Deployment", "web", self.app, spec=_workload(template, replicas=2)),
            self._object("policy/v1", "PodDisruptionBudget", "web", self.app, spec=budget),
            self._object(
                "batch/v1",
                "CronJob",
                "nightly",
                self.app,
                spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": job}}}},
            ),
            self._object(
                "v1",
                "Service",
                "files",
                self.app,
                spec={"type": "ExternalName", "externalName": f"files.{self.data}.svc.cluster.local"},
            ),
            self._object(
                "networking.k8s.io/v1",
                "Ingress",
                "web",
                self.app,
                spec={"ingressClassName": "nginx", "rules": [{"host": "shop.example.com", **rule}]},
            ),
            service,
        ]


_BACKEND = {"name": "web", "port": {"number": 80}}


def _workload(template: Json, **more: Any) -> Json:
    return {"selector": {"matchLabels": template["metadata"]["labels"]}, "template": template, **more}


def _storage_class(name: str) -> Json:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": PROVISIONER,
        "volumeBindingMode": "Immediate",
        "reclaimPolicy": "Delete",
    }
