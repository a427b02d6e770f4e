"""Starts real Kubernetes clusters on loopback, without containers and without root.

What runs is the upstream control plane: etcd, API server, controller manager
and scheduler. Nodes, volumes and load balancers are played by `ready-maker`
(see `controlplane/readymaker.go`); no container is ever started.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.testbed import flags
from tests.testbed.build import controlplane_binary
from tests.testbed.components import Component
from tests.testbed.directories import OwnedDirectory
from tests.testbed.errors import TestbedError
from tests.testbed.kubeconfig import write_kubeconfig
from tests.testbed.kubectl import CACHE, kubectl
from tests.testbed.pki import KeyPair, create_pki
from tests.testbed.ports import LOOPBACK, ReservedPort
from tests.testbed.readiness import Probe

START_SECONDS = 120.0
POLL_SECONDS = 0.1
# The ranges of clusters that are started together: 10.96.0.0/16, 10.97.0.0/16, and so on.
SERVICE_RANGES = ipaddress.ip_network("10.96.0.0/11")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?")


@dataclass(frozen=True)
class Options:
    """How a cluster differs from the usual one."""

    nodes: int = 2
    audit: bool = False
    service_range: str = "10.96.0.0/16"
    storage_class: str = "standard"
    apiserver_args: Sequence[str] = ()


class Cluster:
    """A running cluster; as a context manager, it stops at the end of the block."""

    def __init__(self, name: str, options: Options, directory: Path | None = None) -> None:
        """Prepares the files of a cluster; `start` starts it.

        Args:
            name: Names its kubeconfig context and begins the names of its nodes.
            options: How it differs from the usual one.
            directory: Where to keep its files, also after its end. By default,
                a private temporary directory that is removed with it.
        """
        if not NAME.fullmatch(name):
            raise TestbedError(f"{name!r} cannot be the name of a cluster: use lower-case letters, digits and dashes.")
        self.name = name
        self.context = name
        self._options = options
        self._stopped = False
        self._owned = OwnedDirectory(name) if directory is None else None
        self.directory = self._owned.path if self._owned else _private(directory)
        self._ports = [ReservedPort() for _ in range(3)]
        port, etcd_port, peer_port = (reserved.number for reserved in self._ports)
        self.server = f"https://{LOOPBACK}:{port}"
        self.audit_log = self.directory / "audit.log"
        self.kubeconfig = self.directory / "kubeconfig"
        (self.directory / CACHE).mkdir(exist_ok=True)
        self.pki = create_pki(self.directory / "pki", _first_address(options.service_range))
        self._write_kubeconfig(self.pki.admin, self.kubeconfig)
        self._probe = Probe(port, self.pki.authority, self.pki.admin)
        self._etcd_port = etcd_port
        etcd, apiserver, *clients = self._components(port, etcd_port, peer_port)
        self._etcd, self._apiserver, self._clients = etcd, apiserver, clients

    @property
    def components(self) -> list[Component]:
        """The processes, in the order of their start."""
        return [self._etcd, self._apiserver, *self._clients]

    def start(self) -> None:
        """Starts the processes and returns when the cluster is ready for tests.

        Raises:
            TestbedError: It does not become ready; the message shows a log.
        """
        deadline = time.monotonic() + START_SECONDS
        self._etcd.start()
        self._wait_for(self._etcd_listens, self._etcd, deadline)
        self._apiserver.start()
        self._wait_for(self._probe.serves, self._apiserver, deadline)
        for component in self._clients:
            component.start()
        options = self._options
        self._wait_for(
            lambda: self._probe.serves_tests(options.nodes, options.storage_class), self._clients[0], deadline
        )

    def stop(self) -> None:
        """Ends the cluster and removes its directory, unless the caller gave it; another time does nothing."""
        self._stopped = True
        self.kill()
        for port in self._ports:
            port.release()
        if self._owned:
            self._owned.remove()

    def kill(self) -> None:
        """Ends all processes abruptly; data and addresses stay for `restart`."""
        for component in reversed(self.components):
            component.kill()

    def restart(self) -> None:
        """Ends all processes, if any, and starts the cluster anew with its data, at the same address."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Makes the API server hang: connections open, but nothing is answered."""
        self._apiserver.pause()

    def resume(self) -> None:
        """Lets the API server go on after a pause."""
        self._apiserver.resume()

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Runs kubectl against this cluster and returns its output."""
        return kubectl(self.kubeconfig, *arguments, stdin=stdin)

    def audit_events(self) -> list[dict[str, Any]]:
        """All requests so far, in the form of audit.k8s.io/v1; needs `audit=True`."""
        return [json.loads(line) for line in self.audit_log.read_text().splitlines()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _components(self, port: int, etcd_port: int, peer_port: int) -> list[Component]:
        options, directory, pki = self._options, self.directory, self.pki
        apiserver = flags.apiserver(directory, pki, port, etcd_port, options.service_range)
        if options.audit:
            apiserver += flags.audit(directory, self.audit_log)
        manager, scheduler, ready_maker = (
            self._write_kubeconfig(client, directory / f"{client.key.stem}.kubeconfig")
            for client in (pki.controller_manager, pki.scheduler, pki.ready_maker)
        )
        commands = {
            "etcd": flags.etcd(directory, pki, etcd_port, peer_port),
            # The last one of two equal flags wins, so callers can replace ours.
            "kube-apiserver": [*apiserver, *options.apiserver_args],
            "ready-maker": flags.ready_maker(ready_maker, self.name, options.nodes, options.storage_class),
            "kube-controller-manager": flags.controller_manager(manager, pki, options.service_range),
            "kube-scheduler": flags.scheduler(scheduler),
        }
        binary = controlplane_binary()
        return [Component(binary, name, arguments, directory) for name, arguments in commands.items()]

    def _write_kubeconfig(self, client: KeyPair, path: Path) -> Path:
        return write_kubeconfig(path, name=self.name, server=self.server, authority=self.pki.authority, client=client)

    def _etcd_listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self._etcd_port), timeout=1):
            return True
        return False

    def _wait_for(self, condition: Callable[[], bool], blamed: Component, deadline: float) -> None:
        while not condition():
            for component in self.components:
                component.check_alive()
            if time.monotonic() > deadline:
                message = (
                    f"The cluster {self.name!r} was not ready after {START_SECONDS:.0f} s. "
                    f"The log of {blamed.name} ends with:\n{blamed.log_end()}"
                )
                raise TestbedError(message)
            if self._stopped:
                raise TestbedError(f"The cluster {self.name!r} was stopped while it started.")
            time.sleep(POLL_SECONDS)


def start_cluster(
    name: str,
    *,
    directory: Path | None = None,
    nodes: int = 2,
    audit: bool = False,
    service_range: str = "10.96.0.0/16",
    storage_class: str = "standard",
    apiserver_args: Sequence[str] = (),
) -> Cluster:
    """Starts a cluster and returns when it is ready for tests.

    Args:
        name: Names its kubeconfig context and begins the names of its nodes.
        directory: Where to keep its files, also after its end. By default, a
            private temporary directory that is removed with it.
        nodes: How many nodes it has.
        audit: Whether the API server logs all requests, for `audit_events`.
        service_range: What Services get their cluster IPs from.
        storage_class: The default StorageClass, which binds when a Pod uses
            the claim; none if empty.
        apiserver_args: More flags of the API server, which win over ours.

    Raises:
        TestbedError: It cannot be built or does not start.
    """
    options = Options(nodes, audit, service_range, storage_class, tuple(apiserver_args))
    return _started(name, options, directory)


@contextlib.contextmanager
def start_clusters(names: Sequence[str], *, nodes: int = 2, audit: bool = False) -> Iterator[list[Cluster]]:
    """Starts several clusters at the same time and stops them at the end of the block.

    Each has a range of cluster IPs of its own.

    Args:
        names: One for each cluster.
        nodes: How many nodes each has.
        audit: Whether the API servers log all requests.

    Yields:
        The clusters, in the order of their names.
    """
    controlplane_binary()  # once, and not by several threads waiting for one another
    ranges = (str(network) for network in SERVICE_RANGES.subnets(new_prefix=16))
    with contextlib.ExitStack() as stack:
        clusters = [
            stack.enter_context(Cluster(name, Options(nodes=nodes, audit=audit, service_range=service_range)))
            for name, service_range in zip(names, ranges, strict=False)
        ]
        _start_together(clusters)
        yield clusters


def _start_together(clusters: Sequence[Cluster]) -> None:
    with ThreadPoolExecutor(len(clusters)) as pool:
        try:
            for future in as_completed([pool.submit(cluster.start) for cluster in clusters]):
                future.result()
        except BaseException:
            # Also after Ctrl-C: otherwise the pool would wait until the others have started.
            for cluster in clusters:
                cluster.stop()
            raise


def _started(name: str, options: Options, directory: Path | None) -> Cluster:
    cluster = Cluster(name, options, directory)
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _private(directory: Path | None) -> Path:
    assert directory is not None
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(directory / "etcd", ignore_errors=True)  # another cluster's data would not fit to new keys
    return directory.resolve()


def _first_address(service_range: str) -> str:
    return str(next(ipaddress.ip_network(service_range).hosts()))
