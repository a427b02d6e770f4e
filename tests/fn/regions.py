"""Two regions as deployed: three functions in each, from their images, buckets with events, schedules and a gateway."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import rsa

from kubestandby.adapters.stores import open_store
from kubestandby.cli.main import main
from kubestandby.layout import FUNCTION_OF, Action, Function
from kubestandby.snapshots import SiteName
from tests.e2e.pipeline import Pipeline
from tests.fakes.keys import write_keys
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.events import Events, Rule
from tests.fakes.oci_server.identity import key_pem, session_token
from tests.fakes.oci_server.object_storage import Bucket
from tests.fn.images import Image, memory_megabytes
from tests.fn.platform import FnContainer
from tests.testbed.access import ClusterAccess

KINDS = ("data", "control")
REGIONS = {"east": "us-ashburn-1", "west": "us-phoenix-1"}
VAULTS = {"east": "ocid1.vault.oc1.us-ashburn-1.aaaaeast", "west": "ocid1.vault.oc1.us-phoenix-1.aaaawest"}
SECRET = "It's a Secret to Everybody"


def _requests_for(function: Function) -> tuple[str, ...]:
    return tuple(f"requests/*/*-{action}-*.json" for action in Action if FUNCTION_OF[action] is function)


RULES: Mapping[Function, Mapping[str, tuple[str, ...]]] = {
    Function.EXPORT: {
        "control": tuple(f"requests/*/*-{a}-*.json" for a in Action if FUNCTION_OF[a] is Function.EXPORT)
    },
    Function.SANITIZE: {"control": ("requests/*/*-sanitize-*.json",), "data": ("raw/*/*/index.json",)},
    Function.RESTORE: {
        "control": tuple(f"requests/*/*-{a}-*.json" for a in Action if FUNCTION_OF[a] is Function.RESTORE),
        "data": ("sanitized/*/*/index.json",),
    },
}
"""What the Events rules of Terraform's module `contract` let through, by function and bucket."""


@dataclass
class Region:
    """One region: its functions while they are up, each called one call at a time."""

    site: str
    environment: dict[str, str]
    images: Callable[[str], Image]
    functions: dict[Function, FnContainer] = field(default_factory=dict)
    running: ExitStack = field(default_factory=ExitStack)
    locks: dict[Function, threading.Lock] = field(default_factory=dict)
    intents: Iterator[dict[str, str]] = field(
        default_factory=lambda: itertools.cycle([{"Fn-Intent": "cloudevent"}, {}, {"Fn-Invoke-Type": "detached"}])
    )

    def start(self) -> None:
        contexts = {function: self.images(function).run(self.environment) for function in Function}
        with ThreadPoolExecutor(len(contexts)) as pool:  # nobody waits for the ones before
            started = {function: pool.submit(context.__enter__) for function, context in contexts.items()}
        for function, container in started.items():
            self.functions[function] = container.result()
            self.running.push(contexts[function])
            self.locks[function] = threading.Lock()

    def stop(self) -> None:
        self.functions.clear()
        self.running.close()

    def memory_megabytes(self) -> float:
        """Of its largest function, with all that its work has loaded."""
        return max(memory_megabytes(one.process.pid) for one in self.functions.values())

    def deliver(self, function: Function, body: bytes) -> bool:
        """An event, as the platform brings it: how it says so is not known, so each way has its turn."""
        if function not in self.functions:
            return False
        with self.locks[function]:
            return self.functions[function].call(body, next(self.intents)).status == 200

    def schedule(self, body: dict[str, Any]) -> dict[str, Any]:
        """Resource Scheduler's call with this body."""
        with self.locks[Function.EXPORT]:
            answer = self.functions[Function.EXPORT].call(body, {"Fn-Invoke-Type": "detached"}, seconds=3600)
        assert answer.status == 200, answer.body
        return answer.said

    def webhook(self, group: str, body: dict[str, Any], delivery: str) -> int:
        """A signed delivery of a code host's, as the API gateway passes it on; the status that the host sees."""
        data = json.dumps(body).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        headers = {
            "X-Hub-Signature-256": signature,
            "X-GitHub-Event": "deployment_status",
            "X-GitHub-Delivery": delivery,
        }
        with self.locks[Function.EXPORT]:
            answer = self.functions[Function.EXPORT].gateway("POST", f"/webhooks/{group}/ci", data, headers)
        assert answer.status == 200
        return answer.http_status


