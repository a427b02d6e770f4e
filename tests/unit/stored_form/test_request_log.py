from dataclasses import replace

import pytest

from kubestandby import layout
from kubestandby.errors import FormatError, ObjectMissingError, StoreUnavailableError, UntrustedRecordError
from kubestandby.layout import Action
from kubestandby.request_log import RequestLog
from kubestandby.request_names import is_continuation
from kubestandby.requests import Outcome, Verdict
from kubestandby.snapshots import GroupName, SiteName, SnapshotId
from tests.fakes.fake_clock import FakeClock
from tests.fakes.keys import request_log
from tests.fakes.memory_store import MemoryStore
from tests.unit.stored_form.samples import GROUP, NOON


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def log(store: MemoryStore, clock: FakeClock) -> RequestLog:
    return request_log(store, clock)


def outcome_of(name: str, verdict: Verdict = Verdict.DONE) -> Outcome:
    return Outcome(group=GROUP, request=name, verdict=verdict, message="done", finished_at=NOON)


def test_request_comes_back_as_submitted(log: RequestLog) -> None:
    request = log.submit(
        GROUP, Action.FAILOVER, origin="operator", snapshot=SnapshotId(1, 7), to=SiteName("west"), mode="hot"
    )

    assert log.read(GROUP, request.name) == request
    assert (request.to, request.snapshot, request.requested_at) == ("west", SnapshotId(1, 7), NOON)


def test_name_holds_time_action_and_id_and_is_a_key(log: RequestLog) -> None:
    name = log.submit(GROUP, Action.EXPORT, origin="timer").name

    time, action, identity = name.split("-")
    assert (time, action, len(identity)) == ("20261122T120000.000000Z", "export", 8)
    parsed = layout.parse_request_key(layout.request_key(GROUP, name))
    assert parsed == layout.RequestKey(GROUP, name, Action.EXPORT)


def test_two_requests_at_the_same_moment_are_two(log: RequestLog) -> None:
    names = {log.submit(GROUP, Action.EXPORT, origin="timer").name for _ in range(20)}

    assert set(log.requests(GROUP)) == names
    assert len(names) == 20


def test_requests_are_listed_oldest_first_and_of_one_group_only(log: RequestLog, clock: FakeClock) -> None:
    names = []
    for action in (Action.RESTORE, Action.EXPORT, Action.PLAN):
        names.append(log.submit(GROUP, action, origin="timer").name)
        clock.advance(0.5)
    log.submit(GroupName("shop2"), Action.EXPORT, origin="timer")

    assert log.requests(GROUP) == tuple(names)


def test_lost_reply_does_not_make_two_requests(log: RequestLog, store: MemoryStore) -> None:
    store.fail("put", after=True)

    request = log.submit(GROUP, Action.EXPORT, origin="timer")

    assert log.requests(GROUP) == (request.name,)


def test_request_that_could_not_be_written_is_an_error(log: RequestLog, store: MemoryStore) -> None:
    store.fail("put")

    with pytest.raises(StoreUnavailableError):
        log.submit(GROUP, Action.EXPORT, origin="timer")

    assert log.requests(GROUP) == ()


@pytest.mark.parametrize("name", ["", "x", "../../x", "20261122T120000Z-explode-1", "a-export-b-c", "a/export-b"])
def test_what_is_no_request_name_is_refused(log: RequestLog, name: str) -> None:
    with pytest.raises(FormatError, match="is not a request's name"):
        log.read(GROUP, name)
    if name:
        with pytest.raises(FormatError, match="is not a request's name"):
            log.submit(GROUP, Action.EXPORT, origin="webhook", continues=name)


def test_missing_request_is_missing(log: RequestLog) -> None:
    with pytest.raises(ObjectMissingError):
        log.read(GROUP, "20261122T120000.000000Z-export-00000000")


def test_request_copied_to_another_key_is_refused(log: RequestLog, store: MemoryStore) -> None:
    request = log.submit(GROUP, Action.EXPORT, origin="timer")
    name = "20261122T120000.000000Z-restore-00000000"
    store.put_if_absent(layout.request_key(GROUP, name), store.objects[layout.request_key(GROUP, request.name)])

    with pytest.raises(UntrustedRecordError, match="was copied to where it is now"):
        log.read(GROUP, name)


def test_strange_objects_among_the_requests_are_not_listed(log: RequestLog, store: MemoryStore) -> None:
    for key in ("requests/shop/notes.txt", "requests/shop/a/b.json", "requests/shop/a-b.json"):
        store.put_if_absent(key, b"")

    assert log.requests(GROUP) == ()


def test_request_is_pending_until_its_outcome_is_written(log: RequestLog) -> None:
    name = log.submit(GROUP, Action.EXPORT, origin="timer").name
    assert log.pending(GROUP) == (name,)
    assert log.outcome(GROUP, name) is None

    log.finish(outcome_of(name))

    assert log.pending(GROUP) == ()
    assert log.outcome(GROUP, name) == outcome_of(name)


def test_first_outcome_stays(log: RequestLog) -> None:
    name = log.submit(GROUP, Action.EXPORT, origin="timer").name
    log.finish(outcome_of(name))

    log.finish(outcome_of(name, Verdict.FAILED))

    assert log.outcome(GROUP, name) == outcome_of(name)


def test_larger_outcome_of_somebody_else_stays_too(log: RequestLog) -> None:
    name = log.submit(GROUP, Action.EXPORT, origin="timer").name
    first = replace(outcome_of(name), message="done " * 100)
    log.finish(first)

    log.finish(outcome_of(name))

    assert log.outcome(GROUP, name) == first


def test_outcome_of_another_request_is_refused(log: RequestLog, store: MemoryStore) -> None:
    name = log.submit(GROUP, Action.EXPORT, origin="timer").name
    other = log.submit(GROUP, Action.EXPORT, origin="timer").name
    log.finish(outcome_of(other))
    store.put_if_absent(layout.outcome_key(GROUP, name), store.objects[layout.outcome_key(GROUP, other)])

    with pytest.raises(UntrustedRecordError, match="was copied to where it is now"):
        log.outcome(GROUP, name)


def test_continuation_counts_as_the_request_that_it_continues(log: RequestLog, clock: FakeClock) -> None:
    origin = log.submit(GROUP, Action.SANITIZE, origin="webhook")
    clock.advance(60)
    second = log.submit(GROUP, Action.SANITIZE, origin="webhook", continues=origin.name, attempt=2)
    clock.advance(60)
    third = log.submit(GROUP, Action.SANITIZE, origin="webhook", continues=origin.name, attempt=3)

    assert [is_continuation(name) for name in log.requests(GROUP)] == [False, True, True]
    assert log.pending(GROUP) == (origin.name,)
    assert log.read(GROUP, third.name).attempt == 3

    log.finish(outcome_of(second.outcome_name))
    assert log.pending(GROUP) == ()
