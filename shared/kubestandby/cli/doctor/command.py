"""`doctor`: its options, its table and its JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
from rich.console import RenderableType

from kubestandby.cli import exits
from kubestandby.cli.doctor.site_look import look_at
from kubestandby.cli.doctor.verdicts import Check, Level, succeeded
from kubestandby.cli.options import Output, complete_sites, configured, examples, output_option
from kubestandby.cli.session import Session
from kubestandby.cli.tables import BAD, DIM, GOOD, WARN, cell, show, table
from kubestandby.cli.terminal import print_json, results
from kubestandby.snapshots import SiteName

_STYLES = {Level.OK: GOOD, Level.WARNING: WARN, Level.FAILED: BAD, Level.NOT_CHECKED: DIM}


@click.command(
    epilog=examples(
        "kubestandby doctor --site west",
        "kubestandby doctor --site west --group shop",
        "kubestandby doctor --site west --output json | jq '.checks[] | select(.level == \"failed\")'",
    )
)
@configured
@click.option(
    "--site", "site_name", required=True, metavar="SITE", shell_complete=complete_sites, help="Which site to look at."
)
@click.option("--group", "group_name", metavar="GROUP", help="One group; without it every group of the site.")
@output_option
def doctor(session: Session, site_name: str, group_name: str | None, output: Output) -> int:
    """Look at a site live, and say what to mend.

    Keys, buckets, cluster, rights, classes, snapshots, requests. Reads only, but for one small object under doctor/ in
    each bucket that the site writes into, to see that a second writer is refused; it is deleted again where that is
    allowed. What cannot be looked at from here is `not checked`, with what checks it.

    Exit status 0: nothing failed; 1: something did.
    """
    checks = look_at(session, SiteName(site_name), session.groups_at(site_name, group_name))
    if output is Output.JSON:
        print_json({"site": site_name, "checks": [_json(one) for one in checks], "counts": _counts(checks)})
    else:
        show(results(), _table(checks), cell(""), cell(_summary(checks)))
    return exits.OK if succeeded(checks) else exits.FAILED


def _table(checks: Sequence[Check]) -> RenderableType:
    made = table("", ("check", "result", "found", "next step"))
    for one in checks:
        made.add_row(cell(one.subject), cell(one.level, _STYLES[one.level]), cell(one.found), cell(one.next_step))
    return made


def _counts(checks: Sequence[Check]) -> dict[str, int]:
    found = Counter(one.level for one in checks)
    return {str(level): found[level] for level in Level}


def _summary(checks: Sequence[Check]) -> str:
    return ", ".join(f"{count} {level}" for level, count in _counts(checks).items())


def _json(one: Check) -> dict[str, Any]:
    return {"check": one.subject, "level": str(one.level), "found": one.found, "next": one.next_step}
