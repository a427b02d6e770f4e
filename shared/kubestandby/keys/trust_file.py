"""The trust file's bytes: an envelope that the offline root has signed. And the changes that make its next version."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kubestandby import codec
from kubestandby.errors import FormatError, IntegrityError
from kubestandby.keys import dsse
from kubestandby.keys.ports import Signer
from kubestandby.keys.trust import (
    ANY_SITE,
    TRUST_PAYLOAD_TYPE,
    KeyRole,
    PublicKey,
    Recipient,
    Trust,
    TrustedKey,
    VouchedEpoch,
)
from kubestandby.snapshots import GroupName, SiteName

MAX_TRUST_BYTES = 1 << 20
_NEVER = datetime.max.replace(tzinfo=UTC)


def write_trust(trust: Trust, roots: Sequence[Signer]) -> bytes:
    """The trust file's bytes, signed by the root; by the old and the new one where the root changes."""
    return dsse.sign(codec.encode(trust), TRUST_PAYLOAD_TYPE, roots)


def read_trust(data: bytes, root: PublicKey, what: str) -> Trust:
    """Reads a trust file that this root has signed; `what` names the file in errors.

    Raises:
        FormatError: not a trust file in our form.
        IntegrityError: the root has not signed it.
    """
    if len(data) > MAX_TRUST_BYTES:
        raise FormatError(f"{what} is larger than any trust file")
    as_key = TrustedKey(public=root, role=KeyRole.ROOT, site=ANY_SITE, expires_at=_NEVER)
    opened = dsse.open_envelope(data, TRUST_PAYLOAD_TYPE, [as_key], what)
    trust = codec.decode(opened.payload, Trust, what)
    _check(trust, what)
    return trust


def with_key(trust: Trust, key: TrustedKey, old_until: datetime) -> Trust:
    """The trust file with one more key; older ones of its role and site sign no longer than `old_until`."""
    others = tuple(
        replace(other, expires_at=min(other.expires_at, old_until))
        if (other.role, other.site) == (key.role, key.site)
        else other
        for other in trust.keys
    )
    return replace(trust, keys=(*others, key))


def with_recipient(trust: Trust, recipient: Recipient, old_until: datetime) -> Trust:
    """The trust file with one more key to seal for; older ones of its site are used no longer than `old_until`."""
    others = tuple(
        replace(other, sealed_for_until=min(other.sealed_for_until, old_until))
        if other.site == recipient.site
        else other
        for other in trust.recipients
    )
    return replace(trust, recipients=(*others, recipient))


def without_keys(trust: Trust, role: KeyRole, site: SiteName) -> Trust:
    """The trust file without any key of the role and site: nothing that they have signed counts any more."""
    return replace(trust, keys=tuple(key for key in trust.keys if (key.role, key.site) != (role, site)))


def without_recipients(trust: Trust, site: SiteName) -> Trust:
    """The trust file without the keys that were sealed for at the site; what was sealed before still opens."""
    return replace(trust, recipients=tuple(one for one in trust.recipients if one.site != site))


def with_epochs(trust: Trust, epochs: Sequence[VouchedEpoch]) -> Trust:
    """The trust file that vouches for these changes of roles too; of each group for the highest only."""
    highest: dict[GroupName, VouchedEpoch] = {}
    for epoch in sorted((*trust.epochs, *epochs), key=lambda epoch: epoch.number):
        highest[epoch.group] = epoch
    return replace(trust, epochs=tuple(highest[group] for group in sorted(highest)))


def next_version(trust: Trust, now: datetime, lifetime: timedelta) -> Trust:
    """The same trust as its next version, valid for `lifetime` from now on."""
    return replace(trust, version=trust.version + 1, issued_at=now, expires_at=now + lifetime)


def _check(trust: Trust, what: str) -> None:
    ids = [key.id for key in trust.keys]
    if len(set(ids)) < len(ids):
        raise IntegrityError(f"{what} names one key in two roles, or twice; make a new trust file")
    if trust.version < 1:
        raise FormatError(f"{what} has no version of ours: {trust.version}")
    for key in trust.keys:
        dsse.library_key(key.public)
