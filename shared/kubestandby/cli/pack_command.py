"""`pack`: writes a snapshot as a folder of YAML, for `kubectl apply` and for people."""

from pathlib import Path

import click

from kubestandby.adapters.key_folder import unwrappers_in
from kubestandby.cli import exits
from kubestandby.cli.finding import find_stage
from kubestandby.cli.options import SNAPSHOT, Output, examples, output_option, with_group
from kubestandby.cli.packing import Packed, Unseal, pack
from kubestandby.cli.session import Session, snapshots_at
from kubestandby.cli.tables import cell, show
from kubestandby.cli.terminal import print_json, results, say
from kubestandby.cli.wording import counted
from kubestandby.errors import UnsealError
from kubestandby.groups import ProtectionGroup
from kubestandby.keys.sealing import Origin, open_snapshot
from kubestandby.snapshots import SnapshotId, SnapshotIndex, Stage


@click.command(
    "pack",
    epilog=examples(
        "kubestandby pack shop --to shop-manifests",
        "kubestandby pack shop 1-7 --to shop-1-7 --key keys/sites/west/unseal.age",
        "kubectl apply --server-side --recursive --filename shop-manifests",
    ),
)
@with_group
@click.argument("snapshot", type=SNAPSHOT, required=False, metavar="[EPOCH-GENERATION]")
@click.option(
    "--stage",
    type=click.Choice(list(Stage), case_sensitive=False),
    default=Stage.SANITIZED.value,
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
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Open sealed Secrets with this key: a site's unseal.age, or the break-glass one.",
)
@output_option
def pack_snapshot(  # noqa: PLR0913 - one parameter per option
    *,
    session: Session,  # noqa: ARG001 - every command of a group has one
    group: ProtectionGroup,
    snapshot: SnapshotId | None,
    stage: Stage,
    folder: Path,
    key: Path | None,
    output: Output,
) -> int:
    """Write a snapshot of GROUP as a folder of YAML.

    Every byte is verified. Without a number, the newest complete one. Namespaces come first in the order of names, so
    that `kubectl apply --recursive` makes them first. Without a key, Secrets stay sealed, in files that kubectl does
    not read.
    """
    found = find_stage(group, snapshot, stage)
    unseal = _unseal_with(key, found.index) if key else None
    packed = pack(found.index, snapshots_at(found.site).objects(found.index), folder, unseal)
    if output is Output.JSON:
        print_json(_packed_json(found.index, packed, folder))
    else:
        show(results(), cell(f"snapshot {found.index.id}, {stage}: {counted(packed.files, 'object')} in {folder}"))
    if packed.sealed:
        say(f"warning: {counted(packed.sealed, 'Secret')} left sealed, in files *.yaml.sealed; --key opens", "yellow")
    return exits.OK


def _unseal_with(key: Path, index: SnapshotIndex) -> Unseal:
    if index.sealing is None:
        raise UnsealError(f"snapshot {index.id} of group {index.group} is not sealed; leave --key out")
    origin = Origin(index.group, index.source_cluster)
    return open_snapshot(index.sealing, origin, index.id, unwrappers_in(key), index.source_of).unseal


def _packed_json(index: SnapshotIndex, packed: Packed, folder: Path) -> dict[str, object]:
    return {
        "group": index.group,
        "id": str(index.id),
        "stage": index.stage,
        "folder": str(folder),
        "objects": packed.files,
        "sealed": packed.sealed,
    }
