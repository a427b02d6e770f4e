"""The folder of keys, `keys/` beside the configuration: where each one is, and that only its owner can read it.

trust.json          who is trusted with what; goes to every site
root.pub            the public key that trust.json must be signed by; goes to every site
sites/SITE/         the private keys of one site; go to that site alone
operators/          the key that signs requests to fail over and to restore
offline/            the root's private key and the break-glass key; belong in a safe
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubestandby import codec
from kubestandby.adapters.abandoned import sweep
from kubestandby.errors import ConfigError, next_step
from kubestandby.keys import age
from kubestandby.keys.age import AgeIdentity
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.making import FINGERPRINT_BYTES, KeyBundle
from kubestandby.keys.signers import LocalSigner, read_signer
from kubestandby.keys.trust import ANY_SITE, KeyRole, PublicKey, Trust
from kubestandby.keys.trust_file import MAX_TRUST_BYTES, read_trust, write_trust
from kubestandby.ports import Clock
from kubestandby.snapshots import SiteName

TRUST = "trust.json"
ROOT_PUBLIC = "root.pub"
ROOT_PRIVATE = "offline/root.key"
BREAK_GLASS = "offline/break-glass.age"
MAX_KEY_BYTES = 64 * 1024
_ASIDE = ".kubestandby-keys-"
_LONGEST_MAKING_SECONDS = 3600.0
"""Keys that are half made and older than that were left by a process that was killed."""

_MAKE = "`kubestandby keys init` makes all keys, or bring over what it has made"
_REPLACE = "bring it over from where it was made, or replace it with `kubestandby keys rotate`"
"""Of one private key: where there are others, `keys init` leaves all as they are."""
_FETCH = "it is in the safe: name where it is with --root-key FILE"
_PUT_BACK = "put back the file that `kubestandby keys init` or `keys rotate` made"
_NOT_OURS = 0o027
"""Rights that nobody else may have on a private key: others none, the group none but to read (mounted Secrets)."""


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """One folder of keys. Implements `keys.ports.KeySource`.

    Attributes:
        root_key: the root's private key, where it was brought to a safer place, as it should be.
    """

    path: Path
    root_key: Path | None = None

    def exists(self) -> bool:
        """Whether there is a trust file in it."""
        return (self.path / TRUST).is_file()

    def keyring(self, clock: Clock) -> Keyring:
        """The trust file, verified, and the keys that are here.

        Raises:
            ConfigError: there are no keys here.
            SnapshotError: the trust file was changed, or is not ours.
        """
        return Keyring(self.trust(), self, clock)

    def trust(self) -> Trust:
        """The trust file's content, once it is known to be signed by the root.

        Raises:
            ConfigError: there are no keys here.
            FormatError: the trust file is not one of ours.
            IntegrityError: the root has not signed it.
        """
        data = _read(self.path / TRUST, MAX_TRUST_BYTES)
        with next_step(_PUT_BACK):
            return read_trust(data, self.root_public(), f"trust file {self.path / TRUST}")

    def root_public(self) -> PublicKey:
        """The root's public key."""
        path = self.path / ROOT_PUBLIC
        with next_step(_PUT_BACK):
            return codec.decode(_read(path, MAX_KEY_BYTES), PublicKey, f"root key {path}")

    def signer_path(self, role: KeyRole, site: SiteName) -> Path:
        """Where a private key that signs is."""
        if role is KeyRole.ROOT:
            return self.root_key or self.path / ROOT_PRIVATE
        return self.path / "sites" / site / f"{role}.key" if site else self.path / "operators" / f"{role}.key"

    def identity_path(self, site: SiteName) -> Path:
        """Where the keys that unseal at a site are."""
        return self.path / "sites" / site / "unseal.age" if site else self.path / BREAK_GLASS

    def fingerprint_path(self, site: SiteName) -> Path:
        """Where a site's key for keyed digests is."""
        return self.path / "sites" / site / "fingerprint.key"

    def files_for(self, site: SiteName, roles: Sequence[KeyRole]) -> Mapping[str, bytes]:
        """What the site's functions need of this folder, by the files' names; of keys that sign, those of the roles.

        Raises:
            ConfigError: one of them is not here, or can be read by others.
        """
        private = [self.identity_path(site), self.fingerprint_path(site)]
        private += [self.signer_path(role, site) for role in roles]
        public = [(self.path / TRUST, MAX_TRUST_BYTES), (self.path / ROOT_PUBLIC, MAX_KEY_BYTES)]
        found = {path.name: _read(path, max_bytes) for path, max_bytes in public}
        return found | {path.name: _read_private(path) for path in private}

    def signer(self, role: KeyRole, site: SiteName) -> LocalSigner:
        """The key that signs in the role for the site."""
        path = self.signer_path(role, site)
        if_missing = _FETCH if role is KeyRole.ROOT else _REPLACE
        return read_signer(_read_private(path, if_missing), f"key file {path}")

    def unwrappers(self, site: SiteName) -> Sequence[AgeIdentity]:
        """The keys that unseal at the site, the newest first."""
        return unwrappers_in(self.identity_path(site))

    def fingerprint_key(self, site: SiteName) -> bytes:
        """The key by which the site's exports tell whether a Secret has changed."""
        path = self.fingerprint_path(site)
        return read_fingerprint_key(_read_private(path), f"key file {path}")


