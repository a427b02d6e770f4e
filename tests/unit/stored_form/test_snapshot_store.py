import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from kubestandby import codec, layout
from kubestandby.archive import Limits
from kubestandby.errors import (
    FormatError,
    IntegrityError,
    ObjectExistsError,
    SnapshotNotFoundError,
    StoreError,
    StoreUnavailableError,
)
from kubestandby.snapshot_store import SnapshotStore
from kubestandby.snapshots import GroupName, SnapshotId, SnapshotIndex, Stage
from tests.fakes.keys import keyring, signed, snapshot_store
from tests.fakes.memory_store import MemoryStore
from tests.unit.stored_form.samples import FIRST, GROUP, NOON, built, commit, config_map, index_of, three_objects

SECOND = SnapshotId(1, 2)
THIRD = SnapshotId(1, 3)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def snapshots(store: MemoryStore) -> SnapshotStore:
    return snapshot_store(store)


def index_at(snapshot: SnapshotId) -> str:
    return layout.index_key(Stage.RAW, GROUP, snapshot)


def archive_at(snapshot: SnapshotId) -> str:
    return layout.archive_key(Stage.RAW, GROUP, snapshot)


# which there are


def test_empty_bucket_has_no_snapshots(snapshots: SnapshotStore) -> None:
    assert snapshots.ids(Stage.RAW, GROUP) == ()
    assert snapshots.newest(Stage.RAW, GROUP) is None
    assert snapshots.newest_complete(Stage.RAW, GROUP) is None
    assert snapshots.damaged(Stage.RAW, GROUP) == ()


def test_ids_ascend_by_number_and_not_by_text(snapshots: SnapshotStore) -> None:
    for number in (SnapshotId(2, 1), SnapshotId(1, 10), SnapshotId(1, 9)):
        commit(snapshots, id=number)

    assert snapshots.ids(Stage.RAW, GROUP) == (SnapshotId(1, 9), SnapshotId(1, 10), SnapshotId(2, 1))


def test_groups_and_stages_are_apart(snapshots: SnapshotStore) -> None:
    commit(snapshots, group=GroupName("shop2"))
    commit(snapshots, stage=Stage.SANITIZED)

    assert snapshots.ids(Stage.RAW, GROUP) == ()
    assert snapshots.ids(Stage.SANITIZED, GROUP) == (FIRST,)
    assert snapshots.ids(Stage.RAW, GroupName("shop2")) == (FIRST,)


def test_archive_without_an_index_is_no_snapshot_but_takes_its_number(
    snapshots: SnapshotStore, store: MemoryStore
) -> None:
    store.put_if_absent(archive_at(SECOND), b"orphan")

    assert snapshots.ids(Stage.RAW, GROUP) == ()
    assert snapshots.next_id(Stage.RAW, GROUP, epoch=1) == THIRD
    assert snapshots.next_id(Stage.RAW, GROUP, epoch=2) == SnapshotId(2, 1)


@pytest.mark.parametrize(
    "key", ["raw/shop/x/index.json", "raw/shop/1-2", "raw/shop/1-2/notes.txt", "raw/shop/01-2/index.json"]
)
def test_strange_keys_are_no_snapshots(snapshots: SnapshotStore, store: MemoryStore, key: str) -> None:
    store.put_if_absent(key, b"")

    assert snapshots.ids(Stage.RAW, GROUP) == ()
    assert snapshots.next_id(Stage.RAW, GROUP, epoch=9) == SnapshotId(9, 1)


def test_highest_epoch_wins_over_highest_generation(snapshots: SnapshotStore) -> None:
    commit(snapshots, id=SnapshotId(1, 99))
    newest = commit(snapshots, id=SnapshotId(2, 1))

    assert snapshots.newest(Stage.RAW, GROUP) == newest


