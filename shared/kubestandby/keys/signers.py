"""Signing keys in memory: made, written as PEM (PKCS #8) and read back. Ed25519 unless somebody brings another type."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubestandby.errors import ConfigError
from kubestandby.keys.trust import PublicKey

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, Key


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A private key that this process holds. Implements `ports.Signer`; its `repr` shows nothing of it."""

    _signer: "CryptoSigner"

    @property
    def key_id(self) -> str:
        """The id of its public key."""
        return self._signer.public_key.keyid

    @property
    def public(self) -> PublicKey:
        """Its public key."""
        return public_key(self._signer.public_key)

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""
        return bytes.fromhex(self._signer.sign(message).signature)

    def pem(self) -> bytes:
        """The private key as it is written to a file."""
        return self._signer.private_bytes

    def __repr__(self) -> str:
        return f"LocalSigner({self.key_id[:12]})"


def new_signer() -> LocalSigner:
    """A new Ed25519 key."""
    from securesystemslib.signer import CryptoSigner

    return LocalSigner(CryptoSigner.generate_ed25519())


def read_signer(pem: bytes, what: str) -> LocalSigner:
    """Reads a private key; `what` names the file in errors.

    Raises:
        ConfigError: not an unencrypted private key in PEM.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        return LocalSigner(CryptoSigner(load_pem_private_key(pem, password=None)))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{what} is not a private key that can sign; put back the file that `kubestandby keys init` made"
        ) from error


def public_key(key: "Key") -> PublicKey:
    """A public key of securesystemslib as ours: also those of its signers for key management services."""
    return PublicKey(id=key.keyid, type=key.keytype, scheme=key.scheme, value=key.keyval["public"])


def read_public(pem: bytes, what: str) -> PublicKey:
    """Reads a public key, as a key management service gives it; `what` names it in errors.

    Raises:
        ConfigError: not a public key in PEM, or of a type that nothing here signs with.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{what} is not a public key in PEM; copy it as the key management service shows it"
        ) from error
    on_our_curve = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not isinstance(key, Ed25519PublicKey) and not on_our_curve:
        raise ConfigError(f"{what} is of another type than ECDSA on NIST P-256 or Ed25519; make a key of one of these")
    return public_key(SSlibKey.from_crypto(key))
