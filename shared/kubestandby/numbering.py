"""Numbers of snapshots that nothing leads up to: held, until an operator names one. Pure.

Whoever has a stolen key can sign a snapshot with a number far above all others: it would be taken for the newest, and
every good one after it for an old one. So a number has to be near one that is there already, or that was restored.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kubestandby.snapshots import SnapshotId

MAX_STEP = 1_000
"""Generations between two snapshots of an epoch: with one a minute, those of more than half a day are missing."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far numbers have come at a site.

    Attributes:
        epoch: the number of the epoch that holds.
        highest: the newest snapshot that was restored there, by the site's marks; None where none was.
    """

    epoch: int
    highest: SnapshotId | None = None


def held_numbers(stored: Collection[SnapshotId], reached: Reached) -> Mapping[SnapshotId, str]:
    """The numbers among those stored that nothing leads up to, each with the reason."""
    held = {one: _no_such_epoch(one, reached) for one in stored if one.epoch > reached.epoch}
    epochs: dict[int, list[SnapshotId]] = defaultdict(list)
    for one in sorted(set(stored) - held.keys()):
        epochs[one.epoch].append(one)
    for epoch, numbers in epochs.items():
        restored = reached.highest if reached.highest and reached.highest.epoch == epoch else None
        held |= _far_above(numbers, restored)
    return held


def _far_above(numbers: list[SnapshotId], restored: SnapshotId | None) -> Mapping[SnapshotId, str]:
    """Of the numbers of one epoch, lowest first; the lowest is compared with nothing but what was restored."""
    held: dict[SnapshotId, str] = {}
    last = restored or numbers[0]
    for number in numbers:
        if number.generation - last.generation > MAX_STEP:
            held[number] = (
                f"snapshot {number} is held: its number is {number.generation - last.generation} above {last}, and"
                " nothing is in between; if it is right, name it to restore it, and those that follow are taken too;"
                " if it is not, move it out of the bucket and replace the keys that signed it"
            )
        else:
            last = max(last, number)
    return held


def _no_such_epoch(number: SnapshotId, reached: Reached) -> str:
    return (
        f"snapshot {number} is held: no record shows that epoch {number.epoch} has begun, the highest is"
        f" {reached.epoch}; look at `kubestandby status`, and name it if it is right"
    )
