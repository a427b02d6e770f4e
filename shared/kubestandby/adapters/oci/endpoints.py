"""Clients of OCI's services, one per service and place. The SDK's own retries and circuit breaker are off: ours decide.

`KUBESTANDBY_OCI_ENDPOINTS` names other endpoints than the SDK's: a template with `{service}` and `{region}`, for
private endpoints and for tests. Plain HTTP is for this machine only.
"""

import os
import re
import threading
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from kubestandby.adapters.oci.principals import principal
from kubestandby.errors import ConfigError

ENDPOINTS_VARIABLE = "KUBESTANDBY_OCI_ENDPOINTS"
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_OCID_REGION = re.compile(r"ocid1\.[a-z0-9]+\.[a-z0-9-]+\.([a-z0-9-]+)\.[A-Za-z0-9._-]+")


class Service(StrEnum):
    """The services used, as they stand in endpoints."""

    OBJECT_STORAGE = "objectstorage"
    SECRETS = "secrets"
    VAULTS = "vaults"
    KMS_CRYPTO = "kms-crypto"
    KMS_MANAGEMENT = "kms-management"
    CONTAINER_ENGINE = "containerengine"


_CLIENTS: dict[tuple[Service, str, str, int], Any] = {}
_LOCK = threading.Lock()


def client(service: Service, region: str, endpoint: str = "") -> Any:
    """The service's client in this region; `endpoint` where it has one of its own, as a vault does.

    Raises:
        ConfigError: this process cannot prove who it is, or the endpoint is none.
    """
    url = endpoint_of(service, region, endpoint)
    who = principal()
    key = (service, region, url, id(who))
    with _LOCK:
        if key not in _CLIENTS:
            _CLIENTS[key] = _made(service, region, url, who.config, who.signer)
        return _CLIENTS[key]


def endpoint_of(service: Service, region: str, endpoint: str = "") -> str:
    """The endpoint to use, "" for the SDK's own.

    Raises:
        ConfigError: it is none that a request may go to.
    """
    template = os.environ.get(ENDPOINTS_VARIABLE, "").strip()
    if template:
        endpoint = template.replace("{service}", service).replace("{region}", region)
    if endpoint:
        _check(endpoint)
    return endpoint


def region_of(ocid: str) -> str:
    """The region that an OCID names: `us-ashburn-1`, also where it says `iad`.

    Raises:
        ConfigError: it names none.
    """
    match = _OCID_REGION.fullmatch(ocid)
    if not match:
        raise ConfigError(f"{ocid[:120]!r} is no OCID of something in a region; copy it from the console")
    from oci.regions import get_region_from_short_name

    return str(get_region_from_short_name(match[1]))


def _check(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname))):
        return
    raise ConfigError(
        f"{endpoint[:200]!r} is no endpoint of OCI; write https:// and a host (set in the configuration"
        f" or {ENDPOINTS_VARIABLE})"
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _made(service: Service, region: str, endpoint: str, config: dict[str, Any], signer: Any) -> Any:
    from oci import base_client
    from oci.circuit_breaker import NoCircuitBreakerStrategy
    from oci.retry import NoneRetryStrategy

    # `Expect: 100-continue` asks the service to answer before the body comes. urllib3 2 sends the body all the same,
    # and what is left of a refused one may be taken for the next request on that connection.
    base_client.enable_expect_header = False
    options: dict[str, Any] = {
        "signer": signer,
        "timeout": (CONNECT_SECONDS, READ_SECONDS),
        "retry_strategy": NoneRetryStrategy(),
        "circuit_breaker_strategy": NoCircuitBreakerStrategy(),
    }
    if endpoint:
        options["service_endpoint"] = endpoint
    made = _CLASSES[service]()({**config, "region": region}, **options)
    # After a 401 the SDK would send the same request once more, whose body has been read already: `calling` does that.
    made.base_client.is_instance_principal_or_resource_principal_signer = lambda: False
    return made


def _object_storage() -> Any:
    from oci.object_storage import ObjectStorageClient

    return ObjectStorageClient


def _secrets() -> Any:
    from oci.secrets import SecretsClient

    return SecretsClient


def _vaults() -> Any:
    from oci.vault import VaultsClient

    return VaultsClient


def _kms_crypto() -> Any:
    from oci.key_management import KmsCryptoClient

    return _with_endpoint_first(KmsCryptoClient)


def _kms_management() -> Any:
    from oci.key_management import KmsManagementClient

    return _with_endpoint_first(KmsManagementClient)


def _container_engine() -> Any:
    from oci.container_engine import ContainerEngineClient

    return ContainerEngineClient


def _with_endpoint_first(kind: Any) -> Callable[..., Any]:
    """Clients of a vault take their endpoint as their second argument."""
    return lambda config, *, service_endpoint, **options: kind(config, service_endpoint, **options)


_CLASSES: dict[Service, Callable[[], Any]] = {
    Service.OBJECT_STORAGE: _object_storage,
    Service.SECRETS: _secrets,
    Service.VAULTS: _vaults,
    Service.KMS_CRYPTO: _kms_crypto,
    Service.KMS_MANAGEMENT: _kms_management,
    Service.CONTAINER_ENGINE: _container_engine,
}
