"""`keys publish` and `keys adopt`: keys for sites whose functions have them in a vault."""

from datetime import timedelta
from pathlib import Path

import click

from kubestandby.adapters.key_adoption import Adoption, adopt
from kubestandby.adapters.key_folder import KeyFolder
from kubestandby.cli import exits
from kubestandby.cli.keys_commands import keys_folder, lifetime_option, overlap_option, root_key_option
from kubestandby.cli.options import configured, examples
from kubestandby.cli.session import Session
from kubestandby.cli.tables import GOOD, cell, facts, show
from kubestandby.cli.terminal import results
from kubestandby.errors import ConfigError
from kubestandby.groups import Site, VaultKeys
from kubestandby.keys.signers import read_public
from kubestandby.keys.trust import SITE_ROLES, KeyRole, PublicKey

MAX_PUBLIC_BYTES = 64 * 1024
site_option = click.option("--site", "name", required=True, metavar="SITE", help="The site whose keys they are.")


@click.command(
    epilog=examples(
        "kubestandby keys publish --site west --compartment ocid1.compartment... --encryption-key ocid1.key...",
        "kubestandby keys publish --site west            # after a rotation",
    )
)
@configured
@site_option
@click.option("--compartment", default="", metavar="OCID", help="Where new secrets are made.")
@click.option("--encryption-key", default="", metavar="OCID", help="The vault's key that encrypts new secrets.")
def publish(session: Session, name: str, compartment: str, encryption_key: str) -> int:
    """Put the keys of a site into its vault.

    Makes each of the site's files a secret of the vault that the configuration names (`sites.SITE.keys`), or a new
    version of it; what is equal stays. Run it again after every rotation.
    """
    from kubestandby.adapters.oci import key_publishing

    site, at = vault_site(session, name)
    roles = [role for role in SITE_ROLES if not at.kms_key(role)]
    files = keys_folder(session).files_for(site.name, roles)
    shelf = key_publishing.Shelf(
        vault=at.vault, prefix=at.prefix, compartment=compartment, encryption_key=encryption_key
    )
    done = key_publishing.publish(shelf, files)
    show(results(), facts([(secret, change.value) for secret, change in done.items()]))
    return exits.OK


@click.command(
    epilog=examples(
        "kubestandby keys adopt export --site west --root-key /media/safe/root.key",
        "kubestandby keys adopt export --site west --public-key export.pem",
    )
)
@configured
@click.argument("role", type=click.Choice(list(SITE_ROLES), case_sensitive=False), metavar="ROLE")
@site_option
@click.option(
    "--public-key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Its public half in PEM; without it, the vault is asked.",
)
@overlap_option
@root_key_option
@lifetime_option
def adopt_key(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    role: KeyRole,
    name: str,
    public_key: Path | None,
    overlap: float,
    root_key: Path | None,
    lifetime: int,
) -> int:
    """Trust a KMS key to sign in a role of a site: export, sanitize or restore.

    Needs the root's private key. Afterwards bring trust.json to all sites (`kubestandby keys publish`), before the
    functions get a configuration that names the KMS key.
    """
    site, at = vault_site(session, name)
    role = KeyRole(role)
    adoption = Adoption(
        public=_public_key(at, role, public_key),
        role=role,
        site=site.name,
        now=session.clock.now(),
        overlap=timedelta(seconds=overlap),
        lifetime=timedelta(days=lifetime),
    )
    folder = KeyFolder(keys_folder(session).path, root_key)
    trust = adopt(folder, adoption)
    text = (
        f"{role} key of {site.name}: {adoption.public.id[:12]} is trusted by version {trust.version} of the trust file"
    )
    show(results(), cell(text, GOOD))
    return exits.OK


def vault_site(session: Session, name: str) -> tuple[Site, VaultKeys]:
    """The site of this name, and its vault.

    Raises:
        ConfigError: there is no such site, it has no vault, or several in the configuration's groups.
    """
    sites = [site for group in session.groups for site in group.sites if site.name == name]
    found = {site.vault for site in sites}
    vault = found.pop() if len(found) == 1 else None
    if vault is None:
        problem = "no site" if not sites else "different vaults for site" if found else "no vault for site"
        raise ConfigError(f"{session.config} has {problem} {name!r}; write sites.{name}.keys: {{vault: OCID}}")
    return sites[0], vault


def _public_key(at: VaultKeys, role: KeyRole, file: Path | None) -> PublicKey:
    if file is not None:
        with file.open("rb") as stream:
            return read_public(stream.read(MAX_PUBLIC_BYTES), f"file {file}")
    key = at.kms_key(role)
    if key is None:
        raise ConfigError(f"the site's keys.kms names no {role} key; write {role}: {{key: OCID, version: OCID}}")
    from kubestandby.adapters.oci.kms_signer import public_key_of

    return public_key_of(key, at.kms_endpoint)
