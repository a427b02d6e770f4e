"""What a group owns on a cluster."""

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.restore.inventory import Inventory, InventoryLedger
from functions.restore.plans import Identity
from kubestandby.errors import ClusterError, FormatError
from kubestandby.groups import OWN_NAMESPACE
from kubestandby.snapshots import GroupName, SnapshotId
from tests.fakes.fake_cluster import FakeCluster
from tests.unit.restore.samples import standby

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
KINDS = st.sampled_from([("", "ConfigMap"), ("apps", "Deployment"), ("shop.example", "Ticket")])
IDENTITIES = st.frozensets(st.builds(lambda kind, ns, name: (*kind, ns, name), KINDS, st.just("") | NAMES, NAMES))
OWNED: frozenset[Identity] = frozenset({("", "ConfigMap", "shop", "a"), ("apps", "Deployment", "shop", "web")})


def ledger(cluster: FakeCluster) -> InventoryLedger:
    return InventoryLedger(cluster, GroupName("shop"))


def test_a_group_that_was_never_restored_owns_nothing() -> None:
    assert ledger(standby()).read() == Inventory()


@given(IDENTITIES, IDENTITIES)
def test_what_was_written_is_read(owned: frozenset[Identity], pending: frozenset[Identity]) -> None:
    cluster = standby()
    highest = SnapshotId(3, 9)
    inventory = Inventory(snapshot=SnapshotId(2, 1), highest=highest, mode="hot", owned=owned, pending_restarts=pending)
    written = ledger(cluster)
    written.read()
    written.write(inventory)

    assert ledger(cluster).read() == inventory


def test_nothing_is_written_where_nothing_changed() -> None:
    cluster = standby()
    first = ledger(cluster)
    first.read()
    first.write(Inventory(owned=OWNED))
    second = ledger(cluster)
    cluster.calls.clear()

    second.write(second.read())

    assert cluster.calls == [("get", "configmaps", OWN_NAMESPACE, "kubestandby-shop")]


def test_the_namespace_is_made_where_it_is_missing() -> None:
    cluster = standby()
    book = ledger(cluster)
    book.read()

    book.write(Inventory(owned=OWNED))

    assert cluster.object("Namespace", "", OWN_NAMESPACE) is not None


def test_ten_thousand_objects_fit() -> None:
    owned = frozenset(("", "ConfigMap", f"team-{n % 100}", f"settings-{n}") for n in range(10_000))
    book = ledger(standby())
    book.read()

    book.write(Inventory(owned=owned))

    assert book.read().owned == owned


def test_an_inventory_that_is_too_large_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.restore.inventory.MAX_BYTES", 100)

    with pytest.raises(ClusterError, match="split the group"):
        ledger(standby()).write(Inventory(owned=OWNED))


def test_an_operator_can_read_what_was_restored_last() -> None:
    cluster = standby()

    ledger(cluster).write(Inventory(snapshot=SnapshotId(2, 1), mode="hot"))

    written = cluster.object("ConfigMap", OWN_NAMESPACE, "kubestandby-shop") or {}
    assert written["data"] == {"group": "shop", "snapshot": "2-1", "mode": "hot"}


def test_an_inventory_that_may_not_be_written_is_an_error() -> None:
    cluster = standby()
    cluster.fail("apply", ClusterError("403 Forbidden", status=403, reason="Forbidden"), plural="configmaps")

    with pytest.raises(ClusterError):
        ledger(cluster).write(Inventory(owned=OWNED))

    assert cluster.object("Namespace", "", OWN_NAMESPACE) is None


def packed_json(value: object) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


WHOLE = packed_json({"format": 1, "snapshot": "", "highest": "", "mode": "", "owned": {}, "pendingRestarts": {}})
CUT = base64.b64encode(base64.b64decode(WHOLE)[:-9]).decode()


@pytest.mark.parametrize("packed", ["", "!", "aGVsbG8=", CUT, packed_json({"format": 2}), packed_json([]), f"{WHOLE}="])
def test_a_damaged_inventory_is_one_clear_error(packed: str) -> None:
    cluster = standby()
    book = ledger(cluster)
    book.read()
    book.write(Inventory(owned=OWNED))
    cluster.object("ConfigMap", OWN_NAMESPACE, book.name)["binaryData"]["inventory.json.gz"] = packed  # type: ignore[index]

    with pytest.raises(FormatError, match="delete it, and the next restore starts a new one"):
        book.read()
