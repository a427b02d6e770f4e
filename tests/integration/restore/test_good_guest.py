"""A restore takes no more of the standby's API server than its limits say, and does as it is told when that is busy."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from kubestandby.adapters.kube_cluster import KubeCluster, connect
from kubestandby.adapters.kube_http import Call, KubeHttp, Reply
from kubestandby.adapters.kube_pace import Pace
from kubestandby.adapters.kube_sender import ApiSender
from kubestandby.cli.demo.forwarder import Forwarder
from kubestandby.errors import ClusterError
from kubestandby.groups import ClusterAccess, ClusterLimits
from kubestandby.ports import Cluster
from kubestandby.resources import GVK, ResourceType
from tests.integration.restore.shop import restore_on
from tests.testbed.access import ClusterAccess as GivenCluster
from tests.unit.restore.samples import config_map, namespace, outcomes, secret, workload

pytestmark = pytest.mark.clusters

IN_FLIGHT = 3
OBJECTS = 300
NAMESPACES = ResourceType(GVK("", "v1", "Namespace"), "namespaces", namespaced=False)


@pytest.fixture(autouse=True)
def _inventory(space: str, standby: GivenCluster) -> Iterator[None]:
    yield
    standby.kubectl("delete", "configmap", f"kubestandby-{space}", "-n", "kubestandby-system", "--ignore-not-found")


class CountingForwarder(Forwarder):
    """Sees each connection; over HTTP/1.1 one has one request in flight at most."""

    open_now = 0
    most_open = 0

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            await super()._forward(reader, writer)
        finally:
            self.open_now -= 1


@pytest.fixture
def between(standby: GivenCluster) -> Iterator[CountingForwarder]:
    server = urlsplit(_cluster_in(standby.kubeconfig, standby.context)["server"])
    forwarder = CountingForwarder(server.hostname or "", server.port or 443)
    forwarder.start()
    yield forwarder
    forwarder.close()


class Neighbour(threading.Thread):
    """Somebody else's simple reads, one after the other, until stopped; `refusals` of any kind."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(daemon=True)
        self._cluster = cluster
        self._over = threading.Event()
        self.answered = 0
        self.refusals: list[ClusterError] = []

    def run(self) -> None:
        while not self._over.wait(0.01):
            try:
                self._cluster.get(NAMESPACES, "", "kube-system")
                self.answered += 1
            except ClusterError as error:
                self.refusals.append(error)

    def stop(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def neighbour(standby: GivenCluster) -> Iterator[Neighbour]:
    """Beside the block; sends each request once, so that nothing that is refused stays unseen."""
    access = ClusterAccess(kubeconfig=standby.kubeconfig, context=standby.context)
    reader = Neighbour(KubeCluster(OnceOnly(ApiSender(access, "neighbour", connections_kept=1))))
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()


class OnceOnly(KubeHttp):
    """Tries nothing twice."""

    def _is_spent(self, call: Call, state: object, began: float) -> bool:
        return True


def test_restore_keeps_to_its_requests_in_flight_and_leaves_room_for_others(
    standby: GivenCluster, between: CountingForwarder, space: str, tmp_path: Path
) -> None:
    access = ClusterAccess(kubeconfig=_through(between, standby, tmp_path / "kubeconfig"), context=standby.context)
    limited = connect(access, site="west", limits=ClusterLimits(requests_in_flight=IN_FLIGHT, page_size=50))

    with neighbour(standby) as other:
        first = restore_on(limited, space, *_many(space))
        second = restore_on(limited, space, *_many(space))

    assert set(outcomes(first).values()) == {"created"}
    assert set(outcomes(second).values()) == {"unchanged"}
    assert 1 < between.most_open <= IN_FLIGHT
    assert other.refusals == []
    assert other.answered > 10


class BusyServer:
    """Lends a sender that is told to come again later on one request of so many, in both forms of Retry-After."""

    def __init__(self, sender: ApiSender, every: int) -> None:
        self._sender = sender
        self._every = every
        self._numbers = itertools.count(1)
        self.refused = 0

    @property
    def where(self) -> str:
        return self._sender.where

    @property
    def host(self) -> str:
        return self._sender.host

    def renew(self) -> None:
        self._sender.renew()

    def send(self, call: Call) -> Reply:
        number = next(self._numbers)
        if number % self._every:
            return self._sender.send(call)
        self.refused += 1
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=7), usegmt=True)
        body = b'{"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429}'
        return Reply(429, {"retry-after": "7" if number % 2 else date}, body)


def test_restore_waits_as_long_as_a_busy_server_says_and_brings_everything(standby: GivenCluster, space: str) -> None:
    access = ClusterAccess(kubeconfig=standby.kubeconfig, context=standby.context)
    busy = BusyServer(ApiSender(access, "west", connections_kept=IN_FLIGHT), every=25)
    slept: list[float] = []
    cluster = KubeCluster(KubeHttp(busy, sleep=slept.append, pace=Pace(IN_FLIGHT, 1000)))

    report = restore_on(cluster, space, *_many(space))

    assert set(outcomes(report).values()) == {"created"}
    assert busy.refused == len(slept) > 10
    assert all(5.0 <= seconds <= 7.5 for seconds in slept), slept


def _many(space: str) -> list[dict[str, object]]:
    maps = [config_map(f"settings-{number}", space, color="blue") for number in range(OBJECTS // 2)]
    secrets = [secret(f"password-{number}", space, key="aGk=") for number in range(OBJECTS // 2)]
    return [namespace(space), *maps, *secrets, workload(namespace=space)]


def _through(forwarder: Forwarder, cluster: GivenCluster, file: Path) -> Path:
    """A kubeconfig whose server is the forwarder; the certificate is still that of the cluster's own address."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for entry in config["clusters"]:
        entry["cluster"]["tls-server-name"] = urlsplit(entry["cluster"]["server"]).hostname
        entry["cluster"]["server"] = f"https://127.0.0.1:{forwarder.port}"
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    return file


def _cluster_in(kubeconfig: Path, context: str) -> dict[str, str]:
    config = yaml.safe_load(kubeconfig.read_text())
    named = next(entry["context"]["cluster"] for entry in config["contexts"] if entry["name"] == context)
    return next(entry["cluster"] for entry in config["clusters"] if entry["name"] == named)