def test_incomplete_snapshot_is_newest_beside_the_newest_complete_one(snapshots: SnapshotStore) -> None:
    complete = commit(snapshots, id=FIRST)
    incomplete = commit(snapshots, id=SECOND, failures=("metrics.k8s.io: 503",))

    assert snapshots.newest(Stage.RAW, GROUP) == incomplete
    assert snapshots.newest_complete(Stage.RAW, GROUP) == complete
    assert snapshots.damaged(Stage.RAW, GROUP) == ()


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"\xff", signed(b"{}"), signed(b"not json")], ids=lambda damage: damage[:9]
)
def test_damaged_index_does_not_hide_the_last_good_snapshot_and_is_told(
    snapshots: SnapshotStore, store: MemoryStore, damage: bytes
) -> None:
    good = commit(snapshots, id=FIRST)
    commit(snapshots, id=SECOND)
    store.objects[index_at(SECOND)] = damage

    survey = snapshots.survey(Stage.RAW, GROUP)

    assert survey.newest == survey.newest_complete == good
    assert [damaged.id for damaged in survey.damaged] == [SECOND]
    assert index_at(SECOND) in survey.damaged[0].reason


def test_index_copied_from_another_snapshot_is_damage(snapshots: SnapshotStore, store: MemoryStore) -> None:
    good = commit(snapshots, id=FIRST)
    store.objects[index_at(SECOND)] = store.objects[index_at(FIRST)]
    store.objects[archive_at(SECOND)] = store.objects[archive_at(FIRST)]

    assert snapshots.newest(Stage.RAW, GROUP) == good
    assert "that of another snapshot: shop 1-1" in snapshots.damaged(Stage.RAW, GROUP)[0].reason


def test_index_without_an_archive_is_damage(snapshots: SnapshotStore, store: MemoryStore) -> None:
    good = commit(snapshots, id=FIRST)
    commit(snapshots, id=SECOND)
    del store.objects[archive_at(SECOND)]

    assert snapshots.newest(Stage.RAW, GROUP) == good
    assert "no archive" in snapshots.damaged(Stage.RAW, GROUP)[0].reason


def test_store_that_does_not_answer_is_not_damage(snapshots: SnapshotStore, store: MemoryStore) -> None:
    commit(snapshots, id=FIRST)
    store.fail("get")

    with pytest.raises(StoreUnavailableError):
        snapshots.newest(Stage.RAW, GROUP)


