"""Replaces keys in a folder, one role at a time, and signs the next version of the trust file.

Every step can be cut off: what signs is trusted, and what is sealed for can be opened, before and after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from kubestandby import codec
from kubestandby.adapters.key_folder import ROOT_PUBLIC, TRUST, KeyFolder, write_private
from kubestandby.errors import ConfigError
from kubestandby.keys import age, trust_file
from kubestandby.keys.making import LIFETIME, new_fingerprint_key, recipient_of
from kubestandby.keys.ports import Signer
from kubestandby.keys.signers import LocalSigner, new_signer
from kubestandby.keys.trust import ANY_SITE, KeyRole, Trust, TrustedKey, VouchedEpoch
from kubestandby.snapshots import SiteName

OVERLAP = timedelta(days=30)
"""How long an old key goes on being good beside the new one: long enough to bring the new one to every site."""


class Rotated(StrEnum):
    """What can be replaced."""

    EXPORT = "export"
    SANITIZE = "sanitize"
    RESTORE = "restore"
    OPERATOR = "operator"
    UNSEAL = "unseal"
    BREAK_GLASS = "break-glass"
    FINGERPRINT = "fingerprint"
    ROOT = "root"
    TRUST = "trust"
    """No key: the trust file alone, with a new date."""


_OF_NO_SITE = (Rotated.OPERATOR, Rotated.BREAK_GLASS, Rotated.ROOT, Rotated.TRUST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What to replace, and how.

    Attributes:
        sites: where; of no meaning for keys that belong to no site.
        overlap: how long the old key goes on being good.
        revoke: the old key is out at once, and nothing that it has signed counts any more.
        epochs: changes of roles that go on counting all the same.
    """

    what: Rotated
    sites: tuple[SiteName, ...]
    now: datetime
    overlap: timedelta = OVERLAP
    lifetime: timedelta = LIFETIME
    revoke: bool = False
    epochs: tuple[VouchedEpoch, ...] = ()

    @property
    def places(self) -> tuple[SiteName, ...]:
        """The sites, or the one place of what belongs to none."""
        return (ANY_SITE,) if self.what in _OF_NO_SITE else self.sites

    @property
    def old_until(self) -> datetime:
        """When the old key stops being good."""
        return self.now if self.revoke else self.now + self.overlap

    @property
    def new_until(self) -> datetime:
        """When the new key expires."""
        return self.now + self.lifetime


def rotate(folder: KeyFolder, rotation: Rotation) -> Trust:
    """Makes new keys and writes them; returns the trust file's content afterwards.

    Raises:
        ConfigError: there are no keys, the root's key is not here, or the folder cannot be written.
        SnapshotError: the trust file was changed.
    """
    trust = folder.trust()
    if rotation.what is Rotated.FINGERPRINT:
        for site in rotation.places:
            write_private(folder.fingerprint_path(site), f"{new_fingerprint_key().hex()}\n".encode())
        return trust
    root = root_signer(folder)
    trust = trust_file.next_version(trust, rotation.now, rotation.lifetime)
    trust = trust_file.with_epochs(trust, rotation.epochs)
    if rotation.what is Rotated.ROOT:
        return _rotate_root(folder, rotation, trust, root)
    if rotation.what in (Rotated.UNSEAL, Rotated.BREAK_GLASS):
        return _rotate_identities(folder, rotation, trust, root)
    if rotation.what is Rotated.TRUST:
        return save_trust(folder, trust, [root])
    return _rotate_signers(folder, rotation, trust, root)


def root_signer(folder: KeyFolder) -> LocalSigner:
    """The root's private key, which must be the one that the folder trusts.

    Raises:
        ConfigError: it is not here, or is another one.
    """
    path, trusted = folder.signer_path(KeyRole.ROOT, ANY_SITE), folder.root_public().id
    root = folder.signer(KeyRole.ROOT, ANY_SITE)
    waiting = _aside(path)
    if root.key_id != trusted and waiting.exists():
        # A rotation of the root was cut off just before its last step.
        waiting.replace(path)
        root = folder.signer(KeyRole.ROOT, ANY_SITE)
    if root.key_id != trusted:
        raise ConfigError(f"{path} is not the root key of {folder.path}; give the right one with --root-key")
    return root


def _rotate_signers(folder: KeyFolder, rotation: Rotation, trust: Trust, root: Signer) -> Trust:
    role = KeyRole(rotation.what)
    made: dict[Path, LocalSigner] = {}
    for site in rotation.places:
        if rotation.revoke:
            trust = trust_file.without_keys(trust, role, site)
        signer = made[folder.signer_path(role, site)] = new_signer()
        key = TrustedKey(public=signer.public, role=role, site=site, expires_at=rotation.new_until)
        trust = trust_file.with_key(trust, key, rotation.old_until)
    for path, signer in made.items():
        write_private(_aside(path), signer.pem())
    # The trust file first: until the new key is in its place the old one signs, which is trusted by both.
    save_trust(folder, trust, [root])
    for path in made:
        _aside(path).replace(path)
    return trust


def _rotate_identities(folder: KeyFolder, rotation: Rotation, trust: Trust, root: Signer) -> Trust:
    """New keys come first in their files; the old ones stay, for they open what was sealed before."""
    for site in rotation.places:
        path = folder.identity_path(site)
        old = _identities(folder, site, trust)
        identity = age.new_identity()
        if rotation.revoke:
            trust = trust_file.without_recipients(trust, site)
        recipient = recipient_of(identity, site, rotation.new_until)
        trust = trust_file.with_recipient(trust, recipient, rotation.old_until)
        write_private(path, age.identity_file([identity, *old]).encode())
    return save_trust(folder, trust, [root])


def _identities(folder: KeyFolder, site: SiteName, trust: Trust) -> Sequence[age.AgeIdentity]:
    """The keys that the site has so far.

    Raises:
        ConfigError: it has some, and they are not here: a file without them would open no snapshot of before.
    """
    path = folder.identity_path(site)
    if path.exists():
        return folder.unwrappers(site)
    if any(one.site == site for one in trust.recipients):
        raise ConfigError(f"{path} is not here, and its keys still open older snapshots; bring it here for this")
    return ()


def _rotate_root(folder: KeyFolder, rotation: Rotation, trust: Trust, root: LocalSigner) -> Trust:
    """Signed by both, so that sites with the old public key go on; with `revoke`, by the new one only."""
    signer = new_signer()
    path = folder.signer_path(KeyRole.ROOT, ANY_SITE)
    write_private(_aside(path), signer.pem())
    trust = replace(trust, root=signer.public)
    save_trust(folder, trust, [signer] if rotation.revoke else [root, signer])
    write_private(folder.path / ROOT_PUBLIC, codec.encode(signer.public))
    _aside(path).replace(path)
    return trust


def save_trust(folder: KeyFolder, trust: Trust, roots: Sequence[Signer]) -> Trust:
    """Signs the trust file and writes it; returns what it holds."""
    write_private(folder.path / TRUST, trust_file.write_trust(trust, roots))
    return trust


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")
