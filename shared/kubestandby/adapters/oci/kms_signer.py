"""Keys that sign inside a vault (OCI KMS): ECDSA on NIST P-256 over SHA-256. The private key never leaves it."""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from kubestandby.adapters.oci.calling import Caller, Refused
from kubestandby.adapters.oci.endpoints import Service, client, region_of
from kubestandby.adapters.oci.vault_secrets import vault_error
from kubestandby.errors import ConfigError, VaultError
from kubestandby.groups import KmsKey
from kubestandby.keys import dsse
from kubestandby.keys.signers import read_public
from kubestandby.keys.trust import PublicKey, TrustedKey

ALGORITHM = "ECDSA_SHA_256"
_PROBE = b"kubestandby: which of the trusted keys is this?"


@dataclass(frozen=True, slots=True)
class KmsSigner:
    """One version of a key, known by its public half. Implements `keys.ports.Signer`."""

    public: PublicKey
    key: KmsKey
    endpoint: str
    caller: Caller = field(default_factory=Caller)

    @property
    def key_id(self) -> str:
        """The id of its public key."""
        return self.public.id

    def sign(self, message: bytes) -> bytes:
        """The signature over the message, made in the vault and verified here.

        Raises:
            ConfigError: the vault signs with another key than the trust file has.
            VaultError: it does not sign.
        """
        signature = raw_signature(self.key, self.endpoint, message, self.caller)
        if not dsse.verifies(self.public, signature, message):
            raise ConfigError(
                f"KMS key version {self.key.version} signs with another key than the trust file has for it;"
                f" `kubestandby keys adopt {self.key.role}` puts it there"
            )
        return signature


def trusted_signer(
    key: KmsKey, endpoint: str, trusted: Iterable[TrustedKey], caller: Caller | None = None
) -> KmsSigner:
    """The signer, as that one of the trusted keys whose signature it makes: one more signing, and no right to look.

    Raises:
        ConfigError: it is none of them.
        VaultError: the vault does not sign.
    """
    caller = caller or Caller()
    probe = raw_signature(key, endpoint, _PROBE, caller)
    for one in trusted:
        if one.public.scheme.startswith("ecdsa") and dsse.verifies(one.public, probe, _PROBE):
            return KmsSigner(one.public, key, endpoint, caller)
    raise ConfigError(
        f"the trust file has no {key.role} key that is KMS key version {key.version};"
        f" `kubestandby keys adopt {key.role}` puts it there"
    )


def raw_signature(key: KmsKey, endpoint: str, message: bytes, caller: Caller) -> bytes:
    """A signature (DER) over the message, of which only the digest leaves this process.

    Raises:
        VaultError: the vault does not sign.
    """
    from oci.key_management.models import SignDataDetails

    details = SignDataDetails(
        key_id=key.key,
        key_version_id=key.version,
        message=base64.b64encode(hashlib.sha256(message).digest()).decode("ascii"),
        message_type="DIGEST",
        signing_algorithm=ALGORITHM,
    )
    crypto = client(Service.KMS_CRYPTO, region_of(key.key), endpoint)
    try:
        answer = caller.call(lambda: crypto.sign(details))
        return base64.b64decode(answer.data.signature, validate=True)
    except Refused as refused:
        raise vault_error(f"KMS key {key.key} does not sign", refused, "use keys") from refused
    except (AttributeError, TypeError, binascii.Error) as error:
        raise VaultError(f"KMS key {key.key} does not sign: its answer has no signature; try again later") from error


def public_key_of(key: KmsKey, endpoint: str, caller: Caller | None = None) -> PublicKey:
    """The public half of a key's version, as the vault's management endpoint has it.

    Raises:
        ConfigError: it is of another type than ours.
        VaultError: the vault does not tell.
    """
    management = client(Service.KMS_MANAGEMENT, region_of(key.key), endpoint.replace("-crypto.", "-management.", 1))
    try:
        answer = (caller or Caller()).call(lambda: management.get_key_version(key.key, key.version))
    except Refused as refused:
        raise vault_error(f"KMS key {key.key} cannot be looked at", refused, "read keys") from refused
    return read_public(str(answer.data.public_key or "").encode(), f"KMS key version {key.version}")
