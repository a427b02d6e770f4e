"""The secrets of webhooks, read from where the configuration says.

Anew for every delivery, so that one can be changed without a restart. No message holds any part of a secret.
"""

import logging
import os
import stat
from collections.abc import Sequence

from kubestandby.errors import ConfigError
from kubestandby.groups import SecretReference

MIN_BYTES = 16
MAX_BYTES = 4096
_LOG = logging.getLogger(__name__)
_MAKE_ONE = "make one with `openssl rand -hex 32`"


def usable_secrets(references: Sequence[SecretReference]) -> tuple[bytes, ...]:
    """Those of the secrets that can be read: while one is being changed, the other is enough.

    Raises:
        ConfigError: none can; says why the last one cannot.
    """
    found: list[bytes] = []
    last: ConfigError | None = None
    for reference in references:
        try:
            found.append(read_secret(reference))
        except ConfigError as error:
            _LOG.warning("webhook_secret_unusable", extra={"cause": str(error)})
            last = error
    if not found:
        raise last or ConfigError("the webhook has no secret; give it one with secretsFrom")
    return tuple(found)


def read_secret(reference: SecretReference) -> bytes:
    """The secret's bytes, without line breaks at the end.

    Raises:
        ConfigError: it is not there, cannot be read, is too short to be one, or is more than one line.
    """
    where = f"the webhook secret in {reference.file or f'environment variable {reference.env}'}"
    secret = (_file(reference, where) if reference.file else _variable(reference, where)).rstrip(b"\r\n")
    if not MIN_BYTES <= len(secret) <= MAX_BYTES:
        raise ConfigError(f"{where} has {len(secret)} bytes, where {MIN_BYTES} to {MAX_BYTES} belong; {_MAKE_ONE}")
    if b"\n" in secret:
        raise ConfigError(f"{where} has several lines; write the secret on one, alone")
    return secret


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
