"""`pack`: writes a snapshot as a folder of YAML, for `kubectl apply` and for people."""

from pathlib import Path

import click

from kubestandby.cli import exits
from kubestandby.cli.finding import find_stage
from kubestandby.cli.options import SNAPSHOT, Output, examples, output_option, with_group
from kubestandby.cli.packing import Packed, pack
from kubestandby.cli.session import Session, snapshots_at
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.cli.wording import counted
from kubestandby.groups import ProtectionGroup
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage


@click.command(
    "pack",
    epilog=examples(
        "kubestandby pack shop --to shop-manifests",
        "kubestandby pack shop 1-7 --stage raw --to shop-1-7-raw",
        "kubectl apply --server-side --recursive --filename shop-manifests",
    ),
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@click.option(
    "--stage",
    type=click.Choice(list(Stage), case_sensitive=False),
    default=Stage.SANITIZED,
    show_default=True,
    help="As exported, or as restorable.",
)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder that is empty, or not there yet.",
)
@output_option
def pack_snapshot(
    *,
    session: Session,  # noqa: ARG001 - every command of a group has one
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    stage: Stage,
    folder: Path,
    output: Output,
) -> int:
    """Write a snapshot of GROUP as a folder of YAML.

    Every byte is verified. Without a number, the newest complete one. Namespaces come first in the order of names, so
    that `kubectl apply --recursive` makes them first. Secrets that are sealed stay so, in files that kubectl does not
    read.
    """
    found = find_stage(group, snapshot, stage)
    packed = pack(found.index, snapshots_at(found.site).objects(found.index), folder)
    if output is Output.JSON:
        print_json(_packed_json(found.index, packed, folder))
    else:
        show(results(), cell(f"snapshot {found.index.id}, {stage}: {counted(packed.files, 'object')} in {folder}"))
    if packed.sealed:
        say(f"warning: {counted(packed.sealed, 'Secret')} left sealed, in files *.yaml.sealed", "yellow")
    return exits.OK


def _packed_json(index: SnapshotIndex, packed: Packed, folder: Path) -> dict[str, object]:
    return {
        "group": index.group,
        "id": str(index.id),
        "stage": index.stage,
        "folder": str(folder),
        "objects": packed.files,
        "sealed": packed.sealed,
    }
