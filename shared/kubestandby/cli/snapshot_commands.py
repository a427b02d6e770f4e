"""Commands about snapshots: `export`, `snapshots`, `show`, `verify`."""

from dataclasses import dataclass

import click

from kubestandby.cli import exits
from kubestandby.cli.as_json import index_json, outcome_json, overview_json
from kubestandby.cli.asking import Wish, ask, status_of
from kubestandby.cli.finding import Found, find_snapshots, find_stage
from kubestandby.cli.needed_rights import show_needed
from kubestandby.cli.options import SNAPSHOT, Output, examples, output_option, timeout_option, with_group
from kubestandby.cli.progress import Steps
from kubestandby.cli.session import Session, primary_of, snapshots_at
from kubestandby.cli.snapshot_tables import index_view, snapshots_table
from kubestandby.cli.snapshot_view import overview
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.errors import ConfigError, StandbyError
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Action
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage

_SHOWN = 20


@click.command(
    epilog=examples(
        "kubestandby export shop",
    )
)
@with_group
@timeout_option("10m")
@output_option
def export(session: Session, group: ProtectionGroup, timeout: float, output: Output) -> int:
    """Take a snapshot of GROUP at its primary site.

    An unchanged state makes no new snapshot, only a proof that the newest one is still current. The standby takes
    the snapshot in by itself; `kubestandby run` waits for that too.
    """
    outcome = ask(session, group, Wish(action=Action.EXPORT, site=primary_of(group), timeout=timeout), Steps())
    if output is Output.JSON:
        print_json(outcome_json(outcome))
    status = status_of(outcome)
    if status != exits.OK:
        say(f"error: {outcome.message}", "red")
        show_needed(outcome.needs_privilege, output)
    elif output is Output.TABLE:
        show(results(), cell(f"{outcome.verdict}: {outcome.message}"))
    return status


@click.command(
    epilog=examples(
        "kubestandby snapshots shop",
        "kubestandby snapshots shop --output json",
    )
)
@with_group
@click.option("--all", "everything", is_flag=True, help=f"All of them, not only the newest {_SHOWN}.")
@output_option
def snapshots(session: Session, group: ProtectionGroup, everything: bool, output: Output) -> int:
    """List the snapshots of GROUP at all its sites.

    The newest complete one is marked; an incomplete one says what could not be read, a damaged one what is wrong.
    """
    found = overview(group, session.clock.now(), 0 if everything else _SHOWN)
    if output is Output.JSON:
        print_json(overview_json(found))
    else:
        show(results(), snapshots_table(found))
    return exits.FAILED if len({site for site, _ in found.unreachable}) == len(group.sites) else exits.OK


@click.command(
    "show",
    epilog=examples(
        "kubestandby show shop",
        "kubestandby show shop 1-7 --stage raw",
    ),
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@click.option(
    "--stage",
    type=click.Choice(list(Stage), case_sensitive=False),
    help="As exported, or as restorable (the default where it is).",
)
@click.option("--entries/--no-entries", default=True, help="List every object.", show_default=True)
@output_option
def show_snapshot(
    session: Session,
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    stage: Stage | None,
    entries: bool,
    output: Output,
) -> int:
    """Show what a snapshot of GROUP holds.

    Without a number, the newest complete one.
    """
    found = find_stage(group, snapshot, stage)
    if output is Output.JSON:
        print_json({**index_json(found.index), "site": found.site.name})
    else:
        show(results(), index_view(found.index, session.clock.now(), entries=entries))
    return exits.OK


@dataclass(frozen=True, slots=True)
class _Verified:
    """`opened` says whether what is sealed in it was proven to open with a key that is here."""

    found: Found
    damage: str = ""
    opened: bool = False

    @property
    def name(self) -> str:
        return f"{self.found.stage} {self.found.id} at {self.found.site.name}"

    @property
    def said(self) -> str:
        """Of one without damage."""
        return f"{self.name}: intact" if self.opened else f"{self.name}: intact; there is no key here to open it with"


@click.command(
    epilog=examples(
        "kubestandby verify shop",
        "kubestandby verify shop 1-7 --stage sanitized",
        "kubestandby verify shop --all",
    )
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@click.option("--stage", type=click.Choice(list(Stage), case_sensitive=False), help="Only this stage.")
@click.option("--all", "everything", is_flag=True, help="Every snapshot, not only the newest of each stage and site.")
@output_option
def verify(
    session: Session,  # noqa: ARG001 - every command of a group has one
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    stage: Stage | None,
    everything: bool,
    output: Output,
) -> int:
    """Read a snapshot of GROUP and check every byte.

    At every site that holds it: the signature, what it follows, archive against index, and that the key of the site
    opens it, where that is here. Without a number, the newest of each stage and site.
    """
    stages = (stage,) if stage else tuple(Stage)
    found, unreached = find_snapshots(group, snapshot, stages, everything=everything)
    checked = [_verified(one) for one in found]
    if output is Output.JSON:
        print_json(
            {"group": group.name, "snapshots": [_verified_json(one) for one in checked], "unreachable": unreached}
        )
    else:
        show(results(), *(cell(one.said) for one in checked if not one.damage))
    damage = [f"{one.name}: {one.damage}" for one in checked if one.damage]
    for sentence in (*damage, *(f"not verified at {reason}" for reason in unreached)):
        say(f"error: {sentence}", "red")
    return exits.FAILED if damage or unreached else exits.OK


def _verified(found: Found) -> _Verified:
    try:
        snapshots = snapshots_at(found.site)
        index = snapshots.read_index(found.stage, found.group, found.id)
        snapshots.check_chain(index)
        snapshots.verify(index)
        return _Verified(found, opened=_opens(snapshots, index, found.site))
    except StandbyError as error:
        return _Verified(found, str(error))


def _opens(snapshots: SnapshotStore, index: SnapshotIndex, site: Site) -> bool:
    """Whether the key of the site opens the snapshot's canary; False where that key is not here.

    Raises:
        UnsealError: it is here and does not.
    """
    try:
        snapshots.keyring.unsealer(index, site.name)
    except ConfigError:
        return False
    return True


def _verified_json(one: _Verified) -> dict[str, object]:
    found = one.found
    return {
        "id": str(found.id),
        "stage": found.stage,
        "site": found.site.name,
        "intact": not one.damage,
        "opened": one.opened,
        "damage": one.damage,
    }
