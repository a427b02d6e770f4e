"""Where a site's API server is and what proves who we are, for the ways that need no file of this machine.

The kubernetes package is `kube_cluster`'s; that of OCI is loaded only where a site needs it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.adapters.kube_access import given_kubeconfig
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterAccess, OkeCluster, TokenAccess

_TOKEN = re.compile(rb"[\x21-\x7e]{16,65536}")


@dataclass(frozen=True, slots=True)
class Server:
    """An API server. `authority`: certificates in PEM, "" for those that the system trusts.

    `token` gives one that is good now; it is called for every request.
    """

    url: str
    authority: str
    token: Callable[[], str]


def name_of(access: ClusterAccess, site: str) -> str:
    """For errors: `cluster of site east (kubeconfig /path, context east)`."""
    context = access.context or "its current one"
    if access.in_cluster:
        way = "from inside it"
    elif access.oke:
        way = f"OKE {access.oke.id}, {access.oke.endpoint} endpoint"
    elif access.token:
        way = f"{access.token.server}, token in secret {access.token.secret}"
    elif access.kubeconfig_secret:
        way = f"kubeconfig in secret {access.kubeconfig_secret}, context {context}"
    else:
        way = f"kubeconfig {access.kubeconfig}, context {context}"
    return f"cluster of site {site} ({way})"


def server_of(access: ClusterAccess, where: str, *, renewed: bool) -> Server | None:
    """The server, where OCI or the configuration says it; None for the other ways.

    `renewed`: our credentials were refused, so get new ones.

    Raises:
        ConfigError: what proves who we are is missing or malformed.
        ClusterError: OCI does not say where the cluster is.
        VaultError: the token's secret cannot be read.
    """
    if access.oke:
        return _oke(access.oke, where, renewed=renewed)
    return _by_token(access.token, where) if access.token else None


def secret_kubeconfig(access: ClusterAccess, where: str) -> Mapping[str, Any]:
    """The kubeconfig in a Vault secret, checked.

    Raises:
        ConfigError: it is none, or leads to files or programs.
        VaultError: the secret cannot be read.
    """
    from kubestandby.adapters.oci.vault_secrets import read_secret

    return given_kubeconfig(read_secret(access.kubeconfig_secret), access.context, where=where)


def _oke(cluster: OkeCluster, where: str, *, renewed: bool) -> Server:
    from kubestandby.adapters.oci import oke, principals

    if renewed:
        principals.renewed()
    url, authority = oke.server_of(cluster, where)
    return Server(url, authority, oke.OkeToken(cluster.id))


def _by_token(access: TokenAccess, where: str) -> Server:
    from kubestandby.adapters.oci.vault_secrets import read_secret

    token = read_secret(access.secret).strip()
    if not _TOKEN.fullmatch(token):
        raise ConfigError(f"{where}: the secret holds no token; write a service account's token into it, alone")
    text = token.decode("ascii")
    return Server(access.server, access.certificate_authority, lambda: text)
