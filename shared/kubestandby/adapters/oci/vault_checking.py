"""Looks at the keys in a site's vault: do they fit the trust file here, do they sign, does what is sealed open."""

from collections.abc import Iterator
from functools import partial

from kubestandby.adapters.key_checking import Finding, prove_unsealing, trouble_of
from kubestandby.adapters.oci import vault_keys
from kubestandby.errors import StandbyError
from kubestandby.groups import Site, VaultKeys
from kubestandby.keys.keyring import Keyring
from kubestandby.keys.trust import SITE_ROLES, KeyRole, Trust
from kubestandby.ports import Clock

_CANARY = b"canary"
_CANARY_TYPE = "application/vnd.kubestandby.canary.v1"


def check_vault(site: Site, at: VaultKeys, here: Trust, clock: Clock) -> Iterator[Finding]:
    """Everything that can be known of the vault by who may read all of it; `here` is the operator's trust file."""
    name = f"trust file in the vault of {site.name}"
    try:
        keys = vault_keys.open_keyring(site, at, clock)
    except StandbyError as error:
        yield Finding(name=name, found="cannot be read", problem=str(error))
        return
    yield _trust(name, keys.trust, here, site)
    for role in SITE_ROLES:
        yield _signing(keys, role, site, at)
    fingerprint = trouble_of(lambda: keys.source.fingerprint_key(site.name))
    yield _finding(f"fingerprint key in the vault of {site.name}", "is there", fingerprint)
    public = [one.public for one in keys.trust.recipients if one.site == site.name]
    unsealing = trouble_of(partial(prove_unsealing, keys.source, public, site.name))
    yield _finding(f"unsealing by the vault of {site.name}", "a canary opens", unsealing)


def _trust(name: str, there: Trust, here: Trust, site: Site) -> Finding:
    found = f"version {there.version}"
    if there == here:
        return Finding(name=name, found=found)
    problem = (
        f"the vault of {site.name} has version {there.version} of the trust file, and here is another, version"
        f" {here.version}; bring over the newer one with `kubestandby keys publish --site {site.name}`"
    )
    return Finding(name=name, found=found, problem=problem)


def _signing(keys: Keyring, role: KeyRole, site: Site, at: VaultKeys) -> Finding:
    def sign_and_verify() -> None:
        signed = keys.sign_record(_CANARY, _CANARY_TYPE, role, site.name)
        keys.verify(signed, _CANARY_TYPE, role, "the canary")

    way = "signs by KMS" if at.kms_key(role) else "signs"
    return _finding(f"{role} key in the vault of {site.name}", way, trouble_of(sign_and_verify))


def _finding(name: str, good: str, trouble: str) -> Finding:
    return Finding(name=name, found="not good" if trouble else good, problem=trouble)
