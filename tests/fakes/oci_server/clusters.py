"""Container Engine: a cluster's kubeconfig, and the check of the tokens that its API server takes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.fakes.oci_server.identity import Identities
from tests.fakes.oci_server.wire import Answer, RefusedError, Request


@dataclass(frozen=True)
class OkeCluster:
    """`servers`: by the kind of endpoint (PUBLIC_ENDPOINT, PRIVATE_ENDPOINT, VCN_HOSTNAME)."""

    id: str
    servers: dict[str, str]
    ca_pem: bytes


class Clusters:
    def __init__(self, identities: Identities) -> None:
        self.clusters: dict[str, OkeCluster] = {}
        self._identities = identities

    def kubeconfig(self, request: Request) -> Answer:
        cluster = self.clusters.get(request.path[2])
        if cluster is None or f".{request.region}." not in cluster.id:
            raise RefusedError(404, "NotAuthorizedOrNotFound")
        details = request.json()
        server = cluster.servers.get(details["endpoint"])
        if details["tokenVersion"] != "2.0.0" or server is None:
            raise RefusedError(400, "InvalidParameter")
        ca = base64.b64encode(cluster.ca_pem).decode()
        text = _KUBECONFIG.format(ca=ca, server=server, cluster=cluster.id, region=request.region)
        return Answer(200, {"content-type": "application/x-yaml"}, text.encode())

    def check_token(self, token: str, cluster: str) -> None:
        """As a cluster's API server does: the token is a signed request to Container Engine for this very cluster.

        Raises:
            RefusedError: it is not.
        """
        url = urlsplit(base64.urlsafe_b64decode(token.encode()).decode())
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        headers = {"authorization": query["authorization"], "date": query["date"], "host": url.netloc}
        request = Request.of("GET", url.path, headers, b"")
        if request.target.rpartition("/cluster_request/")[2] != cluster:
            raise RefusedError(401, "NotAuthenticated", "a token for another cluster")
        self._identities.check(request, body_is_signed=False)


_KUBECONFIG = """---
apiVersion: v1
kind: ""
clusters:
- name: cluster-test
  cluster:
    server: {server}
    certificate-authority-data: {ca}
users:
- name: user-test
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      command: oci
      args: [ce, cluster, generate-token, --cluster-id, {cluster}, --region, {region}]
      env: []
contexts:
- name: context-test
  context:
    cluster: cluster-test
    user: user-test
current-context: context-test
"""
