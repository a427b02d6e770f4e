"""`run`: one pass from the primary to the standby, for a person, a cron job or a deployment pipeline."""

from collections.abc import Callable

import click
from rich.console import RenderableType
from rich.text import Text

from kubestandby.cli import exits
from kubestandby.cli.arrival import Arrival, ArrivalWatch
from kubestandby.cli.as_json import arrival_json
from kubestandby.cli.asking import FunctionsAtWork, Wish, ask, report_for, status_of
from kubestandby.cli.needed_rights import show_needed
from kubestandby.cli.options import Output, examples, output_option, timeout_option, with_group
from kubestandby.cli.progress import Steps
from kubestandby.cli.restore_tables import changes_line, report_view
from kubestandby.cli.session import Session, primary_of, requests_at, snapshots_at
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.cli.waiting import wait_for
from kubestandby.cli.wording import counted, duration, moment
from kubestandby.groups import Kinds, ProtectionGroup
from kubestandby.layout import Action
from kubestandby.requests import Request, Verdict
from kubestandby.resources import BUILT_IN_GROUPS, GVK
from kubestandby.snapshots import Stage

_QUIET_SECONDS = 30.0
_LOOK_SECONDS = 0.15
"""Between two looks: often enough to tell when each part arrived."""


@click.command(
    epilog=examples(
        "0 * * * *  kubestandby run shop --config /etc/kubestandby/shop.yaml",
    )
)
@with_group
@timeout_option("15m")
@output_option
def run(session: Session, group: ProtectionGroup, timeout: float, output: Output) -> int:
    """Take GROUP from its primary to its standby, once.

    Exports, sanitizes, restores in the group's mode, then stops. Starts the functions if no `up` runs.

    Exit status 0 only if everything arrived: a complete snapshot (or the proof that the newest one is still current),
    its sanitized twin, and a restore at the standby that succeeded.
    """
    primary, steps = primary_of(group), Steps()
    with FunctionsAtWork(session, steps) as functions:
        request = requests_at(session, primary).submit(group.name, Action.EXPORT, origin="operator")
        arrival = follow(session, group, request, timeout, steps, between=functions.ensure)
        if needs_repair(arrival):
            repair(session, group, arrival, timeout, steps)
        functions.settle(_QUIET_SECONDS)
    _tell_unserved(group, arrival)
    _tell_unknown_kinds(group, arrival)
    _tell_versions(arrival)
    return tell_arrival(arrival, output)


def follow(
    session: Session,
    group: ProtectionGroup,
    request: Request,
    timeout: float,
    steps: Steps,
    *,
    between: Callable[[], None] | None = None,
) -> Arrival:
    """Follows a request to export or to import from the primary to the standby.

    Raises:
        WaitedTooLongError: it did not arrive within `timeout` seconds.
    """
    primary = primary_of(group)
    watch = ArrivalWatch(session, group, primary, request)
    late = (
        f"request {request.name} of group {group.name} did not arrive at the standby within {duration(timeout)}; "
        "it stays, and is carried out while functions run: look at `kubestandby status` and into the functions' log"
    )
    with steps.doing(f"{group.name}: from {primary.name} to {group.other_site(primary.name).name}") as step:

        def look() -> Arrival | None:
            arrival = watch.look()
            step.now(progress_line(arrival, request.action))
            return arrival if arrival.over else None

        arrival = wait_for(
            look, clock=session.clock, seconds=timeout, late=late, between=between, longest_pause=_LOOK_SECONDS
        )
        if not arrival.arrived:
            step.fail()
        return arrival


def needs_repair(arrival: Arrival) -> bool:
    """Whether the snapshot is an old one that did not come through before: nothing else would try it again."""
    return arrival.stuck is not None or (arrival.is_old_news and not arrival.arrived)


def repair(session: Session, group: ProtectionGroup, arrival: Arrival, timeout: float, steps: Steps) -> None:
    """Asks once more for what failed in an earlier pass, and puts the new outcome in the old one's place.

    Raises:
        WaitedTooLongError: there was no outcome in time.
    """
    primary, snapshot = primary_of(group), arrival.snapshot
    standby = group.other_site(primary.name)
    if arrival.sanitized is None:
        sanitize = Wish(action=Action.SANITIZE, site=primary, timeout=timeout, snapshot=snapshot)
        outcome = ask(session, group, sanitize, steps)
        if status_of(outcome) != exits.OK or snapshot is None:
            arrival.failure = outcome.message
            return
        arrival.sanitized = snapshots_at(standby).read_index(Stage.SANITIZED, group.name, snapshot)
    outcome = ask(session, group, Wish(action=Action.RESTORE, site=standby, timeout=timeout, snapshot=snapshot), steps)
    arrival.report = report_for(outcome, standby)
    arrival.needs_privilege = outcome.needs_privilege
    arrival.failure = "" if arrival.report and not arrival.needs_privilege else outcome.message