@dataclass
class System:
    """Both regions and what is between them."""

    server: OciServer
    pipeline: Pipeline
    regions: dict[str, Region]

    @property
    def group(self) -> str:
        return str(self.pipeline.group.name)

    def settle(self) -> None:
        assert self.server.events.wait_until_delivered(180), "events are delivered without end"


@contextmanager
def deployed(
    folder: Path, clusters: Mapping[str, ClusterAccess], namespace: str, images: Callable[[str], Image]
) -> Iterator[System]:
    """The whole, up and running. Every event comes twice, in no order, and again while a function says so."""
    events = Events(copies=2, shuffle=random.Random(7), attempts=50)
    with OciServer(events=events) as server, ExitStack() as ending:
        for name, value in server.environment(folder / "operator").items():
            ending.callback(_restore_variable, name, os.environ.get(name))
            os.environ[name] = value
        config = write_configuration(server, folder, clusters, namespace)
        pipeline = Pipeline(folder, config)
        regions = {site: Region(site, environment_of(server, site, pipeline), images) for site in REGIONS}
        for site, kind in itertools.product(REGIONS, KINDS):
            add_rules(events, regions[site], kind, bucket_of(site, kind, namespace))
        for region in regions.values():
            ending.callback(region.stop)
            region.start()
        yield System(server, pipeline, regions)


def bucket_of(site: str, kind: str, namespace: str) -> str:
    return f"{site}-{kind}-{namespace}"


def add_rules(events: Events, region: Region, kind: str, bucket: str) -> None:
    for function, rules in RULES.items():
        for names in rules.get(kind, ()):
            events.add_rule(Rule(bucket, names, lambda body, to=function: region.deliver(to, body)))  # type: ignore[misc]


def write_configuration(server: OciServer, folder: Path, clusters: Mapping[str, ClusterAccess], namespace: str) -> Path:
    """The group's file. How clusters are reached, the webhook's secret and each site's keys are in the site's vault."""
    write_keys(folder)
    sites = {}
    for site, cluster in clusters.items():
        secret = server.vault.add_secret(REGIONS[site], VAULTS[site], "kubeconfig", cluster.kubeconfig.read_bytes())
        urls = {kind: url_of(server.add_bucket(bucket_of(site, kind, namespace), REGIONS[site])) for kind in KINDS}
        reached = {"kubeconfigFrom": {"vault": secret.id}, "context": cluster.context}
        sites[site] = {"cluster": reached, "keys": {"vault": VAULTS[site], "prefix": "shop-"}, **urls}
    hook = server.vault.add_secret(REGIONS["east"], VAULTS["east"], "webhook", SECRET.encode())
    spec = {
        "namespaces": [namespace],
        "sites": sites,
        "primary": "east",
        "standby": "west",
        "restore": {"mode": "hot", "readyTimeout": "60s"},
        "webhooks": [{"name": "ci", "kind": "github", "secretsFrom": [{"vault": hook.id}]}],
    }
    metadata = {"name": namespace}
    group = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": metadata, "spec": spec}
    config = folder / "groups.yaml"
    config.write_text(yaml.safe_dump(group))
    for site in sites:
        publish_keys(config, site)
    return config


def publish_keys(config: Path, site: str) -> None:
    """As the operator does it, once."""
    where = ("--compartment", "ocid1.compartment.oc1..aaaatest", "--encryption-key", "ocid1.key.oc1.iad.v.aes")
    command = ["--config", str(config), "keys", "publish", "--site", site, *where]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def environment_of(server: OciServer, site: str, pipeline: Pipeline) -> dict[str, str]:
    """What Terraform sets, and the resource principal that the platform brings."""
    data = pipeline.config.read_bytes()
    store, key = pipeline.group.site(SiteName(site)).control, f"config/{hashlib.sha256(data).hexdigest()}.yaml"
    open_store(store).put_if_absent(key, data)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = session_token(sub=site, jwk=json.dumps(jwk_of(private.public_key())))
    server.identities.accept(f"ST${token}", private.public_key())
    return {
        "KUBESTANDBY_CONFIG": f"{store}#{key}",
        "KUBESTANDBY_SITE": site,
        "KUBESTANDBY_OCI_ENDPOINTS": server.endpoints,
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": token,
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": key_pem(private).decode(),
        "OCI_RESOURCE_PRINCIPAL_REGION": REGIONS[site],
    }


def jwk_of(key: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"kty": "RSA", "n": hex(numbers.n), "e": hex(numbers.e)}


def url_of(bucket: Bucket) -> str:
    return f"oci://{bucket.namespace}/{bucket.name}?region={bucket.region}"


def _restore_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
