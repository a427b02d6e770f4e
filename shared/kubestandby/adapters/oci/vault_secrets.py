"""Secrets of a vault (OCI Vault): read by their OCID, or by their name in a vault. Nothing is kept here."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from kubestandby.adapters.oci.calling import Caller, Refused
from kubestandby.adapters.oci.endpoints import Service, client, region_of
from kubestandby.errors import VaultError, VaultUnavailableError

CURRENT = "CURRENT"
READ_RIGHT = "read secret-bundles"
_CALLER = Caller()


def read_secret(ocid: str, caller: Caller = _CALLER) -> bytes:
    """The current content of a secret.

    Raises:
        ConfigError: no OCID of a secret, or this process cannot prove who it is.
        VaultError: it cannot be had; never holds any of it.
    """
    secrets = client(Service.SECRETS, region_of(ocid))
    return _content(f"secret {ocid}", caller, lambda: secrets.get_secret_bundle(ocid, stage=CURRENT))


def read_named(vault: str, name: str, caller: Caller = _CALLER) -> bytes:
    """The current content of the secret of this name in the vault; raises like `read_secret`."""
    secrets = client(Service.SECRETS, region_of(vault))
    what = f"secret {name} of vault {vault}"
    return _content(what, caller, lambda: secrets.get_secret_bundle_by_name(name, vault, stage=CURRENT))


def find_named(vault: str, name: str, caller: Caller = _CALLER) -> tuple[str, bytes] | None:
    """OCID and current content of the secret of this name; None where there is none that we may read.

    Raises:
        VaultError: it cannot be had now.
    """
    secrets = client(Service.SECRETS, region_of(vault))
    what = f"secret {name} of vault {vault}"
    try:
        bundle = caller.call(lambda: secrets.get_secret_bundle_by_name(name, vault, stage=CURRENT)).data
    except Refused as refused:
        if refused.status == 404:
            return None
        raise vault_error(f"{what} cannot be read", refused, READ_RIGHT) from refused
    return str(bundle.secret_id), _decoded(what, bundle)


def _content(what: str, caller: Caller, ask: Callable[[], Any]) -> bytes:
    try:
        bundle = caller.call(ask).data
    except Refused as refused:
        raise vault_error(f"{what} cannot be read", refused, READ_RIGHT) from refused
    return _decoded(what, bundle)


def _decoded(what: str, bundle: Any) -> bytes:
    try:
        return base64.b64decode(bundle.secret_bundle_content.content, validate=True)
    except (AttributeError, TypeError, binascii.Error) as error:
        raise VaultError(f"{what} has no content that can be read; give it some, as base64") from error


def vault_error(what: str, refused: Refused, right: str) -> VaultError:
    """A refusal as an error: what was tried, why it is not, and what to do."""
    if refused.passing:
        return VaultUnavailableError(f"{what}: {refused}; try again later")
    if refused.status in (401, 403, 404):
        return VaultError(f"{what}: {refused}; there is none, or this process has no right to `{right}` (docs/oci.md)")
    return VaultError(f"{what}: {refused}; check its OCID and the vault's state")
