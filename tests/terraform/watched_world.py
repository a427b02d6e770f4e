"""Two sites in memory whose functions run one per site, as they are deployed, on buckets that note who does what."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from kubestandby.events import ObjectCreated
from kubestandby.groups import Webhook, WebhookKind
from kubestandby.layout import Function
from kubestandby.ports import ObjectStore
from kubestandby.runtime.context import Context
from kubestandby.runtime.function_app import Answer, FunctionApp
from kubestandby.runtime.relay import function_for
from kubestandby.snapshots import SiteName
from tests.unit.importing.importing import ImportWorld
from tests.unit.runtime.world import HANDLERS


class Call(NamedTuple):
    """What a function did to a bucket, as the permission that it takes and the first part of the key."""

    function: str
    at: str
    bucket: str
    permission: str
    prefix: str


class WatchedStore:
    """A bucket as one function of one site sees it."""

    def __init__(self, store: ObjectStore, noted: set[Call], function: Function, at: str) -> None:
        self._store = store
        self._note = lambda permission, key: noted.add(
            Call(function, at, store.url.rpartition("/")[2], permission, key.partition("/")[0] + "/*" if key else "")
        )

    @property
    def url(self) -> str:
        return self._store.url

    def put_if_absent(self, key: str, data: bytes | BinaryIO) -> None:
        self._note("object_create", key)
        self._store.put_if_absent(key, data)

    def get(self, key: str, *, max_bytes: int) -> bytes:
        self._note("object_read", key)
        return self._store.get(key, max_bytes=max_bytes)

    def open(self, key: str, *, max_bytes: int) -> BinaryIO:
        self._note("object_read", key)
        return self._store.open(key, max_bytes=max_bytes)

    def list(self, prefix: str) -> Sequence[str]:
        self._note("object_inspect", "")
        return self._store.list(prefix)

    def delete(self, key: str) -> None:
        self._note("object_delete", key)
        self._store.delete(key)


class WatchedWorld(ImportWorld):
    """`noted` grows with every call of a function to a bucket."""

    def __init__(self) -> None:
        super().__init__()
        deploys = Webhook(name="deploys", kind=WebhookKind.OCI_DEVOPS)
        self.group = replace(self.group, webhooks=(deploys,))
        self.context.groups = (self.group,)
        self.noted: set[Call] = set()
        self.by_site = {
            (function, site.name): FunctionApp(function, build, partial(self._context_at, function, site.name))
            for function, build in HANDLERS.items()
            for site in self.group.sites
        }

    def _context_at(self, function: Function, site: SiteName) -> Context:
        seen = copy.copy(self.context)
        seen.only_site = site
        seen._stores = {
            url: WatchedStore(store, self.noted, function, "own" if f"//{site}/" in url else "other")
            for url, store in self.stores.items()
        }
        return seen

    def deliver(self, event: ObjectCreated) -> Answer:
        function = function_for(event.key)
        site = next(site.name for site in self.group.sites if event.bucket in (site.data, site.control))
        assert function is not None
        self.apps = {function: self.by_site[function, site]}
        return super().deliver(event)

    def post_at(self, site: str, function: Function, body: dict[str, Any]) -> Answer:
        self.apps = {function: self.by_site[function, SiteName(site)]}
        return self.post(function, body)

    def tick_everywhere(self) -> None:
        for site in self.group.sites:
            assert self.post_at(site.name, Function.EXPORT, {"action": "tick"}).status == 200
