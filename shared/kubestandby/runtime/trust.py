"""Whose word is taken without a signature: that of this machine, and of a platform that checks who invokes.

A call without a signature may ask for anything, failover included. So it is taken only

- from a loopback address, straight: not through a proxy (which says so in a header), not from a page in a browser; or
- from anywhere, where `KUBESTANDBY_TRUSTED_HTTP=1` says that the platform lets nobody through whom it has not checked:
  a private Knative route. Even then not what OCI's API gateway passes on, which comes from anybody (Fn's `Fn-Intent:
  httprequest`). On OCI Functions `runtime.fn` tells the one from the other: the platform's own calls come over a
  socket of this machine.
"""

import os
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

TRUSTED_VARIABLE = "KUBESTANDBY_TRUSTED_HTTP"
LOOPBACK = "127.0.0.1"
_YES = ("1", "true")
_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_BROWSER = ("origin", "sec-fetch-site")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")


def is_trusted(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a call without a signature may ask for something. `peer`: the address that the connection comes from."""
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("fn-intent", "").strip().lower() == "httprequest" or any(name in lower for name in _BROWSER):
        return False
    if os.environ.get(TRUSTED_VARIABLE, "").strip().lower() in _YES:
        return True
    return _is_loopback(peer) and _names_this_machine(lower) and not any(name in lower for name in _PASSED_ON)


def is_local(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a call comes from this machine itself: the only one for which an operator's key on it signs."""
    lower = {name.lower(): value for name, value in headers.items()}
    is_passed_on = any(name in lower for name in (*_PASSED_ON, *_BROWSER, "fn-intent"))
    return _is_loopback(peer) and _names_this_machine(lower) and not is_passed_on


def _names_this_machine(headers: Mapping[str, str]) -> bool:
    """Whether the caller meant this machine: a proxy on it, and a page whose name leads here, name somebody else."""
    host = headers.get("host", "").strip().lower()
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    return not host or name in _LOCAL_NAMES or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback
