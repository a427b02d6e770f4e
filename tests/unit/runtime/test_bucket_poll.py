"""Buckets that tell nobody of new objects are listed."""

import threading

from kubestandby.errors import StoreUnavailableError
from kubestandby.runtime.bucket_poll import BucketPoll, scan
from tests.fakes.memory_store import MemoryStore


def test_an_object_that_comes_is_found_at_the_next_look() -> None:
    store, found, came = MemoryStore(), list[str](), threading.Event()

    def on_object(_bucket: str, key: str) -> None:
        found.append(key)
        came.set()

    poll = BucketPoll([store], ["raw/"], on_object, seconds=0.001)
    poll.start()
    try:
        store.put_if_absent("other/1", b"")
        store.put_if_absent("raw/shop/1-1/index.json", b"")
        assert came.wait(30)
    finally:
        poll.stop()
    assert set(found) == {"raw/shop/1-1/index.json"}


def test_a_bucket_that_cannot_be_read_does_not_hide_another() -> None:
    class Away(MemoryStore):
        def list(self, prefix: str) -> list[str]:
            raise StoreUnavailableError("it is away")

    store, found = MemoryStore(), list[str]()
    store.put_if_absent("raw/a", b"")

    scan([Away(), store], ["requests/", "raw/"], lambda _, key: found.append(key))

    assert found == ["raw/a"]


def test_nothing_to_poll_takes_no_thread() -> None:
    before = threading.active_count()
    poll = BucketPoll([], ["raw/"], lambda *_: None)
    poll.start()
    assert threading.active_count() == before
    poll.stop()
