"""Three snapshots of a real application, at three points of their way, in the hands of who may write to the buckets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubestandby.adapters.event_wire import encode
from kubestandby.adapters.stores import open_store
from kubestandby.events import ObjectCreated
from kubestandby.layout import Action, archive_key, index_key, request_key
from kubestandby.requests import Outcome, Request
from kubestandby.runtime.relay import function_for
from kubestandby.runtime.supervisor import Functions
from kubestandby.snapshots import SnapshotId, Stage
from tests.e2e.conftest import APP, Shop
from tests.e2e.pipeline import Pipeline, post
from tests.testbed.access import ClusterAccess

Said = dict[str, Any]


class HostileStage:
    """The three functions as real processes, to which the test carries every event itself.

    Snapshot 1-1 is restored, 1-2 is sanitized and lies before the standby, 1-3 is raw and lies before sanitize. The
    price of tea tells them apart.
    """

    def __init__(self, shop: Shop, functions: Functions) -> None:
        self.shop = shop
        self.functions = functions
        self.pipeline = shop.pipeline
        self.group = shop.pipeline.group

    def set_up(self) -> None:
        for price, stages in (("1", ("raw", "sanitized")), ("2", ("raw",)), ("3", ())):
            self.shop.set_price("east", price)
            self.export()
            for stage in stages:
                said = self.arrives(Stage(stage), f"1-{price}")
                assert said["verdict"] in ("done", "unchanged"), said
        assert self.shop.price("west") == "1"

    def export(self) -> Outcome:
        request = self.pipeline.ask("east", Action.EXPORT)
        self.carry(self.url("east", "control"), request_key(self.group.name, request.name))
        return self.outcome("east", request)

    def do(self, site: str, action: Action, **fields: Any) -> Outcome:
        request = self.pipeline.ask(site, action, **fields)
        self.carry(self.url(site, "control"), request_key(self.group.name, request.name))
        return self.outcome(site, request)

    def outcome(self, site: str, request: Request) -> Outcome:
        outcome = self.pipeline.requests(site).outcome(self.group.name, request.outcome_name)
        assert outcome is not None
        return outcome

    def arrives(self, stage: Stage, number: str) -> Said:
        """What the function that reads snapshots of this stage answers to the event of one."""
        site = "east" if stage is Stage.RAW else "west"
        return self.carry(self.url(site, "data"), index_key(stage, self.group.name, SnapshotId.parse(number)))

    def carry(self, bucket: str, key: str) -> Said:
        function = function_for(key)
        assert function is not None
        headers, body = encode(ObjectCreated(bucket=bucket, key=key, event_id="1"))
        status, said = post(self.functions.url(function), body, headers)
        assert status == 200, (status, said)
        return said

    def url(self, site: str, bucket: str) -> str:
        return str(getattr(self.group.site(site), bucket))  # type: ignore[arg-type]

    def file(self, site: str, bucket: str, key: str) -> Path:
        return self.pipeline.folder / site / bucket / key

    def index(self, stage: Stage, number: str) -> Path:
        site = "east" if stage is Stage.RAW else "west"
        return self.file(site, "data", index_key(stage, self.group.name, SnapshotId.parse(number)))

    def archive(self, stage: Stage, number: str) -> Path:
        site = "east" if stage is Stage.RAW else "west"
        return self.file(site, "data", archive_key(stage, self.group.name, SnapshotId.parse(number)))

    def keys(self, site: str, bucket: str) -> list[str]:
        return list(open_store(self.url(site, bucket)).list(""))


@contextmanager
def stage_between(folder: Path, primary: ClusterAccess, standby: ClusterAccess) -> Iterator[HostileStage]:
    """The stage, set up on two clusters; what it has put there goes at the end."""
    namespace = f"hostile-{uuid.uuid4().hex[:10]}"
    primary.kubectl("create", "namespace", namespace)
    try:
        primary.kubectl("-n", namespace, "apply", "-f", "-", stdin=APP)
        pipeline = Pipeline.between(folder, primary.kubeconfig, standby.kubeconfig, namespace)
        shop = Shop(pipeline, namespace, primary, standby)
        with pipeline.functions(events=False, tick_seconds=3600) as functions:
            stage = HostileStage(shop, functions)
            stage.set_up()
            yield stage
    finally:
        for cluster in (primary, standby):
            cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


@contextmanager
def instead(*files: tuple[Path, bytes | None]) -> Iterator[None]:
    """Other bytes in the place of stored objects, None for no object; the right ones are back afterwards."""
    right = [(file, file.read_bytes() if file.exists() else None) for file, _ in files]
    try:
        for file, data in files:
            _put(file, data)
        yield
    finally:
        for file, data in right:
            _put(file, data)


def _put(file: Path, data: bytes | None) -> None:
    file.unlink(missing_ok=True)
    if data is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
