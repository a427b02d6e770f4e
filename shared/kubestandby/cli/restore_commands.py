"""Commands that restore at a site, or say what a restore would do: `plan`, `restore`."""

import click

from kubestandby.cli import exits
from kubestandby.cli.as_json import asked_json
from kubestandby.cli.asking import Wish, ask, report_for, status_of
from kubestandby.cli.needed_rights import show_needed
from kubestandby.cli.options import (
    SNAPSHOT,
    Output,
    complete_sites,
    examples,
    output_option,
    timeout_option,
    with_group,
)
from kubestandby.cli.progress import Steps
from kubestandby.cli.restore_tables import plan_view, report_view
from kubestandby.cli.session import Session, primary_of
from kubestandby.cli.tables import show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.groups import ProtectionGroup, RestoreMode, Site
from kubestandby.layout import Action
from kubestandby.reports import Change, RestoreReport
from kubestandby.requests import Outcome
from kubestandby.snapshots import SnapshotId

site_option = click.option(
    "--site", metavar="SITE", shell_complete=complete_sites, help="Where; without it the group's standby."
)
mode_option = click.option(
    "--mode",
    type=click.Choice(list(RestoreMode), case_sensitive=False),
    help="rehearse: dry run; warm: workloads at zero; hot: all of it.",
)


@click.command(
    epilog=examples(
        "kubestandby plan shop",
        "kubestandby plan shop 1-7 --site west --output json",
    )
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@site_option
@mode_option
@timeout_option("10m")
@output_option
def plan(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    site: str | None,
    mode: RestoreMode | None,
    timeout: float,
    output: Output,
) -> int:
    """Say what a restore of GROUP would change.

    Objects to create, updates field by field, blocked objects with the reason. Changes nothing.

    Exit status 0: nothing would change; 2: something would; 1: an object is blocked, or the plan could not be made.
    """
    place = chosen_site(group, site)
    wish = Wish(action=Action.PLAN, site=place, timeout=timeout, snapshot=snapshot, mode=mode or "")
    outcome = ask(session, group, wish, Steps())
    report = report_for(outcome, place)
    if output is Output.JSON:
        print_json(asked_json(outcome, report))
    elif report is not None:
        show(results(), plan_view(report))
    if report is None or outcome.needs_privilege:
        say(f"error: {outcome.message}", "red")
        show_needed(outcome.needs_privilege, output)
        return exits.FAILED
    return plan_status(report)


def plan_status(report: RestoreReport) -> int:
    """The exit status that a plan means."""
    if report.count(Change.BLOCKED) or report.count(Change.FAILED):
        return exits.FAILED
    changing = sum(report.count(change) for change in (Change.CREATED, Change.CONFIGURED, Change.PRUNED))
    return exits.WOULD_CHANGE if changing else exits.OK


@click.command(
    epilog=examples(
        "kubestandby restore shop",
        "kubestandby restore shop 1-7 --mode rehearse",
    )
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@site_option
@mode_option
@click.option(
    "--prune-all", is_flag=True, help="With spec.restore.prune: delete also more than 20% of what was restored before."
)
@timeout_option("15m")
@output_option
def restore(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    site: str | None,
    mode: RestoreMode | None,
    prune_all: bool,
    timeout: float,
    output: Output,
) -> int:
    """Restore a snapshot of GROUP at its standby.

    Without a number, the newest complete one. Roles stay as they are. A snapshot that is not complete is restored only
    if it is named.
    """
    place = chosen_site(group, site)
    wish = Wish(
        action=Action.RESTORE,
        site=place,
        timeout=timeout,
        snapshot=snapshot,
        mode=mode or "",
        prune_all=prune_all,
    )
    return tell_restore(ask(session, group, wish, Steps()), place, output)


def chosen_site(group: ProtectionGroup, name: str | None) -> Site:
    """The site named, or the one that is standby now."""
    return group.site(name) if name else group.other_site(primary_of(group).name)


def tell_restore(outcome: Outcome, site: Site, output: Output) -> int:
    """Prints the outcome of a restore or failover with its report; returns the exit status."""
    report = report_for(outcome, site)
    if output is Output.JSON:
        print_json(asked_json(outcome, report))
    elif report is not None:
        show(results(), report_view(report))
    failed = status_of(outcome) != exits.OK or (report is not None and not report.succeeded)
    if failed:
        say(f"error: {outcome.message}", "red")
        show_needed(outcome.needs_privilege, output)
    elif report is None and output is Output.TABLE:
        say(outcome.message)
    return exits.FAILED if failed else exits.OK
