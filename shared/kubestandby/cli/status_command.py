"""`status`: how the groups stand, also as a page."""

from pathlib import Path

import click

from kubestandby.cli import exits
from kubestandby.cli.as_json import status_json
from kubestandby.cli.html_page import page
from kubestandby.cli.options import Output, complete_groups, configured, examples, output_option
from kubestandby.cli.session import Session
from kubestandby.cli.status_tables import status_view
from kubestandby.cli.status_view import GroupStatus, group_status
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.errors import ConfigError


@click.command(
    epilog=examples(
        "kubestandby status",
        "kubestandby status shop --html status.html",
        "kubestandby status --output json | jq '.groups[].problems'",
    )
)
@configured
@click.argument("group_name", metavar="[GROUP]", required=False, shell_complete=complete_groups)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write a page that stands alone: no script, nothing loaded from elsewhere.",
)
@output_option
def status(session: Session, group_name: str | None, html: Path | None, output: Output) -> int:
    """Show how the groups stand, and what needs attention.

    Roles, the newest snapshots and how old their state is, the last restore, waiting requests, sites out of reach.
    """
    groups = [session.group(group_name)] if group_name else session.groups
    statuses = [group_status(session, group) for group in groups]
    if html is not None:
        write_page(html, statuses)
    if output is Output.JSON:
        print_json(status_json(statuses))
        return exits.OK
    for number, one in enumerate(statuses):
        show(results(), cell("") if number else None, status_view(one))
    return exits.OK


def write_page(path: Path, statuses: list[GroupStatus]) -> None:
    """Writes the page whole or not at all: a web server may be reading it.

    Raises:
        ConfigError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(page(statuses), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror}; choose another file for --html") from error
    say(f"status page: {path.absolute()}")
