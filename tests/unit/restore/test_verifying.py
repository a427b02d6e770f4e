"""May this snapshot be restored here?"""

from typing import Any

import pytest

from functions.restore.inventory import Inventory
from functions.restore.verifying import verify
from kubestandby.errors import ConfigError, IncompleteSnapshotError, RoleError, SnapshotError
from kubestandby.ports import ClusterIdentity
from kubestandby.snapshots import GroupName, SiteName, SnapshotId, Stage
from tests.unit.restore.samples import PRIMARY_UID, STANDBY_UID, WEST, group, stored

SEEN = Inventory(highest=SnapshotId(2, 5))


def check(*, named: bool = False, uid: str = STANDBY_UID, inventory: Inventory = SEEN, **changes: Any) -> None:
    _, index = stored(**({"id": SnapshotId(2, 6)} | changes))
    verify(group(), WEST, index, ClusterIdentity(uid, "v1.34.4"), inventory, named=named)


def test_the_next_snapshot_may_be_restored() -> None:
    check()


def test_the_same_snapshot_may_be_restored_again() -> None:
    check(id=SnapshotId(2, 5))


def test_the_first_snapshot_of_a_later_epoch_may_be_restored() -> None:
    check(id=SnapshotId(3, 1))


@pytest.mark.parametrize("snapshot", [SnapshotId(2, 4), SnapshotId(1, 99)])
def test_an_older_one_only_by_name(snapshot: SnapshotId) -> None:
    with pytest.raises(SnapshotError, match="older than 2-5"):
        check(id=snapshot)

    check(id=snapshot, named=True)


def test_an_incomplete_one_only_by_name() -> None:
    failures = tuple(f"group-{number}: 503" for number in range(5))

    with pytest.raises(IncompleteSnapshotError, match=r"group-0: 503.*and 2 more"):
        check(failures=failures)

    check(failures=failures, named=True)


def test_never_onto_its_own_source() -> None:
    with pytest.raises(RoleError, match="restore onto its own source refused"):
        check(uid=PRIMARY_UID, named=True)


def test_never_of_another_group() -> None:
    with pytest.raises(SnapshotError, match="not one of group shop"):
        check(group=GroupName("bank"), named=True)


def test_never_a_raw_one() -> None:
    with pytest.raises(SnapshotError, match="only a sanitized one"):
        check(stage=Stage.RAW, named=True)


def test_never_at_an_unknown_site() -> None:
    _, index = stored()

    with pytest.raises(ConfigError, match="no site 'north'"):
        verify(group(), SiteName("north"), index, ClusterIdentity(STANDBY_UID, ""), SEEN, named=True)


def test_an_import_without_a_known_cluster_never_at_the_site_that_it_was_made_for() -> None:
    check(source_cluster="", source_site=SiteName("east"))

    with pytest.raises(RoleError, match="it was imported for site west"):
        check(source_cluster="", source_site=WEST, named=True)
