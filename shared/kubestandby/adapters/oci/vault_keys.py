"""A site's keys in a vault of its own region: secrets, named as the files of a site's folder, and keys that sign in it.

PREFIXtrust.json, PREFIXroot.pub      what is trusted; every function reads them
PREFIXexport.key, PREFIXsanitize.key, PREFIXrestore.key      the key of one role each, where it is not a KMS key
PREFIXunseal.age                      restore's, which opens what is sealed
PREFIXfingerprint.key                 export's
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kubestandby import codec
from kubestandby.adapters.key_folder import ROOT_PUBLIC, TRUST, read_fingerprint_key
from kubestandby.adapters.oci.kms_signer import trusted_signer
from kubestandby.adapters.oci.vault_secrets import read_named
from kubestandby.errors import ConfigError, VaultError
from kubestandby.groups import Site, VaultKeys
from kubestandby.keys import age
from kubestandby.keys.age import AgeIdentity
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.ports import Signer
from kubestandby.keys.signers import read_signer
from kubestandby.keys.trust import KeyRole, PublicKey, Trust
from kubestandby.keys.trust_file import read_trust
from kubestandby.ports import Clock
from kubestandby.snapshots import SiteName

UNSEAL = "unseal.age"
FINGERPRINT = "fingerprint.key"


@dataclass(frozen=True, slots=True)
class VaultKeySource:
    """The keys of one site, read when they are needed. Implements `keys.ports.KeySource`."""

    site: SiteName
    at: VaultKeys
    trust: Trust
    _signers: dict[KeyRole, Signer] = field(default_factory=dict, compare=False, repr=False)

    def signer(self, role: KeyRole, site: SiteName) -> Signer:
        """The key that signs in the role for the site; it is kept as long as this is."""
        self._check_ours(f"the {role} key", site)
        if role not in self._signers:
            self._signers[role] = self._opened(role, site)
        return self._signers[role]

    def _opened(self, role: KeyRole, site: SiteName) -> Signer:
        kms = self.at.kms_key(role)
        if kms:
            trusted = (key for key in self.trust.keys_of(role) if key.site == site)
            return trusted_signer(kms, self.at.kms_endpoint, trusted)
        name = f"{role}.key"
        return read_signer(self._secret(name), f"secret {self.at.prefix}{name}")

    def unwrappers(self, site: SiteName) -> Sequence[AgeIdentity]:
        """The keys that unseal at the site, the newest first."""
        self._check_ours("the key that unseals", site)
        text = self._secret(UNSEAL).decode("ascii", "replace")
        return age.read_identities(text, f"secret {self.at.prefix}{UNSEAL}")

    def fingerprint_key(self, site: SiteName) -> bytes:
        """The key by which the site's exports tell whether a Secret has changed."""
        self._check_ours("the fingerprint key", site)
        return read_fingerprint_key(self._secret(FINGERPRINT), f"secret {self.at.prefix}{FINGERPRINT}")

    def _check_ours(self, what: str, site: SiteName) -> None:
        if site != self.site:
            raise ConfigError(
                f"{what} of {site or 'operators'} is not in the vault of {self.site}, which has those of {self.site}"
                " only; do this where it is"
            )

    def _secret(self, name: str) -> bytes:
        return _read(self.at, name, self.site)


def open_keyring(site: Site, at: VaultKeys, clock: Clock) -> Keyring:
    """The trust file in the vault, verified, and the keys that are there.

    Raises:
        ConfigError: there are none for this process.
        SnapshotError: the trust file was changed, or is not ours.
        VaultError: the vault cannot be read now.
    """
    what = f"secret {at.prefix}{{}} of vault {at.vault}"
    root = codec.decode(_read(at, ROOT_PUBLIC, site.name), PublicKey, what.format(ROOT_PUBLIC))
    trust = read_trust(_read(at, TRUST, site.name), root, what.format(TRUST))
    return Keyring(trust, VaultKeySource(site.name, at, trust), clock)


def _read(at: VaultKeys, name: str, site: SiteName) -> bytes:
    """A secret's content; one that this process may not read is one that is not here.

    Raises:
        ConfigError: there is none for us.
        VaultError: it cannot be had now.
    """
    try:
        return read_named(at.vault, f"{at.prefix}{name}")
    except VaultError as error:
        if error.transient:
            raise
        raise ConfigError(f"{error}; `kubestandby keys publish --site {site}` puts the site's keys there") from error
