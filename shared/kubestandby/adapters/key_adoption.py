"""Takes a key that somebody else keeps into the trust file: of one in a key management service we see the public half.

Every step can be cut off: older keys of the role sign on until the overlap is over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.adapters.key_rotation import OVERLAP, root_signer, save_trust
from kubestandby.keys import trust_file
from kubestandby.keys.making import LIFETIME
from kubestandby.keys.trust import KeyRole, PublicKey, Trust, TrustedKey
from kubestandby.snapshots import SiteName


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """Which key is to sign in which role, and how long older ones go on being good beside it."""

    public: PublicKey
    role: KeyRole
    site: SiteName
    now: datetime
    overlap: timedelta = OVERLAP
    lifetime: timedelta = LIFETIME


def adopt(folder: KeyFolder, adoption: Adoption) -> Trust:
    """Writes the trust file's next version, which trusts the key; where it does already, nothing is changed.

    Raises:
        ConfigError: the root's key is not here.
        SnapshotError: the trust file was changed.
    """
    trust = folder.trust()
    valid = trust.signing_keys(adoption.role, adoption.site, adoption.now)
    if any(key.id == adoption.public.id for key in valid):
        return trust
    root = root_signer(folder)
    trust = trust_file.next_version(trust, adoption.now, adoption.lifetime)
    expires_at = adoption.now + adoption.lifetime
    key = TrustedKey(public=adoption.public, role=adoption.role, site=adoption.site, expires_at=expires_at)
    return save_trust(folder, trust_file.with_key(trust, key, adoption.now + adoption.overlap), [root])