def test_index_too_large_to_read_is_damage(
    snapshots: SnapshotStore, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = commit(snapshots, id=FIRST)
    commit(snapshots, id=SECOND)
    store.objects[index_at(SECOND)] += bytes(10_000)
    monkeypatch.setattr("kubestandby.snapshot_store.MAX_INDEX_BYTES", 9_000)

    assert snapshots.newest(Stage.RAW, GROUP) == good
    assert "the limit is 9000" in snapshots.damaged(Stage.RAW, GROUP)[0].reason


def test_snapshot_removed_while_looking_is_passed_over(snapshots: SnapshotStore, store: MemoryStore) -> None:
    good = commit(snapshots, id=FIRST)
    commit(snapshots, id=SECOND)
    listed = store.list("raw/")
    store.delete(index_at(SECOND))
    store.list = lambda prefix: [key for key in listed if key.startswith(prefix)]  # type: ignore[method-assign]

    assert snapshots.newest(Stage.RAW, GROUP) == good
    assert snapshots.damaged(Stage.RAW, GROUP) == ()


# one index


def test_index_comes_back_as_committed(snapshots: SnapshotStore, store: MemoryStore) -> None:
    index = commit(snapshots)

    assert snapshots.read_index(Stage.RAW, GROUP, FIRST) == index
    assert snapshots.index_digest(Stage.RAW, GROUP, FIRST) == codec.sha256_hex(store.objects[index_at(FIRST)])


def test_missing_snapshot_is_not_found(snapshots: SnapshotStore) -> None:
    with pytest.raises(SnapshotNotFoundError, match="no raw snapshot shop 1-1 in memory://bucket"):
        snapshots.read_index(Stage.RAW, GROUP, FIRST)
    with pytest.raises(SnapshotNotFoundError):
        snapshots.index_digest(Stage.RAW, GROUP, FIRST)


def test_index_of_a_newer_format_asks_for_an_upgrade(snapshots: SnapshotStore, store: MemoryStore) -> None:
    store_index(store, replace(commit(snapshots), format_version=2))

    with pytest.raises(FormatError, match="format version 2; upgrade kubestandby"):
        snapshots.read_index(Stage.RAW, GROUP, FIRST)


def test_index_whose_entries_were_changed_is_refused(snapshots: SnapshotStore, store: MemoryStore) -> None:
    index = commit(snapshots)
    store_index(store, replace(index, entries=index.entries[1:]))

    with pytest.raises(IntegrityError, match="the digest over its entries"):
        snapshots.read_index(Stage.RAW, GROUP, FIRST)


def store_index(store: MemoryStore, index: SnapshotIndex) -> None:
    store.objects[index_at(index.id)] = signed(codec.encode(index))


# reading the objects


def test_objects_are_those_that_were_committed(snapshots: SnapshotStore) -> None:
    index = commit(snapshots)

    manifests = [object_.manifest for object_ in snapshots.objects(index)]

    assert sorted(map(str, manifests)) == sorted(map(str, three_objects()))
    snapshots.verify(index)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[:-1], "bytes, its index says"),
        (lambda data: b"", "bytes, its index says"),
        (lambda data: data + b"\0", "larger than its index says"),
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "another digest"),
        (lambda data: None, "is missing"),
    ],
    ids=["truncated", "empty", "longer", "flipped", "missing"],
)
def test_damaged_archive_yields_not_a_single_object(
    snapshots: SnapshotStore, store: MemoryStore, damage: "object", said: str
) -> None:
    index = commit(snapshots)
    damaged = damage(store.objects.pop(archive_at(FIRST)))  # type: ignore[operator]
    if damaged is not None:
        store.objects[archive_at(FIRST)] = damaged

    with pytest.raises(IntegrityError, match=said):
        next(snapshots.objects(index))
    with pytest.raises(IntegrityError, match=said):
        snapshots.verify(index)


def test_archive_that_fits_its_digest_but_not_its_entries_yields_not_a_single_object(
    snapshots: SnapshotStore, store: MemoryStore
) -> None:
    index = commit(snapshots)
    one, _, role = three_objects()
    with built(one, config_map("b", key="9"), role) as other:
        store.objects[archive_at(FIRST)] = other.stream.read()
        index = replace(index, archive_sha256=other.sha256, archive_size=other.size)

    with pytest.raises(IntegrityError, match=r"b\.yaml has another digest"):
        next(snapshots.objects(index))
    with pytest.raises(IntegrityError, match=r"b\.yaml has another digest"):
        snapshots.all_objects(index)


def test_all_objects_at_once_are_those_that_come_one_by_one(snapshots: SnapshotStore) -> None:
    index = commit(snapshots)

    assert snapshots.all_objects(index) == list(snapshots.objects(index))


def test_archives_of_two_snapshots_cannot_be_swapped(snapshots: SnapshotStore, store: MemoryStore) -> None:
    first, second = commit(snapshots, id=FIRST), commit(snapshots, config_map(key="2"), id=SECOND)
    one, other = archive_at(FIRST), archive_at(SECOND)
    store.objects[one], store.objects[other] = store.objects[other], store.objects[one]

    for index in (first, second):
        with pytest.raises(IntegrityError):
            next(snapshots.objects(index))


def test_read_that_breaks_off_is_a_passing_error(snapshots: SnapshotStore, store: MemoryStore) -> None:
    class BreakingStream(io.BytesIO):
        def read(self, *_: int | None) -> bytes:
            raise OSError("connection reset")

    index = commit(snapshots)
    store.open = lambda key, *, max_bytes: BreakingStream()  # type: ignore[method-assign]

    with pytest.raises(StoreUnavailableError, match="cannot be read to its end: connection reset"):
        snapshots.verify(index)


