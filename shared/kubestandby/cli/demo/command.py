"""`demo`: options, where the clusters come from, and the verdict."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from kubestandby.cli import exits
from kubestandby.cli.as_json import ref_json, report_json
from kubestandby.cli.options import Output, examples, output_option
from kubestandby.cli.progress import Steps
from kubestandby.cli.session import Session
from kubestandby.cli.status_command import write_page
from kubestandby.cli.status_view import group_status
from kubestandby.cli.tables import show
from kubestandby.cli.terminal import messages, print_json, results
from kubestandby.errors import ConfigError
from kubestandby.groups import ClusterAccess, RestoreMode

if TYPE_CHECKING:
    from kubestandby.cli.demo.story import Told, Wanted

PRIMARY_VARIABLE = "KUBESTANDBY_TEST_PRIMARY"
STANDBY_VARIABLE = "KUBESTANDBY_TEST_STANDBY"
_PATH = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command(
    epilog=examples(
        "kubestandby demo --primary east.kubeconfig --standby west.kubeconfig",
        "kubestandby demo --primary ~/.kube/config --primary-context kind-east \\",
        "    --standby-context kind-west --app my-app.yaml",
    )
)
@click.option(
    "--primary", type=_PATH, metavar="KUBECONFIG", envvar=PRIMARY_VARIABLE, show_envvar=True, help="Of the primary."
)
@click.option("--primary-context", default="", metavar="NAME", help="A context in it; without it the current one.")
@click.option(
    "--standby", type=_PATH, metavar="KUBECONFIG", envvar=STANDBY_VARIABLE, show_envvar=True, help="Of the standby."
)
@click.option("--standby-context", default="", metavar="NAME", help="A context in it; without it the current one.")
@click.option(
    "--app", type=_EXISTING, multiple=True, metavar="FILE", help="Manifests in place of the sample shop; repeatable."
)
@click.option("--namespace", default="demo", show_default=True, help="For objects of --app that name no namespace.")
@click.option(
    "--mode",
    type=click.Choice([RestoreMode.WARM, RestoreMode.HOT], case_sensitive=False),
    default=RestoreMode.WARM.value,
    show_default=True,
    help="What the standby does with each snapshot.",
)
@click.option("--page", type=_PATH, metavar="FILE", help="Where to write the status page.")
@click.option("--keep", is_flag=True, help="Leave both clusters and the stores as they are at the end.")
@output_option
def demo(  # noqa: PLR0913 - one parameter per option
    *,
    primary: Path | None,
    primary_context: str,
    standby: Path | None,
    standby_context: str,
    app: tuple[Path, ...],
    namespace: str,
    mode: RestoreMode,
    page: Path | None,
    keep: bool,
    output: Output,
) -> int:
    """Watch an application cross between two clusters.

    Deploys a sample shop (or --app) on the primary, starts `kubestandby up`, releases a change and sends the deployment
    webhook; cuts the primary off, its cluster and its store; fails over; compares every object. Touches only what it
    makes, and removes that at the end.

    Exit status 0 only if the application runs on the standby with every object equal.
    """
    # Late: the other commands need nothing of it, and start the sooner.
    from kubestandby.cli.demo.story import Wanted

    wanted = Wanted(
        primary=_access(primary, primary_context),
        standby=_access(standby, standby_context),
        app=app,
        namespace=namespace,
        mode=mode,
        keep=keep,
    )
    return _play(wanted, page or _default_page(), output)


def _access(kubeconfig: Path | None, context: str) -> ClusterAccess:
    if kubeconfig is None:
        raise ConfigError(
            "the demo needs two clusters: run `make demo` in the source tree, which starts two of its own, "
            "or give two kubeconfigs with --primary and --standby"
        )
    return ClusterAccess(kubeconfig=kubeconfig.expanduser().absolute(), context=context)


def _default_page() -> Path:
    """In the user's cache (XDG Base Directory Specification): the demo's own folder is gone afterwards."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "kubestandby" / "demo-status.html"


def _play(wanted: "Wanted", page: Path, output: Output) -> int:
    from kubestandby.cli.demo.story import Demo
    from kubestandby.cli.demo.tables import summary_table

    started = monotonic()
    console = messages() if output is Output.JSON else results()
    signal.signal(signal.SIGTERM, _stop)
    with ExitStack() as ending:
        demo_ = Demo(wanted, console, Steps(), ending)
        told = demo_.play()
        _write_page(demo_.workspace.config, page)
    seconds = monotonic() - started
    if output is Output.JSON:
        print_json(_told_json(told, seconds, page))
    else:
        show(console, summary_table(told.report, told.compared, seconds, str(page)))
    return exits.OK if told.whole else exits.FAILED


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    """As for Ctrl-C: what the demo made is taken away first."""
    raise KeyboardInterrupt


def _write_page(config: Path, page: Path) -> None:
    session = Session.open(config)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_page(page, [group_status(session, group) for group in session.groups])


def _told_json(told: "Told", seconds: float, page: Path) -> dict[str, object]:
    return {
        "succeeded": told.whole,
        "seconds": round(seconds, 1),
        "page": str(page),
        "report": report_json(told.report),
        "objects": [{**ref_json(one.ref), "equal": one.equal, "differs": list(one.differs)} for one in told.compared],
        "workloads": [{**ref_json(one.ref), "wanted": one.wanted, "ready": one.ready} for one in told.workloads],
    }
