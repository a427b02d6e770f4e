"""What every object store has to do. A store's test module subclasses `StoreSuite` and gives a fixture `store`."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from kubestandby.errors import ObjectExistsError, ObjectMissingError, ObjectTooLargeError, StoreError
from kubestandby.ports import ObjectStore

KEY = "raw/shop/1-1/index.json"
WRITERS = 16


class StoreSuite:
    """The contract of `ports.ObjectStore`."""

    races = 10
    """How often many writers want the same key."""

    def test_object_comes_back_as_it_was_put(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"\x00content\xff")

        assert store.get(KEY, max_bytes=100) == b"\x00content\xff"

    def test_empty_object_is_an_object(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"")

        assert store.get(KEY, max_bytes=0) == b""
        assert list(store.list("")) == [KEY]

    def test_stream_is_put_from_where_it_stands(self, store: ObjectStore) -> None:
        stream = io.BytesIO(b"head" + b"x" * 5_000_000)
        stream.seek(4)

        store.put_if_absent(KEY, stream)

        assert store.get(KEY, max_bytes=5_000_000) == b"x" * 5_000_000

    def test_second_put_is_refused_and_changes_nothing(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"first")

        for again in (b"second", b"first"):
            with pytest.raises(ObjectExistsError, match=KEY):
                store.put_if_absent(KEY, again)

        assert store.get(KEY, max_bytes=100) == b"first"

    def test_missing_object_is_missing(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissingError, match=KEY):
            store.get(KEY, max_bytes=100)
        with pytest.raises(ObjectMissingError, match=KEY):
            store.open(KEY, max_bytes=100)

    def test_object_larger_than_allowed_is_not_read(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"12345")

        with pytest.raises(ObjectTooLargeError, match=KEY):
            store.get(KEY, max_bytes=4)
        with pytest.raises(ObjectTooLargeError, match=KEY), store.open(KEY, max_bytes=4) as stream:
            stream.read()
        assert store.get(KEY, max_bytes=5) == b"12345"

    def test_stream_reads_the_whole_object(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"x" * 3_000_000)

        with store.open(KEY, max_bytes=3_000_000) as stream:
            pieces = list(iter(lambda: stream.read(65_536), b""))

        assert b"".join(pieces) == b"x" * 3_000_000

    def test_list_holds_exactly_the_keys_with_the_prefix_sorted(self, store: ObjectStore) -> None:
        for key in ("raw/shop/1-2/b", "raw/shop/1-10/a", "raw/shop/1-2/a", "raw/shop2/1-1/a", "raw/x", "other"):
            store.put_if_absent(key, b"")

        assert list(store.list("raw/shop/")) == ["raw/shop/1-10/a", "raw/shop/1-2/a", "raw/shop/1-2/b"]
        assert list(store.list("raw/shop/1-2")) == ["raw/shop/1-2/a", "raw/shop/1-2/b"]
        assert list(store.list("raw/sh")) == [*store.list("raw/shop/"), "raw/shop2/1-1/a"]
        assert len(store.list("")) == 6

    def test_list_of_nothing_is_empty(self, store: ObjectStore) -> None:
        assert list(store.list("")) == []
        assert list(store.list("raw/nothing/")) == []

    def test_deleted_object_is_gone_and_its_key_free(self, store: ObjectStore) -> None:
        store.put_if_absent(KEY, b"first")

        store.delete(KEY)

        assert list(store.list("")) == []
        store.put_if_absent(KEY, b"second")
        assert store.get(KEY, max_bytes=100) == b"second"

    def test_deleting_nothing_is_no_error(self, store: ObjectStore) -> None:
        store.delete(KEY)

    def test_of_many_writers_at_once_exactly_one_wins(self, store: ObjectStore) -> None:
        for attempt in range(self.races):
            key = f"race/{attempt}"
            barrier = Barrier(WRITERS)

            def write(number: int, key: str = key, barrier: Barrier = barrier) -> bytes | None:
                content = bytes([number]) * 10_000
                barrier.wait()
                return content if _wins(lambda: store.put_if_absent(key, content)) else None

            with ThreadPoolExecutor(WRITERS) as pool:
                winners = [content for content in pool.map(write, range(WRITERS)) if content is not None]

            assert winners == [store.get(key, max_bytes=10_000)]

    def test_reader_never_sees_a_part_of_an_object(self, store: ObjectStore) -> None:
        seen: list[bytes] = []
        content = b"x" * 2_000_000

        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(lambda: [store.put_if_absent(f"a/{number}", content) for number in range(20)])
            while not writing.done():
                seen += [store.get(key, max_bytes=len(content)) for key in store.list("a/")]
            writing.result()

        assert set(seen) <= {content}

    def test_failure_while_the_stream_is_read_leaves_nothing(self, store: ObjectStore) -> None:
        class BreakingStream(io.BytesIO):
            def read(self, *_: int | None) -> bytes:
                raise OSError("broken")

        with pytest.raises((StoreError, OSError)):
            store.put_if_absent(KEY, BreakingStream())

        assert list(store.list("")) == []
        store.put_if_absent(KEY, b"whole")

    def test_url_is_the_one_of_the_configuration(self, store: ObjectStore) -> None:
        assert "://" in store.url


def _wins(put: Callable[[], None]) -> bool:
    try:
        put()
    except ObjectExistsError:
        return False
    return True
