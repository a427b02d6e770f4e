"""Data keys wrapped with age (age-encryption.org/v1, X25519). The one door to pyrage.

`age` does not say who encrypted: what is wrapped here counts only as part of a signed index.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyrage

from kubestandby.errors import ConfigError, UnsealError

SCHEME = "age"
MAX_WRAPPED_BYTES = 64 * 1024
"""Each recipient takes about 100 bytes."""


@dataclass(frozen=True, slots=True)
class AgeIdentity:
    """A private age key. Implements `ports.KeyUnwrapper`; its `repr` shows nothing of it."""

    secret: str = field(repr=False)
    scheme: str = SCHEME

    @property
    def recipient(self) -> str:
        """Its public key: `age1...`."""
        return str(_identity(self.secret).to_public())

    def unwrap(self, wrapped: bytes, what: str) -> bytes:
        """What was wrapped for this key."""
        if len(wrapped) > MAX_WRAPPED_BYTES:
            raise UnsealError(f"{what} cannot be unsealed: its wrapped data key is larger than any of ours")
        try:
            return pyrage.decrypt(wrapped, [_identity(self.secret)])
        except pyrage.DecryptError as error:
            raise UnsealError(
                f"{what} cannot be unsealed with {self.recipient}: it was sealed for other keys, or is damaged;"
                " `kubestandby keys check` tells which keys are here"
            ) from error


@dataclass(frozen=True, slots=True)
class AgeRecipients:
    """Everybody who may read a snapshot. Implements `ports.KeyWrapper`."""

    public: tuple[str, ...]
    scheme: str = SCHEME

    def wrap(self, secret: bytes) -> bytes:
        """The secret, so that each of the recipients alone can read it."""
        if not self.public:
            raise ConfigError("there is nobody to seal the snapshot for; run `kubestandby keys check`")
        return pyrage.encrypt(secret, _recipients(self.public))


def new_identity() -> AgeIdentity:
    """A new age key."""
    return AgeIdentity(str(pyrage.x25519.Identity.generate()))


def read_identities(text: str, what: str) -> tuple[AgeIdentity, ...]:
    """Reads a key file as `age-keygen` writes it: comments, and lines `AGE-SECRET-KEY-1...`, the newest first.

    Raises:
        ConfigError: there is no key in it, or something else.
    """
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        identities = tuple(AgeIdentity(str(_identity(key))) for key in keys)
    except pyrage.IdentityError:
        identities = ()
    if not identities:
        raise ConfigError(f"{what} is not a file of age keys; put back the one that `kubestandby keys init` made")
    return identities


def identity_file(identities: Sequence[AgeIdentity]) -> str:
    """The key file's text, as `age-keygen` writes it."""
    return "".join(f"# public key: {one.recipient}\n{one.secret}\n" for one in identities)


def _identity(secret: str) -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.from_str(secret)


def _recipients(public: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    try:
        return [pyrage.x25519.Recipient.from_str(one) for one in public]
    except pyrage.RecipientError as error:
        raise ConfigError(
            "the trust file has a recipient that is not an age public key; make a new trust file"
        ) from error
