"""A protection group between two sites for end-to-end tests: its file, its buckets, and the functions at work on it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import yaml

from kubestandby.adapters.event_wire import encode
from kubestandby.adapters.group_file import load_groups
from kubestandby.adapters.stores import open_store
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.events import ObjectCreated
from kubestandby.groups import ProtectionGroup
from kubestandby.layout import Action, Function
from kubestandby.request_log import RequestLog
from kubestandby.requests import Outcome, Request
from kubestandby.roles import CurrentEpoch, current_epoch
from kubestandby.runtime.relay import function_for
from kubestandby.runtime.supervisor import Functions
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SnapshotId, Stage
from tests.fakes.keys import after, keyring, write_keys

T = TypeVar("T")


@dataclass(frozen=True)
class Pipeline:
    """One group. `folder` holds the configuration and a folder per site."""

    folder: Path
    config: Path

    @classmethod
    def between(cls, folder: Path, east: Path, west: Path, namespace: str, **restore: str) -> Pipeline:
        """Writes the configuration of the namespace's group, of the same name: a standby remembers groups by name.

        East is primary; both kubeconfigs' current contexts are taken.
        """
        sites = {
            name: {
                "cluster": {"kubeconfig": str(kubeconfig)},
                "data": f"file://{folder}/{name}/data",
                "control": f"file://{folder}/{name}/control",
            }
            for name, kubeconfig in (("east", east), ("west", west))
        }
        spec = {
            "namespaces": [namespace],
            "sites": sites,
            "primary": "east",
            "standby": "west",
            "restore": {"mode": "hot", "readyTimeout": "60s", **restore},
        }
        document = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": namespace}}
        config = folder / "shop.yaml"
        write_keys(folder)
        config.write_text(yaml.safe_dump({**document, "spec": spec}))
        return cls(folder, config)

    @property
    def group(self) -> ProtectionGroup:
        return load_groups(self.config)[0]

    def functions(self, **switches: Any) -> Functions:
        return Functions(self.config, [self.group], **switches)

    def requests(self, site: str) -> RequestLog:
        place = self.group.site(site)
        return RequestLog(open_store(place.control), SystemClock(), keyring(SystemClock()), place.name)

    def snapshots(self, site: str) -> SnapshotStore:
        return SnapshotStore(open_store(self.group.site(site).data), keyring(SystemClock()))

    def raw(self, site: str) -> tuple[SnapshotId, ...]:
        return self.snapshots(site).ids(Stage.RAW, self.group.name)

    def reports(self, site: str) -> list[str]:
        return list(open_store(self.group.site(site).data).list(f"reports/{self.group.name}/"))

    def marks(self, site: str) -> list[str]:
        return list(open_store(self.group.site(site).control).list(f"applied/{self.group.name}/"))

    def ask(self, site: str, action: Action, **fields: Any) -> Request:
        if action is Action.FAILOVER:
            fields = after(self.roles()) | fields
        return self.requests(site).submit(self.group.name, action, origin="operator", **fields)

    def roles(self) -> CurrentEpoch:
        controls = {site.name: open_store(site.control) for site in self.group.sites}
        return current_epoch(self.group, controls, keyring(SystemClock()), allow_rivals=True)

    def outcome(self, site: str, request: Request, seconds: float = 90) -> Outcome:
        log = self.requests(site)
        return wait_for(lambda: log.outcome(self.group.name, request.outcome_name), seconds)

    def do(self, site: str, action: Action, **fields: Any) -> Outcome:
        return self.outcome(site, self.ask(site, action, **fields))

    def events(self) -> list[ObjectCreated]:
        """An event for every object that concerns a function."""
        urls = [url for site in self.group.sites for url in (site.data, site.control)]
        keys = [(url, key) for url in urls for key in open_store(url).list("")]
        return [ObjectCreated(bucket=url, key=key, event_id=key[-16:]) for url, key in keys if function_for(key)]


def wait_for(look: Callable[[], T | None], seconds: float = 30) -> T:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come within {seconds} seconds")


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        connection.request("POST", "/", body, headers or {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def deliver_all(functions: Functions, events: list[ObjectCreated]) -> list[int]:
    """Delivers at the same time, again while a function says 503; the last status of each."""

    def deliver(event: ObjectCreated) -> int:
        function = function_for(event.key)
        assert function is not None
        headers, body = encode(event)
        status = 503
        while status == 503:
            status, _ = post(functions.url(function), body, headers)
        return status

    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(deliver, events))


def kill_when_logged(functions: Functions, function: Function, event: str) -> threading.Thread:
    """Kills a function's whole process group as soon as it logs this event."""
    pid = functions.pid(function)

    def kill() -> None:
        while not times_logged(functions, function, event):
            time.sleep(0.002)
        os.killpg(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def times_logged(functions: Functions, function: Function, event: str) -> int:
    lines = [json.loads(line) for line in functions.log.read_text().split("\n")[:-1] if line.startswith("{")]
    return sum(line.get("function") == function and line["event"] == event for line in lines)
