"""What signing and sealing ask of wherever the keys are: files by default, a key management service in their place."""

from collections.abc import Sequence
from typing import Protocol

from kubestandby.keys.trust import KeyRole
from kubestandby.snapshots import SiteName


class Signer(Protocol):
    """One private key that signs."""

    @property
    def key_id(self) -> str:
        """The id of its public key in `trust.json`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over the message.

        Raises:
            ConfigError: the key cannot be used.
        """
        ...


class KeyWrapper(Protocol):
    """Encrypts a data key for everyone who may read a snapshot. Needs public keys only."""

    @property
    def scheme(self) -> str:
        """How it is wrapped, as the index records it: "age"."""
        ...

    def wrap(self, secret: bytes) -> bytes:
        """The wrapped form.

        Raises:
            ConfigError: there is nobody to wrap it for.
        """
        ...


class KeyUnwrapper(Protocol):
    """Decrypts data keys that were wrapped for this site (or for whoever breaks the glass)."""

    @property
    def scheme(self) -> str:
        """The one that it understands."""
        ...

    def unwrap(self, wrapped: bytes, what: str) -> bytes:
        """The data key's bytes; `what` names the snapshot in errors.

        Raises:
            UnsealError: it was wrapped for others, or is damaged.
        """
        ...


class KeySource(Protocol):
    """The private keys of one machine: files in a folder, or references to a key management service.

    Every method raises `ConfigError` where this machine does not have the key.
    """

    def signer(self, role: KeyRole, site: SiteName) -> Signer:
        """The key that signs in the role for the site; `trust.ANY_SITE` for an operator's."""
        ...

    def unwrappers(self, site: SiteName) -> Sequence[KeyUnwrapper]:
        """The keys that unseal at the site, the newest first."""
        ...

    def fingerprint_key(self, site: SiteName) -> bytes:
        """The key by which the site's exports tell whether a Secret has changed."""
        ...
