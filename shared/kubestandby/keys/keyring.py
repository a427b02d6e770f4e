"""What a process does with keys: signs in a role, checks who signed, seals and unseals. Knows not where keys are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kubestandby.errors import ConfigError, IntegrityError, UnsealError
from kubestandby.keys import dsse
from kubestandby.keys.age import AgeRecipients
from kubestandby.keys.ports import KeySource, Signer
from kubestandby.keys.sealing import Origin, SnapshotSealer, SnapshotUnsealer, open_snapshot
from kubestandby.keys.trust import ANY_SITE, KeyRole, Trust, TrustedKey, check_unexpired
from kubestandby.ports import Clock
from kubestandby.snapshots import SiteName, SnapshotIndex


@dataclass(frozen=True, slots=True)
class Attested:
    """A payload whose signature was verified. What it says of itself must fit the key: `check_said_by`."""

    payload: bytes
    key: TrustedKey
    what: str

    def check_said_before(self, until: datetime, made_at: datetime) -> None:
        """Makes sure that the payload says to have been made before this moment, at which the key had lapsed.

        Raises:
            IntegrityError: it does not.
        """
        if made_at >= until:
            raise IntegrityError(
                f"{self.what} was made after {self.key.name} expired ({until:%Y-%m-%d});"
                f" `kubestandby keys rotate {self.key.role}` makes a new one"
            )

    def check_said_by(self, site: SiteName, made_at: datetime) -> None:
        """Makes sure that the key may speak for this site, and did so while it was valid.

        Raises:
            IntegrityError: it is another site's, or had expired when the payload says to have been made.
        """
        if self.key.site not in (ANY_SITE, site):
            raise IntegrityError(f"{self.what} speaks for {site} and is signed by {self.key.name}")
        self.check_said_before(self.key.expires_at, made_at)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A trust file that was verified, and the private keys of this machine."""

    trust: Trust
    source: KeySource
    clock: Clock

    def sign(self, payload: bytes, payload_type: str, role: KeyRole, site: SiteName = ANY_SITE) -> bytes:
        """The payload in an envelope, signed in the role.

        Raises:
            ConfigError: the key of the role is not on this machine, or is not (or no more) trusted.
        """
        now = self.clock.now()
        check_unexpired(self.trust, now)
        return dsse.sign(payload, payload_type, [self._signer(role, site, self.trust.signing_keys(role, site, now))])

    def sign_record(self, payload: bytes, payload_type: str, role: KeyRole, site: SiteName = ANY_SITE) -> bytes:
        """As `sign`, also when the trust file or the key has expired: a failover and what came of it are such records.

        Raises:
            ConfigError: the key of the role is not on this machine, or is not (or no more) trusted.
        """
        keys = self.trust.record_keys(role, site, self.clock.now())
        return dsse.sign(payload, payload_type, [self._signer(role, site, keys)])

    def holds(self, role: KeyRole, site: SiteName = ANY_SITE) -> bool:
        """Whether the key of the role is on this machine and trusted to sign records."""
        try:
            self._signer(role, site, self.trust.record_keys(role, site, self.clock.now()))
        except ConfigError:
            return False
        return True

    def verify(self, data: bytes, payload_type: str, role: KeyRole | Iterable[KeyRole], what: str) -> Attested:
        """Takes the payload out of an envelope that a key of the role, or of one of the roles, has signed.

        Raises:
            FormatError: not an envelope of this payload type.
            IntegrityError: not signed by such a key.
        """
        roles = [role] if isinstance(role, KeyRole) else role
        keys = [key for one in roles for key in self.trust.keys_of(one)]
        opened = dsse.open_envelope(data, payload_type, keys, what)
        return Attested(opened.payload, opened.signers[0], what)

    def sealer(self, origin: Origin, site: SiteName, sites: tuple[SiteName, ...]) -> SnapshotSealer:
        """Seals one snapshot that the site takes, for these sites and the break-glass key.

        Raises:
            ConfigError: a key is missing, or the trust file has expired.
        """
        now = self.clock.now()
        check_unexpired(self.trust, now)
        recipients = self.trust.recipients_for(sites, now)
        wrapper = AgeRecipients(tuple(one.public for one in recipients))
        names = tuple(dict.fromkeys(one.name for one in recipients))
        return SnapshotSealer(origin, wrapper, names, self.source.fingerprint_key(site))

    def unsealer(self, index: SnapshotIndex, site: SiteName) -> SnapshotUnsealer:
        """Opens one snapshot with the site's keys; the canary is checked.

        Raises:
            ConfigError: this machine has no key that unseals for the site.
            UnsealError: the snapshot does not open with it, or was never sealed.
        """
        if index.sealing is None:
            raise UnsealError(
                f"snapshot {index.id} of group {index.group} is not sealed; only sealed ones are restored"
            )
        origin = Origin(index.group, index.source_cluster)
        unwrappers = self.source.unwrappers(site)
        return open_snapshot(index.sealing, origin, index.id, unwrappers, index.source_of)

    def _signer(self, role: KeyRole, site: SiteName, trusted: Iterable[TrustedKey]) -> Signer:
        signer = self.source.signer(role, site)
        if any(key.id == signer.key_id for key in trusted):
            return signer
        where = f" of {site}" if site else ""
        raise ConfigError(
            f"the {role} key{where} on this machine is not in the trust file (version {self.trust.version}), or has"
            f" expired; bring over the newest keys, or make some with `kubestandby keys rotate {role}`"
        )
