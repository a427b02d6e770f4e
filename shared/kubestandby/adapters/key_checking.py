"""Looks at a folder of keys: does the chain hold, do private keys fit, does what is sealed open, what runs out when."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubestandby.adapters.key_folder import KeyFolder, loose_files
from kubestandby.errors import StandbyError
from kubestandby.keys.age import AgeRecipients
from kubestandby.keys.ports import KeySource
from kubestandby.keys.sealing import Origin, SnapshotSealer, open_snapshot
from kubestandby.keys.trust import ANY_SITE, SITE_ROLES, KeyRole, Trust
from kubestandby.snapshots import GroupName, SiteName, SnapshotId

SOON = timedelta(days=30)
"""How long before it expires a key is worth a warning."""

_CANARY_SNAPSHOT = SnapshotId(1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `problem` is what must be mended, `warning` what will have to be.

    Attributes:
        is_here: whether what it is about is on this machine; what is not can be neither right nor wrong here.
    """

    name: str
    found: str
    problem: str = ""
    warning: str = ""
    is_here: bool = True


def check_keys(folder: KeyFolder, sites: Sequence[SiteName], now: datetime) -> tuple[Finding, ...]:
    """Everything that can be known of the keys here, for these sites.

    Raises:
        ConfigError: there are no keys at all.
        SnapshotError: the trust file is not signed by the root.
    """
    trust = folder.trust()
    found = [_trust_file(folder, trust, now)]
    for site in sites:
        found += [_signing(folder, trust, role, site, now) for role in SITE_ROLES]
        found += [_fingerprint(folder, site), _unsealing(folder, trust, site, now)]
    found.append(_signing(folder, trust, KeyRole.OPERATOR, ANY_SITE, now))
    found += _offline(folder, trust, now)
    found += _modes(folder)
    return tuple(found)


def _trust_file(folder: KeyFolder, trust: Trust, now: datetime) -> Finding:
    found = f"version {trust.version}, signed by root {trust.root.id[:12]}, until {trust.expires_at:%Y-%m-%d}"
    renew = "renew it with `kubestandby keys rotate trust`"
    problem = f"the trust file in {folder.path} has expired; {renew}" if now >= trust.expires_at else ""
    soon = not problem and now + SOON >= trust.expires_at
    warning = f"the trust file expires on {trust.expires_at:%Y-%m-%d}; {renew}" if soon else ""
    return Finding(name="trust file", found=found, problem=problem, warning=warning)


def _signing(folder: KeyFolder, trust: Trust, role: KeyRole, site: SiteName, now: datetime) -> Finding:
    name = f"{role} key of {site}" if site else f"{role} key"
    renew = f"make a new one with `kubestandby keys rotate {role}`"
    valid = trust.signing_keys(role, site, now)
    if not valid:
        return Finding(name=name, found="none is valid", problem=f"no {name} is valid; {renew}")
    until = valid[0].expires_at
    found = f"{len(valid)} valid, until {until:%Y-%m-%d}"
    warning = f"the {name} expires on {until:%Y-%m-%d}; {renew}" if now + SOON >= until else ""
    if not folder.signer_path(role, site).exists():
        return Finding(name=name, found=f"{found}; the private key is not here", warning=warning, is_here=False)
    trouble = trouble_of(lambda: folder.signer(role, site))
    if not trouble and folder.signer(role, site).key_id not in {key.id for key in valid}:
        trouble = f"the private {name} here is not one that the trust file has; {renew}"
    return Finding(name=name, found=f"{found}; the private key is here", problem=trouble, warning=warning)


def _fingerprint(folder: KeyFolder, site: SiteName) -> Finding:
    name = f"fingerprint key of {site}"
    if not folder.fingerprint_path(site).exists():
        return Finding(name=name, found="not here", is_here=False)
    return Finding(name=name, found="here", problem=trouble_of(lambda: folder.fingerprint_key(site)))


def _unsealing(folder: KeyFolder, trust: Trust, site: SiteName, now: datetime) -> Finding:
    """The canary: a value is sealed as an export does it, and opened with the keys that are here."""
    name = f"unsealing at {site or 'break-glass'}"
    recipients = [one for one in trust.recipients if one.site == site and now < one.sealed_for_until]
    if not recipients:
        renew = f"make one with `kubestandby keys rotate {'unseal' if site else 'break-glass'}`"
        problem = f"no key of {site or 'break-glass'} is valid to seal for; {renew}"
        return Finding(name=name, found="none is valid", problem=problem)
    if not folder.identity_path(site).exists():
        return Finding(name=name, found="the private key is not here", is_here=not site)
    trouble = trouble_of(lambda: prove_unsealing(folder, [one.public for one in recipients], site))
    return Finding(name=name, found="a canary opens" if not trouble else "a canary does not open", problem=trouble)


def prove_unsealing(keys: KeySource, public: Sequence[str], site: SiteName) -> None:
    """Each key that is sealed for has to be there: the canary is sealed for one at a time.

    Raises:
        ConfigError: there is no key that unseals.
        UnsealError: one does not open.
    """
    origin = Origin(GroupName("canary"), "canary")
    for one in public:
        sealing = SnapshotSealer(origin, AgeRecipients((one,)), (site,), b"").close(_CANARY_SNAPSHOT)
        open_snapshot(sealing, origin, _CANARY_SNAPSHOT, keys.unwrappers(site))


def _offline(folder: KeyFolder, trust: Trust, now: datetime) -> Iterator[Finding]:
    """What belongs in a safe is here only for as long as nobody has brought it there."""
    here = folder.signer_path(KeyRole.ROOT, ANY_SITE).exists()
    trouble = trouble_of(lambda: folder.signer(KeyRole.ROOT, ANY_SITE)) if here else ""
    if here and not trouble and folder.signer(KeyRole.ROOT, ANY_SITE).key_id != folder.root_public().id:
        trouble = (
            f"{folder.signer_path(KeyRole.ROOT, ANY_SITE)} is not the private key of root.pub; put back the right one"
        )
    yield Finding(name="root key", found="the private key is here" if here else "not here", problem=trouble)
    yield _unsealing(folder, trust, ANY_SITE, now)


def _modes(folder: KeyFolder) -> Iterator[Finding]:
    for path, mode in loose_files(folder.path):
        problem = f"{path} can be read or changed by others (mode {mode:o}); run `chmod 600 {path}`"
        yield Finding(name=str(path.relative_to(folder.path)), found=f"mode {mode:o}", problem=problem)


def trouble_of(look: Callable[[], object]) -> str:
    """What is wrong with what is looked at, "" for nothing."""
    try:
        look()
    except StandbyError as error:
        return str(error)
    return ""
