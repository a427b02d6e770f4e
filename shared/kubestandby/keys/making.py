"""Makes all keys of a set of sites at once, in memory."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kubestandby.errors import ConfigError
from kubestandby.keys import age
from kubestandby.keys.age import AgeIdentity
from kubestandby.keys.signers import LocalSigner, new_signer
from kubestandby.keys.trust import ANY_SITE, SITE_ROLES, KeyRole, Recipient, Trust, TrustedKey
from kubestandby.snapshots import SiteName

LIFETIME = timedelta(days=365)
"""Of keys and of a trust file, unless somebody asks for another."""

FINGERPRINT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBundle:
    """Every private key there is, and the trust file's content. Implements `ports.KeySource`."""

    root: LocalSigner
    trust: Trust
    signers: dict[tuple[KeyRole, SiteName], LocalSigner] = field(repr=False)
    identities: dict[SiteName, AgeIdentity] = field(repr=False)
    fingerprint_keys: dict[SiteName, bytes] = field(repr=False)

    def signer(self, role: KeyRole, site: SiteName) -> LocalSigner:
        """The key that signs in the role for the site."""
        if (role, site) not in self.signers:
            raise ConfigError(f"there is no {role} key of {site or 'operators'}; run `kubestandby keys init`")
        return self.signers[role, site]

    def unwrappers(self, site: SiteName) -> Sequence[AgeIdentity]:
        """The key that unseals at the site."""
        if site not in self.identities:
            raise ConfigError(f"there is no key that unseals at {site}; run `kubestandby keys init`")
        return (self.identities[site],)

    def fingerprint_key(self, site: SiteName) -> bytes:
        """The key by which the site's exports tell whether a Secret has changed."""
        if site not in self.fingerprint_keys:
            raise ConfigError(f"there is no fingerprint key of {site}; run `kubestandby keys init`")
        return self.fingerprint_keys[site]


def make_keys(sites: Sequence[SiteName], now: datetime, lifetime: timedelta = LIFETIME) -> KeyBundle:
    """New keys: for each site one per role, one that unseals and one for fingerprints; and those of no site."""
    until = now + lifetime
    root = new_signer()
    places = [*((role, site) for site in sites for role in SITE_ROLES), (KeyRole.OPERATOR, ANY_SITE)]
    signers = {place: new_signer() for place in places}
    identities = {site: age.new_identity() for site in (*sites, ANY_SITE)}
    trust = Trust(
        version=1,
        issued_at=now,
        expires_at=until,
        root=root.public,
        keys=tuple(
            TrustedKey(public=signer.public, role=role, site=site, expires_at=until)
            for (role, site), signer in signers.items()
        ),
        recipients=tuple(recipient_of(identity, site, until) for site, identity in identities.items()),
    )
    return KeyBundle(
        root=root,
        trust=trust,
        signers=signers,
        identities=identities,
        fingerprint_keys={site: new_fingerprint_key() for site in sites},
    )


def recipient_of(identity: AgeIdentity, site: SiteName, until: datetime) -> Recipient:
    """The public side of an identity, as the trust file has it."""
    return Recipient(scheme=age.SCHEME, public=identity.recipient, site=site, sealed_for_until=until)


def new_fingerprint_key() -> bytes:
    """A new key for keyed digests."""
    return secrets.token_bytes(FINGERPRINT_BYTES)
