"""`failover`: makes a site primary. Works with the other site's cluster and stores gone."""

import click
from rich.console import RenderableType

from kubestandby import layout
from kubestandby.adapters.stores import open_store
from kubestandby.cli.asking import Wish, ask
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
from kubestandby.cli.reading import attempt
from kubestandby.cli.restore_commands import tell_restore
from kubestandby.cli.session import (
    Session,
    check_operator,
    last_proof,
    marks_at,
    reports_at,
    requests_at,
    roles_of,
    snapshots_at,
)
from kubestandby.cli.tables import GOOD, HEAD, WARN, cell, facts, show
from kubestandby.cli.terminal import messages, say
from kubestandby.cli.wording import age, counted, moment
from kubestandby.epochs import Epoch, numbers_in
from kubestandby.errors import BadInputError, RoleError, SnapshotNotFoundError, StaleSnapshotError
from kubestandby.failovers import unfinished_failover
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.layout import Action
from kubestandby.numbering import Reached
from kubestandby.ports import ObjectStore
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage


@click.command(
    epilog=examples(
        "kubestandby failover shop --to west",
        "kubestandby failover shop --to west --accept-stale 1-7          # where `status` calls 1-7 stale",
        "kubestandby failover shop --to west --snapshot 1-6 --yes",
    )
)
@with_group
@click.option(
    "--to", "to", required=True, metavar="SITE", shell_complete=complete_sites, help="The site to make primary."
)
@click.option(
    "--snapshot", type=SNAPSHOT, metavar="EPOCH-GENERATION", help="This snapshot, not the newest complete one."
)
@click.option(
    "--accept-stale",
    type=SNAPSHOT,
    metavar="EPOCH-GENERATION",
    help="Take this snapshot although no sign of life of its state came in time.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@timeout_option("15m")
@output_option
def failover(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    group: ProtectionGroup,
    to: str,
    snapshot: SnapshotId | None,
    accept_stale: SnapshotId | None,
    yes: bool,
    timeout: float,
    output: Output,
) -> int:
    """Make another site the primary of GROUP.

    Restores the newest complete snapshot there, with everything running. Shows the snapshot and its age, and asks. The
    site that was primary may be gone altogether. Afterwards the roles are swapped: snapshots are taken at SITE and go
    the other way. A snapshot that is stale is taken only with --accept-stale.

    A failover to SITE that did not come through is taken up again, with the same snapshot.
    """
    site = group.site(to)
    check_operator(group)
    roles = roles_of(group, allow_rivals=True)
    is_primary = roles.epoch.primary == site.name and not roles.rivals
    begun = resumed(session, group, site, roles.epoch) if is_primary else None
    index = restorable(site, group, snapshot or begun, roles.epoch.number)
    if begun is None:
        check_fresh(session, group, index, accept_stale)
    show(messages(), announcement(session, group, site, index))
    if not yes:
        confirm(site, group)
    wish = Wish(
        action=Action.FAILOVER, site=site, timeout=timeout, snapshot=snapshot, accept_stale=accept_stale, after=roles
    )
    outcome = ask(session, group, wish, Steps(), telling=Telling(open_store(site.control), group, site))
    return tell_restore(outcome, site, output)


def resumed(session: Session, group: ProtectionGroup, site: Site, epoch: Epoch) -> SnapshotId | None:
    """The snapshot of the failover that did not come through, where that is known.

    Raises:
        RoleError: it has come through, and the site is primary: there is nothing to do.
    """
    unfinished = unfinished_failover(group, epoch, requests_at(session, site), reports_at(site))
    if unfinished is None:
        raise RoleError(
            f"{site.name} is the primary of group {group.name} already (epoch {epoch.number}); nothing to do"
        )
    say(f"the failover to {site.name} that began epoch {epoch.number} did not come through: it is taken up again")
    return unfinished.snapshot


def restorable(site: Site, group: ProtectionGroup, snapshot: SnapshotId | None, epoch: int) -> SnapshotIndex:
    """The snapshot that a failover to the site would restore, in the epoch of this number.

    Raises:
        SnapshotNotFoundError: there is none, or not this one.
    """
    store = snapshots_at(site)
    if snapshot is not None:
        return store.read_index(Stage.SANITIZED, group.name, snapshot)
    reached = Reached(epoch, marks_at(site).highest(group.name, ""))
    survey = store.survey(Stage.SANITIZED, group.name, reached)
    for held in survey.held:
        say(f"warning: {held.reason}", WARN)
    index = survey.newest_complete
    if index is None:
        raise SnapshotNotFoundError(
            f"{site.name} holds no complete snapshot of group {group.name} to fail over to; `kubestandby snapshots"
            f" {group.name}` shows what there is, and --snapshot restores one that is not complete"
        )
    return index


def check_fresh(session: Session, group: ProtectionGroup, index: SnapshotIndex, accepted: SnapshotId | None) -> None:
    """Makes sure, before anybody is asked, that the snapshot is fresh, or that its age is accepted.

    Raises:
        StaleSnapshotError: neither.
    """
    proven = last_proof(group, index)
    if accepted != index.id and session.clock.now() > index.fresh_until_after(proven):
        raise StaleSnapshotError(
            f"snapshot {index.id} is stale: its state was last proven {age(proven, session.clock.now())} ago, and"
            f" nothing newer came by its deadline; look why, then fail over with --accept-stale={index.id}"
        )


def announcement(session: Session, group: ProtectionGroup, site: Site, index: SnapshotIndex) -> RenderableType:
    """What would be restored, how old it is, and what an operator should know before saying yes."""
    now = session.clock.now()
    proven = last_proof(group, index)
    return facts(
        (
            ("fail over", f"{group.name} to {site.name}"),
            ("snapshot", f"{index.id}, {counted(len(index.entries), 'object')}, from {index.source_site}"),
            ("taken", f"{moment(index.taken_at)}, {age(index.taken_at, now)} ago"),
            ("state of", cell(f"{age(proven, now)} ago: changes made after that are lost", HEAD)),
            ("complete", cell("yes", GOOD) if index.complete else cell(f"no: {'; '.join(index.failures)}", WARN)),
            ("newer", newer_ones(site, group, index)),
            ("other site", _other_site(group, site)),
        )
    )


def newer_ones(site: Site, group: ProtectionGroup, index: SnapshotIndex) -> str:
    """Snapshots that are newer: complete ones, which are passed over by name, and those that nobody takes."""
    store = snapshots_at(site)
    ids = attempt(lambda: store.ids(Stage.SANITIZED, group.name)).value or ()
    best = attempt(lambda: store.newest_complete(Stage.SANITIZED, group.name)).value
    newest = max(best.id, index.id) if best else index.id
    unusable = ", ".join(str(id_) for id_ in ids if id_ > newest)
    passed = f"{newest} is complete, and passed over since {index.id} is named" if newest > index.id else ""
    return "; ".join(filter(None, (passed, f"{unusable}, not complete or damaged" if unusable else "")))


def _other_site(group: ProtectionGroup, site: Site) -> str:
    other = group.other_site(site.name)
    reading = attempt(lambda: open_store(other.control).list(layout.epoch_prefix(group.name)))
    if reading.unreachable:
        return f"{other.name} cannot be reached"
    return f"{other.name} can be reached: whatever still runs there goes on running"


def confirm(site: Site, group: ProtectionGroup) -> None:
    """Asks on the terminal.

    Raises:
        BadInputError: nobody is there to ask, or the answer is no.
    """
    try:
        agreed = click.confirm(f"Make {site.name} the primary of {group.name} now?", err=True)
    except click.Abort:
        click.echo(err=True)
        agreed = False
    if not agreed:
        raise BadInputError("not confirmed, nothing was done; --yes fails over without a question")


class Telling:
    """How far a failover has come, from what its site has written."""

    def __init__(self, control: ObjectStore, group: ProtectionGroup, site: Site) -> None:
        self._control, self._group, self._site = control, group, site
        self._before = self._numbers()

    def __call__(self) -> str:
        """The step's text."""
        begun = self._numbers() - self._before
        if begun:
            return f"{self._site.name} is primary (epoch {max(begun)}), restoring {self._group.name}"
        return f"failover of {self._group.name} to {self._site.name} asked for"

    def _numbers(self) -> set[int]:
        return attempt(lambda: numbers_in(self._control, self._group.name)).value or set()
