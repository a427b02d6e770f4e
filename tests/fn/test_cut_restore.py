"""A restore whose calls are too short for it, and whose function is killed, ends as one that was never cut."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.export.exporter import Exporter
from functions.sanitize.sanitizer import sanitize_snapshot
from kubestandby.adapters.event_wire import encode
from kubestandby.adapters.kube_cluster import connect
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.events import ObjectCreated
from kubestandby.layout import Action, request_key
from kubestandby.requests import Outcome, Request, Verdict
from kubestandby.snapshots import SiteName
from tests.e2e.pipeline import Pipeline, wait_for
from tests.fn.platform import FnContainer, container
from tests.testbed.access import ClusterAccess
from tests.testbed.fixtures import NamespaceFactory

pytestmark = pytest.mark.clusters
OBJECTS = 140
PER_SECOND = 20
"""Requests to the standby: the restore takes seven seconds and more on any machine."""

MOST_CALLS = 20
APP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example/shop/web:1.0, envFrom: [{configMapRef: {name: price-0}}]}]}
"""


def app() -> str:
    maps = (
        f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: price-{n}}}\ndata: {{tea: '{n}'}}\n"
        for n in range(OBJECTS)
    )
    return APP + "".join(maps)


@dataclass
class Standby:
    """A sanitized snapshot at west, and the restore function there, called as often as its work needs."""

    pipeline: Pipeline
    cluster: ClusterAccess
    running: ExitStack
    restore: FnContainer = field(init=False)
    seconds: float = 300

    def start(self) -> None:
        environment = {"KUBESTANDBY_CONFIG": str(self.pipeline.config), "KUBESTANDBY_SITE": "west"}
        self.restore = self.running.enter_context(container("restore", environment))

    def deliver(self, name: str) -> dict[str, Any]:
        group = self.pipeline.group
        key = request_key(group.name, name)
        headers, body = encode(ObjectCreated(bucket=group.site(SiteName("west")).control, key=key, event_id=name))
        answer = self.restore.call(body, {**headers, "Fn-Intent": "cloudevent"}, seconds=self.seconds)
        assert answer.status == 200, answer.body
        return answer.said

    def see_through(self, name: str) -> int:
        """Delivers the event of this request, twice, and those of the requests that follow; how many calls it took."""
        for calls in range(1, MOST_CALLS):
            said = self.deliver(name)
            assert self.deliver(name)["verdict"] == "ignored"
            if said["verdict"] != "goes on":
                return calls
            name = said["request"]
        raise AssertionError(f"not done after {MOST_CALLS} calls")

    def outcome(self, request: Request) -> Outcome:
        outcome = self.pipeline.requests("west").outcome(self.pipeline.group.name, request.outcome_name)
        assert outcome is not None
        return outcome

    def kill_at_work(self, name: str, objects: int) -> None:
        """Delivers an event and kills the function when the standby has so many of the objects."""
        thread = threading.Thread(target=self._deliver_in_vain, args=(name,))
        thread.start()
        wait_for(lambda: self.count() >= objects, 120)
        self.restore.kill()
        thread.join()
        self.start()

    def _deliver_in_vain(self, name: str) -> None:
        try:
            self.deliver(name)
        except (OSError, AssertionError):
            return

    def count(self) -> int:
        space = self.pipeline.group.namespaces[0]
        return len(self.cluster.kubectl("-n", space, "get", "configmaps", "-o", "name", "--ignore-not-found").split())

    def state(self) -> dict[str, Any]:
        """Every object of the application, but for what no two objects have in common."""
        space = self.pipeline.group.namespaces[0]
        text = self.cluster.kubectl("-n", space, "get", "configmaps,deployments", "-o", "json").replace(space, "SPACE")
        items = [item for item in json.loads(text)["items"] if item["metadata"]["name"] != "kube-root-ca.crt"]
        return {f"{item['kind']}/{item['metadata']['name']}": comparable(item) for item in items}


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    metadata = item["metadata"]
    for name in ("uid", "resourceVersion", "creationTimestamp", "managedFields"):
        metadata.pop(name, None)
    return {key: value for key, value in item.items() if key != "status"}


@pytest.fixture
def standby_with_snapshot(
    tmp_path: Path, primary: ClusterAccess, standby: ClusterAccess, namespace_factory: NamespaceFactory
) -> Iterator[Any]:
    with ExitStack() as running:

        def make(name: str, **limits: int) -> Standby:
            space = namespace_factory(primary, prefix=f"fn-{name}")
            primary.kubectl("-n", space, "apply", "-f", "-", stdin=app())
            (tmp_path / name).mkdir()
            pipeline = Pipeline.between(tmp_path / name, primary.kubeconfig, standby.kubeconfig, space)
            limit_west(pipeline.config, limits)
            take_snapshot(pipeline)
            made = Standby(pipeline, standby, running)
            made.start()
            return made

        yield make


def limit_west(config: Path, limits: dict[str, int]) -> None:
    document = yaml.safe_load(config.read_text())
    document["spec"]["sites"]["west"]["limits"] = limits
    config.write_text(yaml.safe_dump(document))


def take_snapshot(pipeline: Pipeline) -> None:
    group = pipeline.group
    east = group.site(SiteName("east"))
    raw, sanitized = pipeline.snapshots("east"), pipeline.snapshots("west")
    taken = Exporter(connect(east.cluster, site="east"), raw, SystemClock()).export(group, east.name, 1)
    sanitize_snapshot(raw, sanitized, group, taken.index.id)


def test_a_restore_that_is_cut_and_killed_ends_as_one_that_is_not(standby_with_snapshot: Any) -> None:
    uncut = standby_with_snapshot("uncut")
    request = uncut.pipeline.ask("west", Action.RESTORE)
    assert uncut.see_through(request.name) == 1

    cut = standby_with_snapshot("cut", requestsPerSecond=PER_SECOND)
    request = cut.pipeline.ask("west", Action.RESTORE)
    cut.kill_at_work(request.name, objects=10)
    cut.seconds = 4  # three of work: some fifty objects
    calls = cut.see_through(request.name)

    outcome = cut.outcome(request)
    assert (outcome.verdict, calls > 2) == (Verdict.DONE, True), outcome.message
    assert next(part["request"] for part in outcome.details["parts"]) == request.name
    assert len(outcome.details["parts"]) == calls - 1
    assert cut.state() == uncut.state()
    assert len(cut.state()) == OBJECTS + 1
