"""`keys`: makes, checks and replaces what snapshots are signed and sealed with."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import RenderableType
from rich.text import Text

from kubestandby.adapters.key_checking import Finding, check_keys
from kubestandby.adapters.key_folder import KeyFolder, create_folder
from kubestandby.adapters.key_rotation import OVERLAP, Rotated, Rotation, rotate
from kubestandby.cli import exits
from kubestandby.cli.options import DURATION, Output, configured, examples, output_option
from kubestandby.cli.reading import attempt
from kubestandby.cli.session import Session, roles_of
from kubestandby.cli.tables import BAD, DIM, GOOD, WARN, cell, facts, show, table
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.epochs import FIRST_EPOCH
from kubestandby.errors import ConfigError
from kubestandby.keys.making import LIFETIME, make_keys
from kubestandby.keys.trust import VouchedEpoch
from kubestandby.snapshots import SiteName

lifetime_option = click.option(
    "--valid",
    "lifetime",
    type=click.IntRange(1, 3650),
    default=LIFETIME.days,
    show_default=True,
    metavar="DAYS",
    help="How long the new keys are valid.",
)
overlap_option = click.option(
    "--overlap",
    type=DURATION,
    default=OVERLAP.total_seconds(),
    show_default="30 days",
    metavar="TIME",
    help="How long the old key stays good beside the new one.",
)
root_key_option = click.option(
    "--root-key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The root's private key, where it is not in the folder.",
)


@click.group()
def keys() -> None:
    """Make, check and replace the keys of snapshots.

    Every snapshot is signed by whoever made it, and what is in its Secrets is sealed for the sites of the group. The
    keys are files in `keys/` beside the configuration, or where `spec.keys` says.
    """


@keys.command(epilog=examples("kubestandby keys init --config shop.yaml"))
@configured
@lifetime_option
def init(session: Session, lifetime: int) -> int:
    """Make all keys of the configuration's sites.

    Nothing is to be edited afterwards. Refuses where there are keys already.
    """
    folder, sites = init_keys(session, timedelta(days=lifetime)), site_names(session)
    show(results(), cell(f"keys for {', '.join(sites)} are in {folder.path}, valid for {lifetime} days", GOOD))
    show(results(), _where_they_belong(sites))
    return exits.OK


@keys.command(
    epilog=examples(
        "kubestandby keys check",
        "kubestandby keys check --vaults                # also what is in the vaults of the sites",
        "kubestandby keys check --output json",
    )
)
@configured
@click.option("--vaults", is_flag=True, help="Look into the sites' vaults, too; needs the right to read them.")
@output_option
def check(session: Session, vaults: bool, output: Output) -> int:
    """Prove that the keys fit, and that what is sealed opens.

    Verifies the trust file, seals a canary for each site and opens it with the keys that are here, looks at file modes
    and at what expires soon.

    Exit status 0: all is well, perhaps with warnings; 1: something must be mended.
    """
    folder = keys_folder(session)
    found = check_keys(folder, site_names(session), session.clock.now())
    if vaults:
        found += _in_vaults(session, folder)
    if output is Output.JSON:
        print_json({"folder": str(folder.path), "findings": [_finding_json(one) for one in found]})
    else:
        show(results(), _findings_table(found))
    for one in found:
        if one.warning:
            say(f"warning: {one.warning}", WARN)
        if one.problem:
            say(f"error: {one.problem}", "red")
    return exits.FAILED if any(one.problem for one in found) else exits.OK


@keys.command(
    "rotate",
    epilog=examples(
        "kubestandby keys rotate export                 # at all sites; the old keys stay good for 30 days",
        "kubestandby keys rotate sanitize --site east --revoke",
        "kubestandby keys rotate trust --root-key /media/safe/root.key",
    ),
)
@configured
@click.argument("what", type=click.Choice(list(Rotated), case_sensitive=False), metavar="ROLE")
@click.option("--site", metavar="SITE", help="Only at this site; without it at all of them.")
@overlap_option
@click.option("--revoke", is_flag=True, help="The old key is known to others: nothing that it signed counts any more.")
@root_key_option
@lifetime_option
def rotate_keys(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    what: Rotated,
    site: str | None,
    overlap: float,
    revoke: bool,
    root_key: Path | None,
    lifetime: int,
) -> int:
    """Replace keys: export, sanitize, restore, operator, unseal, break-glass, fingerprint, root or trust.

    `trust` makes no key and only renews the trust file. Needs the root's private key. Afterwards bring trust.json, and
    the private keys of each site, to where they are used. Who is primary stays so when a key is revoked that has signed
    it: the root vouches for it in the trust file.
    """
    folder = KeyFolder(keys_folder(session).path, root_key)
    is_signing_epochs = Rotated(what) in (Rotated.RESTORE, Rotated.OPERATOR)
    epochs = vouched_epochs(session) if revoke and is_signing_epochs else ()
    rotation = Rotation(
        what=Rotated(what),
        sites=(_site(session, site),) if site else site_names(session),
        now=session.clock.now(),
        overlap=timedelta(seconds=overlap),
        lifetime=timedelta(days=lifetime),
        revoke=revoke,
        epochs=epochs,
    )
    trust = rotate(folder, rotation)
    show(results(), cell(f"{rotation.what}: done; the trust file in {folder.path} is version {trust.version}", GOOD))
    for epoch in epochs:
        say(f"the root vouches for epoch {epoch.number} of group {epoch.group}, in which {epoch.primary} is primary")
    for step in _next_steps(session, rotation):
        say(step)
    return exits.OK


def _next_steps(session: Session, rotation: Rotation) -> Iterator[str]:
    """What has to be done for the new keys to be used, one sentence each."""
    vaults = dict.fromkeys(site.name for group in session.groups for site in group.sites if site.vault is not None)
    yield from (f"next: `kubestandby keys publish --site {name}`" for name in vaults)
    if not vaults:
        yield "next: bring trust.json to every site, and the new private keys to where the old ones are"
    if rotation.revoke and rotation.what in (Rotated.EXPORT, Rotated.SANITIZE):
        groups = ", ".join(f"`kubestandby run {group.name}`" for group in session.groups)
        yield f"next: snapshots that the old key has signed count no more, and `status` calls them damaged: {groups}"


def vouched_epochs(session: Session) -> tuple[VouchedEpoch, ...]:
    """The changes of roles that hold now, which a key that is revoked may have signed: they have to go on counting.

    What cannot be read is said: an operator confirms it with a failover afterwards.
    """
    found: list[VouchedEpoch] = []
    for group in session.groups:
        reading = attempt(partial(roles_of, group))
        roles = reading.value
        if roles is None or roles.unreachable:
            why = reading.unreachable or f"{', '.join(roles.unreachable if roles else ())} cannot be reached"
            say(f"warning: roles of group {group.name} may be others than can be seen from here: {why}", WARN)
        if roles is not None and roles.epoch.number > FIRST_EPOCH and roles.sha256:
            epoch = roles.epoch
            found.append(
                VouchedEpoch(
                    group=group.name,
                    number=epoch.number,
                    primary=epoch.primary,
                    since=epoch.since,
                    sha256=roles.sha256,
                )
            )
    return tuple(found)


def init_keys(session: Session, lifetime: timedelta = LIFETIME) -> KeyFolder:
    """Makes all keys of the configuration's sites.

    Raises:
        ConfigError: there are keys already, or they cannot be written.
    """
    folder = keys_folder(session)
    create_folder(folder.path, make_keys(site_names(session), session.clock.now(), lifetime))
    return folder


def keys_folder(session: Session) -> KeyFolder:
    """The folder of keys: `spec.keys`, or `keys/` beside the configuration.

    Raises:
        ConfigError: the groups of the configuration name different ones.
    """
    folders = sorted({site.keys for group in session.groups for site in group.sites})
    if len(folders) > 1:
        raise ConfigError(
            f"{session.config} has groups with different spec.keys ({', '.join(map(str, folders))}); give all groups"
            " of a file the same"
        )
    return KeyFolder(folders[0])


def site_names(session: Session) -> tuple[SiteName, ...]:
    """Every site of the configuration, each once."""
    return tuple(dict.fromkeys(site.name for group in session.groups for site in group.sites))


def _site(session: Session, name: str) -> SiteName:
    if name not in site_names(session):
        raise ConfigError(f"{session.config} has no site {name!r}; it has {', '.join(site_names(session))}")
    return SiteName(name)


def _where_they_belong(sites: tuple[SiteName, ...]) -> RenderableType:
    return facts(
        (
            ("trust.json, root.pub", "belong to every site; nothing in them is secret"),
            *((f"sites/{site}", f"belongs to {site} alone") for site in sites),
            ("operators", "belongs to whoever may fail over"),
            ("offline", cell("belongs in a safe: move it away from here", WARN)),
        )
    )


def _in_vaults(session: Session, folder: KeyFolder) -> tuple[Finding, ...]:
    from kubestandby.adapters.oci.vault_checking import check_vault

    trust = folder.trust()
    sites = {(site.name, site.vault): site for group in session.groups for site in group.sites if site.vault}
    if not sites:
        raise ConfigError(
            f"{session.config} names no vault; write sites.SITE.keys: {{vault: OCID}}, or leave out --vaults"
        )
    return tuple(
        finding
        for site in sites.values()
        if site.vault
        for finding in check_vault(site, site.vault, trust, session.clock)
    )


def _findings_table(found: tuple[Finding, ...]) -> RenderableType:
    made = table("", ("what", "found", "state"))
    for one in found:
        made.add_row(cell(one.name), cell(one.found), _state(one))
    return made


def _state(one: Finding) -> Text:
    if one.problem or one.warning:
        return cell("mend", BAD) if one.problem else cell("soon", WARN)
    return cell("good", GOOD) if one.is_here else cell("not here", DIM)


def _finding_json(one: Finding) -> dict[str, Any]:
    return {
        "name": one.name,
        "found": one.found,
        "problem": one.problem,
        "warning": one.warning,
        "here": one.is_here,
    }
