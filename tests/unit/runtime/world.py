"""Two sites in memory with the three functions between them; events go where the test lets them."""

from __future__ import annotations

import json
import random
from typing import Any

from functions.export import handler as export_handler
from functions.restore import handler as restore_handler
from functions.sanitize import handler as sanitize_handler
from kubestandby.adapters import event_wire
from kubestandby.events import ObjectCreated
from kubestandby.groups import ClusterAccess, ProtectionGroup, RestoreMode, RestoreSettings, Site
from kubestandby.layout import Action, Function
from kubestandby.ports import Cluster, ObjectStore
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request
from kubestandby.runtime.context import Context
from kubestandby.runtime.function_app import Answer, FunctionApp
from kubestandby.runtime.relay import function_for
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SiteName, SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_cluster import FakeCluster
from tests.fakes.keys import after, keyring
from tests.fakes.memory_store import MemoryStore

SHOP = GroupName("shop")
EAST, WEST = SiteName("east"), SiteName("west")
HANDLERS = {
    Function.EXPORT: export_handler.handlers,
    Function.SANITIZE: sanitize_handler.handlers,
    Function.RESTORE: restore_handler.handlers,
}


def namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def group(mode: RestoreMode = RestoreMode.HOT) -> ProtectionGroup:
    sites = tuple(
        Site(
            name=name,
            cluster=ClusterAccess(in_cluster=True),
            data=f"memory://{name}/data",
            control=f"memory://{name}/control",
        )
        for name in (EAST, WEST)
    )
    settings = RestoreSettings(mode=mode)
    return ProtectionGroup(name=SHOP, namespaces=("shop",), sites=sites, primary=EAST, standby=WEST, restore=settings)


class World:
    """The sites east (primary) and west."""

    def __init__(self, *, mode: RestoreMode = RestoreMode.HOT, only_site: str = "") -> None:
        self.group = group(mode)
        self.clock = FakeClock()
        self.stores = {url: MemoryStore(url) for site in self.group.sites for url in (site.data, site.control)}
        self.clusters = {
            EAST: FakeCluster(namespace("shop"), config_map("prices", tea="1"), uid="uid-east"),
            WEST: FakeCluster(uid="uid-west"),
        }
        self.context = Context(
            (self.group,),
            clock=self.clock,
            open_store=self._open,
            connect=self._connect,
            open_keys=lambda _: keyring(self.clock),
            only_site=only_site,
        )
        self.apps = {name: FunctionApp(name, build, lambda: self.context) for name, build in HANDLERS.items()}
        self._seen: set[tuple[str, str]] = set()

    def _open(self, url: str) -> ObjectStore:
        return self.stores[url]

    def _connect(self, site: Site) -> Cluster:
        return self.clusters[site.name]

    # what a test does

    def data(self, site: str) -> MemoryStore:
        return self.stores[f"memory://{site}/data"]

    def control(self, site: str) -> MemoryStore:
        return self.stores[f"memory://{site}/control"]

    def requests(self, site: str) -> RequestLog:
        return self.context.requests(self.group.site(site))

    def snapshots(self, site: str) -> SnapshotStore:
        return SnapshotStore(self.data(site), keyring(self.clock))

    def ask(self, site: str, action: Action, **fields: Any) -> Request:
        fields.setdefault("origin", "operator")
        if action is Action.FAILOVER:
            fields = after(self.context.roles(self.group, allow_rivals=True)) | fields
        return self.requests(site).submit(SHOP, action, **fields)

    def outcome(self, site: str, request: Request) -> Outcome:
        outcome = self.requests(site).outcome(SHOP, request.outcome_name)
        assert outcome is not None
        return outcome

    def do(self, site: str, action: Action, **fields: Any) -> Outcome:
        """Asks for something and sees all events through; the outcome of what was asked."""
        request = self.ask(site, action, **fields)
        self.settle()
        return self.outcome(site, request)

    def events(self) -> list[ObjectCreated]:
        """The events of the objects that came since the last call."""
        keys = {(url, key) for url, store in self.stores.items() for key in store.objects}
        new = sorted(keys - self._seen)
        self._seen = keys
        return [ObjectCreated(bucket=url, key=key, event_id=f"event-{key}") for url, key in new if function_for(key)]

    def deliver(self, event: ObjectCreated) -> Answer:
        function = function_for(event.key)
        assert function is not None
        headers, body = event_wire.encode(event)
        return self.apps[function].answer("POST", headers, body)

    def settle(self, *, times: int = 1, seed: int = 0) -> list[Answer]:
        """Delivers events, each so many times and shuffled, until there are no new ones."""
        answers = []
        while events := self.events():
            copies = events * times
            random.Random(seed).shuffle(copies)
            answers += [self.deliver(event) for event in copies]
            self.clock.advance(0.25)
        return answers

    def lose_events(self) -> None:
        self.events()

    def tick(self) -> dict[str, Any]:
        answer = self.post(Function.EXPORT, {"action": "tick"})
        assert answer.status == 200
        return dict(answer.body["tick"])

    def post(self, function: Function, body: dict[str, Any]) -> Answer:
        return self.apps[function].answer("POST", {"content-type": "application/json"}, json.dumps(body).encode())

    def reports(self, site: str) -> list[str]:
        return [key for key in self.data(site).objects if key.startswith("reports/")]

    def marks(self, site: str) -> list[str]:
        return [key for key in self.control(site).objects if key.startswith("applied/")]

    def price(self, site: str) -> str | None:
        found = self.clusters[SiteName(site)].object("ConfigMap", "shop", "prices")
        return found["data"]["tea"] if found else None

    def set_price(self, site: str, tea: str) -> None:
        self.clusters[SiteName(site)].put(config_map("prices", tea=tea))


def snapshot(text: str) -> SnapshotId:
    return SnapshotId.parse(text)