def test_limits_hold_before_the_archive_is_read(store: MemoryStore) -> None:
    index = commit(snapshot_store(store))
    calls = len(store.calls)

    with pytest.raises(IntegrityError, match="the limit is 2"):
        next(SnapshotStore(store, keyring(), Limits(objects=2)).objects(index))

    assert len(store.calls) == calls


# committing


def test_archive_is_written_before_the_index(snapshots: SnapshotStore, store: MemoryStore) -> None:
    commit(snapshots)

    assert [call for call in store.calls if call[0] == "put"] == [("put", archive_at(FIRST)), ("put", index_at(FIRST))]


def test_committing_the_same_again_finds_itself_done(snapshots: SnapshotStore, store: MemoryStore) -> None:
    commit(snapshots)
    before = dict(store.objects)

    commit(snapshots)

    assert store.objects == before


def test_number_taken_by_another_writer_is_lost(snapshots: SnapshotStore, store: MemoryStore) -> None:
    commit(snapshots, config_map(key="theirs"))
    before = dict(store.objects)

    for mine in ("mine", "mine" * 1000, ""):
        with pytest.raises(ObjectExistsError):
            commit(snapshots, config_map(key=mine))

    assert store.objects == before


def test_lost_reply_behind_which_another_writer_was_first_is_lost(snapshots: SnapshotStore, store: MemoryStore) -> None:
    commit(snapshots, config_map(key="theirs"))
    store.fail("put", "snapshot.tar.gz")

    with pytest.raises(ObjectExistsError, match="another writer was first"):
        commit(snapshots, config_map(key="mine"))


def test_loser_commits_the_same_archive_under_the_next_number(snapshots: SnapshotStore) -> None:
    commit(snapshots, config_map(key="theirs"), id=FIRST)
    with built(config_map(key="mine")) as archive:
        with pytest.raises(ObjectExistsError):
            snapshots.commit(index_of(archive, id=FIRST), archive)

        snapshots.commit(index_of(archive, id=SECOND), archive)

    snapshots.verify(snapshots.read_index(Stage.RAW, GROUP, SECOND))


def test_of_two_writers_of_the_same_state_one_wins(snapshots: SnapshotStore, store: MemoryStore) -> None:
    winner = commit(snapshots)

    with pytest.raises(ObjectExistsError):
        commit(snapshots, taken_at=NOON + timedelta(seconds=1))

    assert snapshots.newest(Stage.RAW, GROUP) == winner


@pytest.mark.parametrize("key", ["snapshot.tar.gz", "index.json"])
def test_lost_reply_is_settled_by_reading_back(snapshots: SnapshotStore, store: MemoryStore, key: str) -> None:
    store.fail("put", key, after=True)

    index = commit(snapshots)

    assert snapshots.newest(Stage.RAW, GROUP) == index
    snapshots.verify(index)


@pytest.mark.parametrize("key", ["snapshot.tar.gz", "index.json"])
def test_write_that_failed_commits_nothing_and_can_be_repeated(
    snapshots: SnapshotStore, store: MemoryStore, key: str
) -> None:
    good = commit(snapshots, config_map(key="before"), id=FIRST)
    store.fail("put", key)

    with pytest.raises(StoreUnavailableError):
        commit(snapshots, id=SECOND)
    assert snapshots.newest(Stage.RAW, GROUP) == good

    second = commit(snapshots, id=SECOND)
    assert snapshots.newest(Stage.RAW, GROUP) == second


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("key", ["snapshot.tar.gz", "index.json"])
def test_full_disk_says_so_and_the_last_good_snapshot_stays(
    snapshots: SnapshotStore, store: MemoryStore, key: str, after: bool
) -> None:
    good = commit(snapshots, config_map(key="before"), id=FIRST)
    store.fail("put", key, error=StoreError("no space left on device"), after=after)
    store.fail("get", error=StoreError("broken, too"), times=-1)
    store.fail("open", error=StoreError("broken, too"), times=-1)

    with pytest.raises(StoreError, match="no space left"):
        commit(snapshots, id=SECOND)

    store.faults.clear()
    survey = snapshots.survey(Stage.RAW, GROUP)
    assert survey.newest_complete is not None
    assert survey.newest_complete.id in (good.id, SECOND)
    snapshots.verify(survey.newest_complete)


