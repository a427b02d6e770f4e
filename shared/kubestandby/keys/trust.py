"""The trust file as data: which key may sign what until when, and who may read sealed values. Pure.

It is signed by a root that is kept offline, and is part of a site's configuration: never fetched from the bucket that
it judges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from kubestandby.errors import ConfigError
from kubestandby.snapshots import GroupName, SiteName

_NEVER = datetime.max.replace(tzinfo=UTC)
TRUST_PAYLOAD_TYPE = "application/vnd.kubestandby.trust.v1+json"

ANY_SITE = SiteName("")
"""The site of keys that belong to none: those of operators and for breaking the glass."""


class KeyRole(StrEnum):
    """What a key may sign."""

    EXPORT = "export"
    """Raw snapshots and heartbeats of its site; outcomes of its exports; requests of timers, webhooks and ticks."""
    SANITIZE = "sanitize"
    """Sanitized snapshots of what its site has exported, and what came of requests to sanitize."""
    RESTORE = "restore"
    """Changes of roles that its site carries out, marks, reports, and outcomes of restores."""
    OPERATOR = "operator"
    """Requests: all that changes roles or a standby begins with one."""
    ROOT = "root"
    """The trust file itself; kept offline."""


SITE_ROLES = (KeyRole.EXPORT, KeyRole.SANITIZE, KeyRole.RESTORE)
"""Roles of which every site has keys of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key in securesystemslib's words: `ed25519`/`ed25519` with 32 bytes in hex, or PEM for other types."""

    id: str
    type: str
    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key that may sign in a role for a site, what it says to have made before `expires_at`.

    What was signed before stays valid after that: it has to outlive the rotation of keys. Somebody who gets hold of an
    expired key can only make what looks as old, and the freshness deadline stops that. A key that must not count any
    more for anything is taken out of the trust file.
    """

    public: PublicKey
    role: KeyRole
    site: SiteName
    expires_at: datetime

    @property
    def id(self) -> str:
        """Of the public key."""
        return self.public.id

    @property
    def name(self) -> str:
        """For people: `the export key of east`."""
        return f"the {self.role} key of {self.site}" if self.site else f"the {self.role} key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A public key that snapshots are sealed for: a site's, or the break-glass one (`ANY_SITE`).

    Attributes:
        sealed_for_until: no new snapshot is sealed for it after this moment.
    """

    scheme: str
    public: str
    site: SiteName
    sealed_for_until: datetime

    @property
    def name(self) -> str:
        """For people: `east` or `break-glass`."""
        return self.site or "break-glass"


@dataclass(frozen=True, slots=True, kw_only=True)
class VouchedEpoch:
    """A change of roles that the root vouches for, whoever has signed its record, and whether or not that is there.

    So that a key can be revoked without taking back the changes that it has signed, and nobody can go back behind them.

    Attributes:
        sha256: of the record as it was stored.
    """

    group: GroupName
    number: int
    primary: SiteName
    since: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The trust file's content.

    Attributes:
        version: 1 for the first, one more with every change.
        root: the key that signed it.
        expires_at: after this moment a new trust file is due; nothing but a failover goes on without one.
        epochs: the newest change of roles of each group at the time when a key that signs such was revoked.
    """

    version: int
    issued_at: datetime
    expires_at: datetime
    root: PublicKey
    keys: tuple[TrustedKey, ...]
    recipients: tuple[Recipient, ...]
    epochs: tuple[VouchedEpoch, ...] = ()

    def epoch_of(self, group: GroupName) -> VouchedEpoch | None:
        """The change of roles of the group that the root vouches for, if it does for any."""
        return next((epoch for epoch in self.epochs if epoch.group == group), None)

    def keys_of(self, role: KeyRole) -> tuple[TrustedKey, ...]:
        """Every key of the role, of whatever site."""
        return tuple(key for key in self.keys if key.role is role)

    def signing_keys(self, role: KeyRole, site: SiteName, now: datetime) -> tuple[TrustedKey, ...]:
        """The keys that may sign in the role for the site now, the one that expires last first."""
        valid = (key for key in self.keys_of(role) if key.site == site and now < key.expires_at)
        return tuple(sorted(valid, key=lambda key: key.expires_at, reverse=True))

    def record_keys(self, role: KeyRole, site: SiteName, now: datetime) -> tuple[TrustedKey, ...]:
        """The keys that may sign records in the role for the site now: the newest one even when it has expired."""
        keys = (key for key in self.keys_of(role) if key.site == site and now < self.records_until(key))
        return tuple(sorted(keys, key=lambda key: key.expires_at, reverse=True))

    def records_until(self, key: TrustedKey) -> datetime:
        """Until when records count that the key says to have signed.

        The last key of a role and site never lapses: on the day of a disaster nobody may be there to make another one.
        One that a newer key has replaced does.
        """
        newest = max(other.expires_at for other in self.keys if (other.role, other.site) == (key.role, key.site))
        return _NEVER if key.expires_at == newest else key.expires_at

    def recipients_for(self, sites: tuple[SiteName, ...], now: datetime) -> tuple[Recipient, ...]:
        """Whom a snapshot is sealed for that passes between these sites: each of them, and the break-glass key.

        Raises:
            ConfigError: one of them has no key; it could not read the snapshot.
        """
        chosen: list[Recipient] = []
        for site in (*sites, ANY_SITE):
            found = [one for one in self.recipients if one.site == site and now < one.sealed_for_until]
            if not found:
                raise ConfigError(
                    f"the trust file (version {self.version}) has no key to seal for {site or 'break-glass'};"
                    " run `kubestandby keys rotate unseal`"
                )
            chosen += found
        return tuple(chosen)

    def expiries(self) -> Iterator[tuple[str, datetime]]:
        """What runs out, and when: the file itself and, of the keys for one purpose, the one that is good longest."""
        until = {"the trust file": self.expires_at}
        each = [(key.name, key.expires_at) for key in self.keys]
        each += [(f"sealing for {one.name}", one.sealed_for_until) for one in self.recipients]
        for name, moment in each:
            until[name] = max(moment, until.get(name, moment))
        yield from until.items()


def check_unexpired(trust: Trust, now: datetime) -> None:
    """Makes sure that the trust file still holds.

    Raises:
        ConfigError: it has expired.
    """
    if now >= trust.expires_at:
        raise ConfigError(
            f"the trust file (version {trust.version}) has expired on {trust.expires_at:%Y-%m-%d};"
            " renew it with `kubestandby keys rotate trust`, which needs the offline root key"
        )
