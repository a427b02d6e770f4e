"""Opens the keys of a site, wherever they are: in a folder of this machine, or in a vault of the site's own region."""

import time
from pathlib import Path

from kubestandby.adapters.key_folder import TRUST, KeyFolder
from kubestandby.groups import Site, VaultKeys
from kubestandby.keys.keyring import Keyring
from kubestandby.ports import Clock

READ_AGAIN_SECONDS = 600.0
"""How long what was read from a vault is used: after a rotation, old and new keys are good for much longer."""


def open_keyring(site: Site, clock: Clock) -> Keyring:
    """The keys that the site's functions have, and the trust file, verified.

    Raises:
        ConfigError: there are no keys here.
        SnapshotError: the trust file was changed, or is not ours.
        VaultError: the vault cannot be read.
    """
    if site.vault is None:
        return KeyFolder(site.keys).keyring(clock)
    # Late, as the SDK behind it: who keeps keys in files loads nothing of it.
    from kubestandby.adapters.oci import vault_keys

    return vault_keys.open_keyring(site, site.vault, clock)


def state_of(site: Site) -> tuple[Path | VaultKeys, float]:
    """Which keys these are, and something that changes when they should be opened again."""
    if site.vault is not None:
        return site.vault, time.monotonic() // READ_AGAIN_SECONDS
    try:
        return site.keys, (site.keys / TRUST).stat().st_mtime
    except OSError:
        return site.keys, 0.0
