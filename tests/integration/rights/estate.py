"""Two clusters with audit logs, and the three functions between them, each with an identity of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from functions.export import handler as export_handler
from functions.restore import handler as restore_handler
from functions.sanitize import handler as sanitize_handler
from kubestandby.adapters import event_wire
from kubestandby.adapters.group_file import bucket_urls, load_groups
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.cli.main import main
from kubestandby.errors import ConfigError
from kubestandby.events import ObjectCreated
from kubestandby.groups import ClusterAccess, ProtectionGroup, Site
from kubestandby.layout import Action, Function
from kubestandby.ports import Cluster as KubeCluster
from kubestandby.requests import Outcome
from kubestandby.runtime.context import Context
from kubestandby.runtime.function_app import FunctionApp
from kubestandby.runtime.relay import function_for
from tests.fakes.keys import after, keyring, write_keys
from tests.integration.rights.application import BACK, BACK_WEST, FRONT
from tests.testbed.cluster import Cluster
from tests.testbed.kubectl import KubectlError, kubectl

GROUP = "least"
SYSTEM = "kubestandby-system"
HANDLERS = {
    Function.EXPORT: export_handler.handlers,
    Function.SANITIZE: sanitize_handler.handlers,
    Function.RESTORE: restore_handler.handlers,
}


def account(function: Function) -> str:
    """The name by which the API server knows the function."""
    return f"system:serviceaccount:{SYSTEM}:kubestandby-{function}"


@dataclass
class Estate:
    """`clusters` by site; `folder` holds the configuration, its keys and buckets."""

    folder: Path
    clusters: dict[str, Cluster]
    _tokens: dict[tuple[Function, str], Path] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.config = self.folder / "least.yaml"
        self.config.write_text(yaml.safe_dump(_document(self.folder, self.clusters)))
        write_keys(self.folder)
        self.groups = load_groups(self.config)
        self.contexts = {function: self._context(function) for function in HANDLERS}
        self.apps = {
            function: FunctionApp(function, build, lambda function=function: self.contexts[function])
            for function, build in HANDLERS.items()
        }

    @property
    def group(self) -> ProtectionGroup:
        return self.groups[0]

    # identities

    def log_in(self, function: Function, site: str) -> None:
        """Gives the function a kubeconfig with a token of its ServiceAccount."""
        cluster = self.clusters[site]
        token = cluster.kubectl("-n", SYSTEM, "create", "token", f"kubestandby-{function}", "--duration=2h").strip()
        content = yaml.safe_load(cluster.kubeconfig.read_text())
        content["users"] = [{"name": cluster.name, "user": {"token": token}}]
        path = self.folder / f"{site}-{function}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content))
        self._tokens[function, site] = path

    def as_function(self, function: Function, site: str, *words: str, stdin: str | None = None) -> str:
        """Runs kubectl as the function."""
        return kubectl(self._tokens[function, site], *words, stdin=stdin)

    def wait_until(self, function: Function, site: str, *right: str, may: bool = True) -> None:
        """Waits until the function may do this (`list secrets -n shop`), or may not: authorisers learn of it later."""
        deadline = time.monotonic() + 60
        while self._may(function, site, *right) is not may:
            assert time.monotonic() < deadline, f"{function} at {site}: {right}"
            time.sleep(0.05)

    def _may(self, function: Function, site: str, *right: str) -> bool:
        try:
            return self.as_function(function, site, "auth", "can-i", *right).strip() == "yes"
        except KubectlError:
            return False

    def _context(self, function: Function) -> Context:
        def open_cluster(site: Site) -> KubeCluster:
            if (function, site.name) not in self._tokens:
                raise ConfigError(f"{function} has no identity at {site.name}")
            access = ClusterAccess(kubeconfig=self._tokens[function, site.name])
            return connect(access, site=site.name, limits=site.limits)

        return Context(
            self.groups,
            clock=SystemClock(),
            open_store=open_store,
            connect=open_cluster,
            open_keys=lambda _: keyring(SystemClock()),
        )

    # the pipeline

    def ask(self, site: str, action: Action, **fields: Any) -> Outcome:
        """Asks for something and sees all events through; the outcome of what was asked."""
        context = self.contexts[Function.EXPORT]
        if action is Action.FAILOVER:
            fields = after(context.roles(self.group)) | fields
        requests = context.requests(self.group.site(site))
        request = requests.submit(self.group.name, action, origin="operator", **fields)
        self.settle()
        return self.outcome(site, request.outcome_name)

    def outcome(self, site: str, name: str) -> Outcome:
        outcome = self.contexts[Function.EXPORT].requests(self.group.site(site)).outcome(self.group.name, name)
        assert outcome is not None, f"{name} has no outcome at {site}"
        return outcome

    def settle(self) -> None:
        """Delivers the events of all new objects, until there are no new ones."""
        while True:
            keys = {(url, key) for url in bucket_urls(self.groups) for key in open_store(url).list("")}
            new, self._seen = sorted(keys - self._seen), keys
            if not new:
                return
            for url, key in new:
                self._deliver(url, key)

    def _deliver(self, url: str, key: str) -> None:
        function = function_for(key)
        if function is not None:
            event = ObjectCreated(bucket=url, key=key, event_id=f"event-{key[-16:]}")
            headers, body = event_wire.encode(event)
            assert self.apps[function].answer("POST", headers, body).status in (200, 503)

    # the command line

    def rbac(self, *words: str) -> str:
        """What `kubestandby rbac` prints."""
        result = CliRunner().invoke(main, ["rbac", "--config", str(self.config), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def apply(self, site: str, manifests: str) -> None:
        """As the cluster's administrator."""
        self.clusters[site].kubectl("apply", "-f", "-", stdin=manifests)


def _document(folder: Path, clusters: dict[str, Cluster]) -> dict[str, Any]:
    sites = {
        site: {
            "cluster": {"kubeconfig": str(cluster.kubeconfig)},
            "data": f"file://{folder}/{site}/data",
            "control": f"file://{folder}/{site}/control",
        }
        for site, cluster in clusters.items()
    }
    spec = {
        "namespaces": [BACK, FRONT],
        "sites": sites,
        "primary": "east",
        "standby": "west",
        "restore": {"mode": "hot", "prune": True, "readyTimeout": "30s"},
        "rights": {"allow": ["Secret", "CustomResourceDefinition"]},
        "transforms": [{"name": "west", "namespaces": {"map": {BACK: BACK_WEST}}}],
    }
    return {
        "apiVersion": "kubestandby.dev/v1",
        "kind": "ProtectionGroup",
        "metadata": {"name": GROUP},
        "spec": spec,
    }
