"""`rbac`: prints the rights that a function needs on the cluster of a site, for `kubectl apply`."""

from collections.abc import Sequence

import click

from kubestandby import manifest_yaml
from kubestandby.cli import exits
from kubestandby.cli.options import SNAPSHOT, complete_groups, complete_sites, configured, examples
from kubestandby.cli.rights_sources import Asked, Learnt, learn
from kubestandby.cli.session import Session
from kubestandby.cli.terminal import print_json, say
from kubestandby.errors import ConfigError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.resources import Manifest
from kubestandby.rights.admission import admission_objects
from kubestandby.rights.exporting import export_rights
from kubestandby.rights.grants import Duty, Granted
from kubestandby.rights.manifests import rbac_objects
from kubestandby.rights.restoring import restore_rights
from kubestandby.rights.subjects import Subject, account
from kubestandby.snapshots import SnapshotId

_RIGHTS = {Duty.EXPORT: export_rights, Duty.RESTORE: restore_rights}
_NEWEST = "newest"


@click.command(
    epilog=examples(
        "kubestandby rbac --site east --role export | kubectl --context east apply -f -",
        "kubestandby rbac --site west --role restore --admission-policy > west.yaml",
        "kubestandby rbac --site west --role restore --subject Group:ocid1.dynamicgroup.oc1..aaaa",
        "kubestandby rbac --site west --role restore --group shop --from-snapshot 1-7",
    )
)
@configured
@click.option(
    "--site", "site_name", required=True, metavar="SITE", shell_complete=complete_sites, help="Whose cluster."
)
@click.option(
    "--role",
    "duty",
    required=True,
    type=click.Choice(list(Duty), case_sensitive=False),
    help="Which function: export reads, restore writes.",
)
@click.option(
    "--group",
    "group_name",
    metavar="GROUP",
    shell_complete=complete_groups,
    help="One group; without it every group of the site.",
)
@click.option(
    "--subject",
    "subject_text",
    metavar="KIND:NAME",
    help="ServiceAccount:NAMESPACE/NAME, User:NAME or Group:NAME; without it a ServiceAccount, which is printed too.",
)
@click.option(
    "--from-snapshot",
    is_flag=False,
    flag_value=_NEWEST,
    metavar="[EPOCH-GENERATION]",
    help="Tell the rights from a snapshot alone, the newest or this one, and do not ask the cluster.",
)
@click.option("--admission-policy", is_flag=True, help="Also a ValidatingAdmissionPolicy for the restore's identity.")
@click.option(
    "--app-roles", is_flag=True, help="Only what an administrator applies for the application: its Roles, its bindings."
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json"], case_sensitive=False),
    default="yaml",
    show_default=True,
    help="A List of objects as JSON, or a YAML document for each.",
)
def rbac(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    site_name: str,
    duty: Duty,
    group_name: str | None,
    subject_text: str | None,
    from_snapshot: str | None,
    admission_policy: bool,
    app_roles: bool,
    output: str,
) -> int:
    """Print the rights that a function needs at SITE.

    Namespaces, a ServiceAccount, Roles, ClusterRoles and their bindings, for `kubectl apply -f -`: no wildcards, no
    `escalate`, and `bind` only on named roles. Types come from the site's cluster where it can be asked, and from the
    newest snapshot; stderr says which was used, and what was left out. Sensitive kinds, Secrets among them, are granted
    only where spec.rights.allow names them.
    """
    groups = session.groups_at(site_name, group_name)
    asked = _asked(from_snapshot)
    subject = Subject.parse(subject_text) if subject_text else account(duty)
    learnt = [(group, learn(group, group.site(site_name), duty, asked)) for group in groups]
    granted = [(group, _RIGHTS[duty](group, group.site(site_name), one.sources)) for group, one in learnt]
    objects = _by_hand(granted) if app_roles else rbac_objects(granted, duty, subject)
    if admission_policy and not app_roles:
        objects += _policy(session, site_name, duty, subject, asked)
    for note in (*(note for _, one in learnt for note in one.notes), *(n for _, one in granted for n in one.notes)):
        say(f"note: {note}")
    show_objects(objects, output)
    return exits.OK


def show_objects(objects: Sequence[Manifest], output: str = "yaml") -> None:
    """Manifests on stdout, in a form that `kubectl apply -f -` takes."""
    if output == "json":
        print_json({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    else:
        click.echo(yaml_of(objects), nl=False)


def yaml_of(objects: Sequence[Manifest]) -> str:
    """A YAML document for each object."""
    return "".join(f"---\n{manifest_yaml.emit(one).decode()}" for one in objects)


def _asked(from_snapshot: str | None) -> Asked:
    if from_snapshot in (None, _NEWEST):
        return Asked(offline=from_snapshot is not None)
    chosen: SnapshotId = SNAPSHOT.convert(from_snapshot, None, None)
    return Asked(snapshot=chosen, offline=True)


def _by_hand(granted: Sequence[tuple[ProtectionGroup, Granted]]) -> list[Manifest]:
    return [manifest for _, one in granted for manifest in one.by_hand]


def _policy(session: Session, site_name: str, duty: Duty, subject: Subject, asked: Asked) -> list[Manifest]:
    """For all groups of the site, whichever the rights are printed for: the identity of the restore is one."""
    if duty is not Duty.RESTORE:
        raise ConfigError("--admission-policy is for --role restore: an export writes nothing")
    groups = session.groups_at(site_name)
    learnt: list[tuple[ProtectionGroup, Learnt]] = [
        (group, learn(group, group.site(site_name), duty, asked)) for group in groups
    ]
    site: Site = groups[0].site(site_name)
    return list(admission_objects([(group, one.sources) for group, one in learnt], site, subject))
