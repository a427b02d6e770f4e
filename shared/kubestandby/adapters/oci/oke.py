"""Clusters of OCI's Kubernetes Engine (OKE): where one is, and the tokens that it takes. No command line is needed.

A token is a request to the service for this very cluster, signed and not sent: the cluster's API server sends it on and
so learns who we are. The form is that of `oci ce cluster generate-token`.
"""

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from kubestandby.adapters.oci.calling import Caller, Refused
from kubestandby.adapters.oci.endpoints import Service, client, region_of
from kubestandby.adapters.oci.principals import principal
from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import OkeCluster, OkeEndpoint

TOKEN_SECONDS = 180.0
"""How long one is used; the command line declares four minutes, OCI takes a signed date for five."""

_KINDS = {
    OkeEndpoint.PUBLIC: "PUBLIC_ENDPOINT",
    OkeEndpoint.PRIVATE: "PRIVATE_ENDPOINT",
    OkeEndpoint.VCN_HOSTNAME: "VCN_HOSTNAME",
}
_SERVICE_HOST = "https://containerengine.{region}.{secondLevelDomain}"


@dataclass(slots=True)
class OkeToken:
    """Makes tokens for one cluster: calling it gives one that is fresh enough. Safe to use from many threads."""

    cluster: str
    now: Callable[[], float] = time.monotonic
    _made: tuple[float, str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> str:
        """A token.

        Raises:
            ConfigError: no cluster's OCID, or this process cannot prove who it is.
        """
        with self._lock:
            now = self.now()
            if self._made is None or now - self._made[0] >= TOKEN_SECONDS:
                self._made = (now, signed_token(self.cluster))
            return self._made[1]


def signed_token(cluster: str) -> str:
    """A new token for the cluster of this OCID."""
    from oci._vendor.requests import Request
    from oci.regions import endpoint_for

    region = region_of(cluster)
    # Always the service's own address: it is for the cluster to call, not for us.
    host = endpoint_for("containerengine", region=region, service_endpoint_template=_SERVICE_HOST)
    url = f"{host}/cluster_request/{cluster}"
    signed = principal().signer.do_request_sign(Request("GET", url).prepare())
    proof = {name: signed.headers[name] for name in ("authorization", "date")}
    return base64.urlsafe_b64encode(str(Request("GET", url, params=proof).prepare().url).encode()).decode()


def server_of(cluster: OkeCluster, where: str, caller: Caller | None = None) -> tuple[str, str]:
    """The cluster's server and the certificates of its authority (PEM), as the service says.

    Of the kubeconfig that it gives only these two are taken: that names a program to run for tokens.

    Raises:
        ConfigError: no cluster's OCID, or this process cannot prove who it is.
        ClusterError: the service does not say.
    """
    from oci.container_engine.models import CreateClusterKubeconfigContentDetails

    details = CreateClusterKubeconfigContentDetails(token_version="2.0.0", endpoint=_KINDS[cluster.endpoint])  # noqa: S106
    engine = client(Service.CONTAINER_ENGINE, region_of(cluster.id))
    try:
        content = (caller or Caller()).call(
            lambda: engine.create_kubeconfig(cluster.id, create_cluster_kubeconfig_content_details=details).data.content
        )
    except Refused as refused:
        raise _error(cluster, where, refused) from refused
    try:
        return _server_and_authority(yaml.safe_load(content))
    except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ClusterError(f"{where}: OCI's answer names no server; try again later", reason="Undecodable") from error


def _server_and_authority(config: Any) -> tuple[str, str]:
    cluster = config["clusters"][0]["cluster"]
    server, authority = cluster["server"], base64.b64decode(cluster["certificate-authority-data"], validate=True)
    if not isinstance(server, str) or not server.startswith("https://"):
        raise ValueError(server)
    return server, authority.decode("ascii")


def _error(cluster: OkeCluster, where: str, refused: Refused) -> ClusterError:
    text = f"{where}: OCI does not say where it is ({refused})"
    if refused.passing:
        return ClusterUnavailableError(f"{text}; try again later", status=refused.status, reason="Unreachable")
    if refused.status in (401, 403, 404):
        step = "there is no such cluster, or this process has no right to `use clusters` (docs/oci.md)"
    else:
        step = f"check that the cluster has a {cluster.endpoint} endpoint"
    return ClusterError(f"{text}; {step}", status=refused.status, reason=refused.code or "Refused")