def read_fingerprint_key(data: bytes, what: str) -> bytes:
    """Reads a key for keyed digests; `what` names where it is in errors.

    Raises:
        ConfigError: it is none.
    """
    try:
        key = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != FINGERPRINT_BYTES:
        raise ConfigError(f"{what} is not a fingerprint key; `kubestandby keys rotate fingerprint` makes one")
    return key


def create_folder(path: Path, bundle: KeyBundle) -> None:
    """Writes all keys: the whole folder or nothing.

    Raises:
        ConfigError: there is something already, or it cannot be written.
    """
    with _explained(path):
        if path.exists() and any(path.iterdir()):
            raise ConfigError(
                f"{path} is there already and is left as it is: `kubestandby keys check` looks at it,"
                " `kubestandby keys rotate` replaces keys"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent, _ASIDE, older_than_seconds=_LONGEST_MAKING_SECONDS)
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=path.parent))
        try:
            for name, data in _files_of(bundle, aside).items():
                write_private(name, data)
            aside.rename(path)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all; folders that it needs are made."""
    with _explained(path):
        for folder in reversed(path.parents):
            if not folder.exists():
                folder.mkdir(mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def loose_files(path: Path) -> Iterator[tuple[Path, int]]:
    """Private keys that others may read or change, with their modes."""
    for file in sorted(path.rglob("*")):
        public = file.name in (TRUST, ROOT_PUBLIC) and file.parent == path
        if file.is_file() and not public and file.stat().st_mode & _NOT_OURS:
            yield file, file.stat().st_mode & 0o777


def _files_of(bundle: KeyBundle, path: Path) -> Mapping[Path, bytes]:
    folder = KeyFolder(path)
    files = {
        path / ROOT_PUBLIC: codec.encode(bundle.root.public),
        path / TRUST: write_trust(bundle.trust, [bundle.root]),
        folder.signer_path(KeyRole.ROOT, ANY_SITE): bundle.root.pem(),
    }
    files |= {folder.signer_path(*place): signer.pem() for place, signer in bundle.signers.items()}
    files |= {
        folder.identity_path(site): age.identity_file([identity]).encode()
        for site, identity in bundle.identities.items()
    }
    files |= {folder.fingerprint_path(site): f"{key.hex()}\n".encode() for site, key in bundle.fingerprint_keys.items()}
    return files


def unwrappers_in(path: Path) -> Sequence[AgeIdentity]:
    """The keys in one file: a site's, or the break-glass one.

    Raises:
        ConfigError: there are none, or others can read them.
    """
    try:
        text = _read_private(path).decode("ascii")
    except UnicodeDecodeError:
        text = ""
    return age.read_identities(text, f"key file {path}")


def _read_private(path: Path, if_missing: str = _REPLACE) -> bytes:
    with _explained(path):
        if path.exists() and path.stat().st_mode & _NOT_OURS:
            raise ConfigError(f"key file {path} can be read or changed by others; run `chmod 600 {path}`")
    return _read(path, MAX_KEY_BYTES, if_missing)


def _read(path: Path, max_bytes: int, if_missing: str = _MAKE) -> bytes:
    with _explained(path):
        try:
            with path.open("rb") as stream:
                data = stream.read(max_bytes + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise ConfigError(f"there is no key {path}; {if_missing}") from None
    if len(data) > max_bytes:
        raise ConfigError(f"key file {path} is larger than any key; {_PUT_BACK}")
    return data


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise ConfigError(f"{path} cannot be read or written: {cause}; check its owner and its folder") from error