@pytest.mark.parametrize("when", ["_enter", "_leave"])
@pytest.mark.parametrize("call", [1, 2])
def test_crash_at_any_call_leaves_a_whole_snapshot_and_a_rerun_converges(
    snapshots: SnapshotStore, store: MemoryStore, call: int, when: str
) -> None:
    good = commit(snapshots, config_map(key="before"), id=FIRST)

    with killed_at(store, call, when), suppress(Killed):
        commit(snapshots, id=SECOND)

    newest = snapshots.newest(Stage.RAW, GROUP)
    assert newest is not None
    assert newest.id in (good.id, SECOND)
    snapshots.verify(newest)
    assert commit(snapshots, id=SECOND) == snapshots.newest(Stage.RAW, GROUP)


class Killed(BaseException):
    """Whatever the process would still do, it does not."""


@contextmanager
def killed_at(store: MemoryStore, number: int, when: str) -> Iterator[None]:
    """Kills before or after the call of this number takes effect."""
    calls = iter(range(1, 1000))

    def counting(*_: str) -> None:
        if next(calls) == number:
            raise Killed

    setattr(store, when, counting)
    yield
    delattr(store, when)


def test_index_that_is_not_the_archives_writes_nothing(snapshots: SnapshotStore, store: MemoryStore) -> None:
    with built(config_map(key="1")) as archive, built(config_map(key="2")) as other:
        index = index_of(other)

        with pytest.raises(IntegrityError, match="not that of the archive"):
            snapshots.commit(index, archive)

    assert store.objects == {}


# heartbeats


def test_freshest_is_the_latest_heartbeat_of_this_snapshot(snapshots: SnapshotStore) -> None:
    first, second, other = (commit(snapshots, id=id_) for id_ in (FIRST, SECOND, SnapshotId(1, 20)))
    later = NOON + timedelta(minutes=15)
    for time in (later, NOON):
        snapshots.heartbeat(second, time)
    snapshots.heartbeat(other, later + timedelta(hours=1))

    assert snapshots.freshest(second) == later
    assert snapshots.freshest(first) is None


def test_heartbeat_at_the_same_moment_is_written_once(snapshots: SnapshotStore, store: MemoryStore) -> None:
    first = commit(snapshots)

    snapshots.heartbeat(first, NOON)
    snapshots.heartbeat(first, NOON)

    (key,) = [key for key in store.objects if key.startswith("heartbeats/")]
    assert key.startswith("heartbeats/shop/1-1/20261122T120000.000000Z-")


@pytest.mark.parametrize("name", ["tomorrow", "20261122T120000.000000Z", "20261399T120000.000000Z-00", "0Z-ab", "-"])
def test_strange_heartbeats_do_not_count(snapshots: SnapshotStore, store: MemoryStore, name: str) -> None:
    store.put_if_absent(f"heartbeats/shop/1-1/{name}.json", b"")

    assert snapshots.freshest(commit(snapshots)) is None


def test_no_number_of_foreign_heartbeats_hides_a_good_one_or_has_an_object_read(
    snapshots: SnapshotStore, store: MemoryStore
) -> None:
    first = commit(snapshots)
    snapshots.heartbeat(first, NOON)
    for second in range(40):
        name = f"20261122T1201{second:02}.000000Z-{'ab' * 64}"
        store.put_if_absent(f"heartbeats/shop/1-1/{name}.json", b"")
    store.fail("get", "heartbeats/", times=-1)

    assert snapshots.freshest(first) == NOON
