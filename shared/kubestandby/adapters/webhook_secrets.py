"""The secrets of webhooks, read from where the configuration says.

Anew for every delivery, so that one can be changed without a restart; from a vault once a minute, since strangers
deliver. No message holds any part of a secret.
"""

import logging
import os
import stat
import time
from collections.abc import Sequence

from kubestandby.errors import ConfigError, VaultError
from kubestandby.groups import SecretReference

MIN_BYTES = 16
MAX_BYTES = 4096
KEPT_SECONDS = 60.0
_LOG = logging.getLogger(__name__)
_MAKE_ONE = "make one with `openssl rand -hex 32`"
_KEPT: dict[str, tuple[float, bytes]] = {}
"""OCIDs of secrets to when they were read, and what they held."""


def usable_secrets(references: Sequence[SecretReference]) -> tuple[bytes, ...]:
    """Those of the secrets that can be read: while one is being changed, the other is enough.

    Raises:
        ConfigError, VaultError: none can; says why the last one cannot.
    """
    found: list[bytes] = []
    last: ConfigError | VaultError | None = None
    for reference in references:
        try:
            found.append(read_secret(reference))
        except (ConfigError, VaultError) as error:
            _LOG.warning("webhook_secret_unusable", extra={"cause": str(error)})
            last = error
    if not found:
        raise last or ConfigError("the webhook has no secret; give it one with secretsFrom")
    return tuple(found)


def read_secret(reference: SecretReference) -> bytes:
    """The secret's bytes, without line breaks at the end.

    Raises:
        ConfigError: it is not there, cannot be read, is too short to be one, or is more than one line.
        VaultError: the vault does not give it.
    """
    place = reference.vault or reference.file or f"environment variable {reference.env}"
    where = f"the webhook secret in {place}"
    secret = _content(reference, where).rstrip(b"\r\n")
    if not MIN_BYTES <= len(secret) <= MAX_BYTES:
        raise ConfigError(f"{where} has {len(secret)} bytes, where {MIN_BYTES} to {MAX_BYTES} belong; {_MAKE_ONE}")
    if b"\n" in secret:
        raise ConfigError(f"{where} has several lines; write the secret on one, alone")
    return secret


def _content(reference: SecretReference, where: str) -> bytes:
    if reference.vault:
        return _from_vault(reference.vault)
    return _file(reference, where) if reference.file else _variable(reference, where)


def _from_vault(ocid: str) -> bytes:
    from kubestandby.adapters.oci.vault_secrets import read_secret as read_from_vault

    read_at, content = _KEPT.get(ocid, (-KEPT_SECONDS, b""))
    now = time.monotonic()
    if now - read_at >= KEPT_SECONDS:
        content = read_from_vault(ocid)
        _KEPT[ocid] = (now, content)
    return content


def _variable(reference: SecretReference, where: str) -> bytes:
    value = os.environ.get(reference.env)
    if value is None:
        raise ConfigError(f"{where} is not set; set it for the export function")
    return os.fsencode(value)


def _file(reference: SecretReference, where: str) -> bytes:
    """The file's bytes, no more than are looked at. Links are followed: that is how clusters mount Secrets."""
    try:
        # Not blocking: a named pipe would hold the call up for ever.
        descriptor = os.open(str(reference.file), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(f"{where} is not a regular file; write the secret into one")
            return stream.read(MAX_BYTES + 3)
    except OSError as error:
        raise ConfigError(f"{where} cannot be read ({(error.strerror or str(error)).lower()}); {_MAKE_ONE}") from error
