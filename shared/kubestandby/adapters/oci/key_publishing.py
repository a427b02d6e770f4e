"""Puts a site's keys into its vault, as secrets: what an operator does once, and again after every rotation.

Terraform makes the vault and never sees a key: what it is given stands in its state.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kubestandby.adapters.oci.calling import Caller, Refused
from kubestandby.adapters.oci.endpoints import Service, client, region_of
from kubestandby.adapters.oci.vault_secrets import find_named, vault_error
from kubestandby.errors import ConfigError, VaultError

MOST_BYTES = 25 * 1024
"""Of one secret's content (OCI Vault's limit)."""


class Change(StrEnum):
    """What became of a secret."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where new secrets go.

    Attributes:
        vault: its OCID.
        prefix: of every secret's name.
        compartment: OCID of theirs; needed for new ones only.
        encryption_key: OCID of the key in the vault that they are encrypted with; needed for new ones only.
    """

    vault: str
    prefix: str
    compartment: str = ""
    encryption_key: str = ""


def publish(shelf: Shelf, files: Mapping[str, bytes], caller: Caller | None = None) -> Mapping[str, Change]:
    """Makes each file a secret, or a new version of the one that there is; what is equal stays.

    Raises:
        ConfigError: a new secret is needed, and where it goes is not known; or one is too large for a vault.
        VaultError: the vault refuses; what was written before stays.
    """
    caller = caller or Caller()
    return {f"{shelf.prefix}{name}": _put(shelf, f"{shelf.prefix}{name}", data, caller) for name, data in files.items()}


def _put(shelf: Shelf, name: str, data: bytes, caller: Caller) -> Change:
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{name} has {len(data)} bytes, a secret of a vault at most {MOST_BYTES}; drop expired keys")
    found = find_named(shelf.vault, name, caller)
    if found is None:
        _create(shelf, name, data, caller)
        return Change.CREATED
    if found[1] == data:
        return Change.UNCHANGED
    _update(shelf, found[0], name, data, caller)
    return Change.UPDATED


def _create(shelf: Shelf, name: str, data: bytes, caller: Caller) -> None:
    from oci.vault.models import Base64SecretContentDetails, CreateSecretDetails

    if not (shelf.compartment and shelf.encryption_key):
        raise ConfigError(
            f"vault {shelf.vault} has no secret {name} that can be read here; to make it, say --compartment and"
            " --encryption-key (OCIDs)"
        )
    details = CreateSecretDetails(
        compartment_id=shelf.compartment,
        vault_id=shelf.vault,
        key_id=shelf.encryption_key,
        secret_name=name,
        secret_content=Base64SecretContentDetails(content=base64.b64encode(data).decode("ascii")),
    )
    vaults = client(Service.VAULTS, region_of(shelf.vault))
    try:
        caller.call(lambda: vaults.create_secret(details))
    except Refused as refused:
        raise _error(name, refused) from refused


def _update(shelf: Shelf, ocid: str, name: str, data: bytes, caller: Caller) -> None:
    from oci.vault.models import Base64SecretContentDetails, UpdateSecretDetails

    content = Base64SecretContentDetails(content=base64.b64encode(data).decode("ascii"))
    vaults = client(Service.VAULTS, region_of(shelf.vault))
    try:
        caller.call(lambda: vaults.update_secret(ocid, UpdateSecretDetails(secret_content=content)))
    except Refused as refused:
        raise _error(name, refused) from refused


def _error(name: str, refused: Refused) -> VaultError:
    return vault_error(f"secret {name} cannot be written", refused, "manage secret-family")
