"""`import`: makes a snapshot of manifests that somebody has, and takes it to the standby."""

import re
import sys
from collections.abc import Sequence
from dataclasses import replace

import click

from kubestandby import layout
from kubestandby.adapters.manifest_files.sources import STDIN
from kubestandby.adapters.stores import open_store
from kubestandby.cli import exits
from kubestandby.cli.arrival import Arrival
from kubestandby.cli.asking import FunctionsAtWork
from kubestandby.cli.options import Output, examples, output_option, timeout_option, with_group
from kubestandby.cli.progress import Steps
from kubestandby.cli.reading_files import FilesRead, read_files
from kubestandby.cli.run_command import follow, needs_repair, repair, tell_arrival
from kubestandby.cli.session import Session, check_operator, keyring_at, primary_of, requests_at
from kubestandby.cli.terminal import say
from kubestandby.cli.wording import counted
from kubestandby.groups import ProtectionGroup, Site
from kubestandby.import_payload import PayloadWriter
from kubestandby.keys.sealed_stream import recipients_at
from kubestandby.layout import Action
from kubestandby.requests import ImportOrder, Request

_QUIET_SECONDS = 30.0
_SHOWN_PROBLEMS = 20
_SHOWN_NAMES = 5
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@click.command(
    "import",
    epilog=examples(
        "kubestandby import shop 26-11-22-17-00-00.gz        # made by maak8-get-all-artifacts.sh",
        "kubestandby import shop manifests/ crds.yaml",
        "helm template shop ./chart | kubestandby import shop - --namespace shop",
    ),
)
@with_group
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@click.option("-n", "--namespace", default="", metavar="NAME", help="Of objects that name no namespace and need one.")
@click.option(
    "--all", "keep_all", is_flag=True, help="Also cluster-scoped objects that nothing in the group's namespaces needs."
)
@timeout_option("15m")
@output_option
def import_files(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,
    group: ProtectionGroup,
    files: tuple[str, ...],
    namespace: str,
    keep_all: bool,
    timeout: float,
    output: Output,
) -> int:
    """Take manifests that you have to the standby of GROUP.

    They become a snapshot of its primary site, which then goes the way of an export.

    A FILE is an archive made by the playbook's maak8-get-all-artifacts.sh, any other archive or folder of YAML or JSON
    manifests, one such file, or - for standard input. They are read as kubectl reads them. What an export would leave
    out is left out here too. The primary's cluster need not be there.

    Exit status 0 only if everything arrived, as with `run`.
    """
    primary, steps = primary_of(group), Steps()
    check_operator(group)
    _check_arguments(group, primary, files, namespace)
    recipients = recipients_at(keyring_at(primary).trust, primary.name, session.clock)
    with PayloadWriter(group.name, recipients, session.clock) as writer:
        read = _read(files, writer, steps)
        problems = read.problems or (() if writer.objects else ("no manifest in what was given; nothing was imported",))
        if problems:
            return _tell_problems(problems)
        _tell_empty(read)
        order = writer.upload(open_store(primary.control))
    order = replace(order, files=read.names, namespace=namespace, keep_all=keep_all, as_of=read.as_of)
    arrival = _carry_out(session, group, order, timeout, steps)
    return _tell(arrival, output)


def _check_arguments(group: ProtectionGroup, primary: Site, files: Sequence[str], namespace: str) -> None:
    if files.count(STDIN) > 1:
        raise click.UsageError("standard input can be read only once: give - once")
    known = group.namespaces_at(primary.name)
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise click.UsageError(f"--namespace {namespace!r} is no name of a namespace")
    if namespace and known and namespace not in known:
        raise click.UsageError(
            f"--namespace {namespace} is no namespace of group {group.name} at {primary.name}: {', '.join(known)}"
        )


def _read(files: Sequence[str], writer: PayloadWriter, steps: Steps) -> FilesRead:
    with steps.doing(f"reading {', '.join(files)}") as step:
        read = read_files(files, sys.stdin.buffer, writer)
        step.now(f"{counted(writer.objects, 'manifest')} read from {counted(read.files, 'file')}")
        if read.problems or not writer.objects:
            step.fail()
        return read


def _carry_out(session: Session, group: ProtectionGroup, order: ImportOrder, timeout: float, steps: Steps) -> Arrival:
    """Asks for the import and follows it; what was uploaded goes as soon as it is not needed any more.

    Where the work goes on after this command has given up waiting, a tick deletes it later.
    """
    site = primary_of(group)
    log, control = requests_at(session, site), open_store(site.control)
    request: Request | None = None
    try:
        with FunctionsAtWork(session, steps) as functions:
            request = log.submit(group.name, Action.IMPORT, origin="operator", order=order)
            arrival = follow(session, group, request, timeout, steps, between=functions.ensure)
            if needs_repair(arrival):
                repair(session, group, arrival, timeout, steps)
            functions.settle(_QUIET_SECONDS)
            return arrival
    finally:
        if request is None or log.outcome(group.name, request.outcome_name) is not None:
            control.delete(layout.import_key(group.name, order.payload))


def _tell(arrival: Arrival, output: Output) -> int:
    """What was left out and added, then what came of it; returns the exit status."""
    details = arrival.exported.details if arrival.exported else {}
    if problems := details.get("problems"):
        return _tell_problems(problems)
    left_out = [f"{count} {rule}" for rule, count in details.get("left_out", {}).items()]
    if left_out:
        say(f"left out, as an export does: {', '.join(left_out)}")
    for name in details.get("added_namespaces", ()):
        say(f"namespace {name} is described by no file: the snapshot has a plain one")
    if absent := details.get("not_in_files"):
        say(f"warning: no file holds {_listed(absent)}, which objects name; the standby must have them", "yellow")
    return tell_arrival(arrival, output)


def _tell_problems(problems: Sequence[str]) -> int:
    for problem in problems[:_SHOWN_PROBLEMS]:
        say(f"error: {problem}", "red")
    if len(problems) > _SHOWN_PROBLEMS:
        say(f"error: and {len(problems) - _SHOWN_PROBLEMS} more; nothing was imported", "red")
    return exits.FAILED


def _tell_empty(read: FilesRead) -> None:
    """An empty file may be an object that somebody's script could not read."""
    if read.empty:
        say(f"warning: empty files, nothing is read from them: {_listed(read.empty)}", "yellow")


def _listed(names: Sequence[str]) -> str:
    """The first of many."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