def progress_line(arrival: Arrival, action: Action = Action.EXPORT) -> str:
    """Where a change is now; `action` brought it about."""
    if arrival.exported is None:
        return "import: reading the manifests" if action is Action.IMPORT else "export: reading the primary"
    if arrival.failure:
        return f"snapshot {arrival.snapshot}" if arrival.snapshot else str(action)
    if arrival.sanitized is None:
        return f"sanitize: snapshot {arrival.snapshot}"
    if arrival.report is None:
        return f"restore: snapshot {arrival.snapshot} at the standby"
    return f"snapshot {arrival.snapshot} restored at {arrival.report.site}"


def tell_arrival(arrival: Arrival, output: Output) -> int:
    """Prints what came of it; returns the exit status."""
    if output is Output.JSON:
        print_json(arrival_json(arrival))
    else:
        show(results(), summary(arrival), _restored(arrival))
    _tell_idle(arrival)
    if not arrival.arrived:
        reason = arrival.failure or "the restore did not succeed in full; its report names each object and workload"
        say(f"error: {reason}", "red")
        show_needed(arrival.needs_privilege, output)
    return exits.OK if arrival.arrived else exits.FAILED


def _tell_unserved(group: ProtectionGroup, arrival: Arrival) -> None:
    """A version that the primary does not serve is not exported in, and no object says so."""
    if arrival.raw is None:
        return
    exported_in = {summary.gvk.api_version for summary in arrival.raw.types}
    for version in group.api_versions:
        if version not in exported_in:
            said = f"spec.apiVersions names {version}, in which nothing is exported"
            say(f"warning: {said}: {arrival.raw.source_site} serves no kind in it, or another entry counts", "yellow")


def _tell_unknown_kinds(group: ProtectionGroup, arrival: Arrival) -> None:
    """A kind that is misspelt, or a custom one without its API group, allows nothing, and no object says so."""
    if arrival.raw is None:
        return
    exported = [summary.gvk.group_kind for summary in arrival.raw.types]
    chosen = (("spec.includeOwned", group.include_owned), ("spec.restore.recreate", group.restore.recreate))
    for where, kinds in chosen:
        for name in sorted(kinds.names):
            if not any(Kinds(names=frozenset({name})).holds(*kind) for kind in exported):
                said = f"{where} names {name}, and {arrival.raw.source_site} serves no such kind"
                say(f"warning: {said}; a kind that is not of Kubernetes itself is named KIND.GROUP", "yellow")


def _tell_versions(arrival: Arrival) -> None:
    """What the standby reads in another version than the primary prefers may have fewer fields there.

    The versions of Kubernetes' own kinds keep each other's fields; those of a custom one only if its author saw to it.
    """
    for one in arrival.exported.details.get("versions", ()) if arrival.exported else ():
        gvk = GVK.of(one)
        said = (
            f"exported {gvk.kind} as {gvk.api_version}: the standby does not serve the version that the primary prefers"
        )
        if gvk.group in BUILT_IN_GROUPS:
            say(f"note: {said}")
        else:
            say(f"warning: {said}; fields that only that one has may be missing in the snapshot", "yellow")


def _tell_idle(arrival: Arrival) -> None:
    """A transform with a misspelt selection does nothing, and nothing fails."""
    for transform in arrival.sanitized.idle_transforms if arrival.sanitized else ():
        found = f"transform {transform} found nothing to do in snapshot {arrival.snapshot}"
        say(f"warning: {found}; does it select what it should?", "yellow")


def _restored(arrival: Arrival) -> RenderableType | None:
    """The report of a restore that belongs to this pass; of an earlier one only that it has been."""
    report = arrival.report
    if report is None or not arrival.is_old_news:
        return report_view(report) if report else None
    return cell(f"{report.site} has it since {moment(report.finished_at)}: {changes_line(report.results)}")


def summary(arrival: Arrival) -> Text | None:
    """One line: which snapshot, and whether it is a new one; None where there is none."""
    if arrival.exported is None or arrival.raw is None:
        return None
    same = arrival.exported.verdict is Verdict.UNCHANGED
    state = "unchanged since" if same else "taken as"
    return cell(
        f"{arrival.raw.group}: {state} snapshot {arrival.raw.id}, {counted(len(arrival.raw.entries), 'object')}"
    )
