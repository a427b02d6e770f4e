"""What the OCI store does when the service, or the way to it, fails."""

import hashlib
import io
from pathlib import Path

import pytest

from kubestandby.adapters.oci import endpoints
from kubestandby.adapters.oci.calling import Caller
from kubestandby.adapters.oci.object_store import OciStore
from kubestandby.errors import ObjectExistsError, StoreError, StoreUnavailableError
from tests.fakes.oci_server import OciServer
from tests.fakes.oci_server.faults import Fault
from tests.fakes.oci_server.object_storage import RIGHTS
from tests.fakes.oci_server.wire import Answer, as_json
from tests.unit.oci.conftest import URL

KEY = "raw/shop/1-1/index.json"
LARGE = bytes(range(256)) * 20_000


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(server: OciServer, store: OciStore, status: int) -> None:
    server.fail(Fault("PUT", status=status, times=2))
    server.fail(Fault("GET", status=status, times=2))

    store.put_if_absent(KEY, b"content")

    assert store.get(KEY, max_bytes=100) == b"content"


def test_conflict_of_writers_at_the_same_moment_is_tried_again(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("PUT", status=409, code="ConcurrentObjectUpdate", times=3))

    store.put_if_absent(KEY, b"content")

    assert store.get(KEY, max_bytes=100) == b"content"


def test_other_conflict_is_an_error_at_once(server: OciServer, store: OciStore, waits: list[float]) -> None:
    server.fail(Fault("PUT", status=409, code="NotAllowed"))

    with pytest.raises(StoreError, match=r"cannot write object raw/shop/1-1/index.json: it answered 409 NotAllowed"):
        store.put_if_absent(KEY, b"content")

    assert waits == []


def test_wait_is_as_long_as_the_service_asks(server: OciServer, store: OciStore, waits: list[float]) -> None:
    server.fail(Fault("GET", status=429, code="TooManyRequests", headers={"retry-after": "7"}))

    store.list("")

    assert waits == [7.25]


def test_waits_grow_and_end_with_the_budget(server: OciServer, store: OciStore, waits: list[float]) -> None:
    server.fail(Fault("GET", status=503, code="ServiceUnavailable", times=-1))

    with pytest.raises(StoreUnavailableError, match=r"cannot list raw/.*503 ServiceUnavailable; try again later"):
        store.list("raw/")

    assert waits[:6] == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    assert sum(waits) <= 30


def test_put_whose_reply_is_lost_is_known_to_be_ours(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("PUT", lost=True))

    store.put_if_absent(KEY, b"content")

    assert store.get(KEY, max_bytes=100) == b"content"
    assert [method for method, _ in server.requests] == ["PUT", "PUT", "HEAD", "GET"]


def test_put_whose_reply_is_lost_is_not_taken_for_that_of_another_with_the_same_bytes(
    server: OciServer, store: OciStore
) -> None:
    store.put_if_absent(KEY, b"content")
    server.fail(Fault("PUT", lost=True, done=False))

    with pytest.raises(ObjectExistsError, match=KEY):
        store.put_if_absent(KEY, b"content")


def test_put_of_which_nobody_can_tell_whether_it_was_done_is_unavailable(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("PUT", lost=True))
    server.fail(Fault("HEAD", status=503, times=-1))

    with pytest.raises(
        StoreUnavailableError, match=r"does not tell whether object raw/shop/1-1/index.json was written"
    ):
        store.put_if_absent(KEY, b"content")


def test_put_that_never_gets_an_answer_is_unavailable(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("PUT", lost=True, done=False, times=-1))

    with pytest.raises(StoreUnavailableError, match="the connection broke off"):
        store.put_if_absent(KEY, b"content")


def test_body_that_breaks_off_is_read_on_from_there(server: OciServer, store: OciStore) -> None:
    store.put_if_absent(KEY, LARGE)
    server.fail(Fault("GET", cut=1_000_000))
    server.fail(Fault("GET", cut=0))
    server.fail(Fault("GET", cut=2_000_001))

    with store.open(KEY, max_bytes=len(LARGE)) as stream:
        pieces = list(iter(lambda: stream.read(65_536), b""))

    assert b"".join(pieces) == LARGE
    assert len([method for method, _ in server.requests if method == "GET"]) == 4


def test_body_that_stalls_is_read_on_from_there(
    server: OciServer, store: OciStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_if_absent(KEY, LARGE)
    monkeypatch.setattr(endpoints, "READ_SECONDS", 0.5)
    monkeypatch.setattr(endpoints, "_CLIENTS", {})
    server.fail(Fault("GET", stalled=1_000_000))

    assert store.get(KEY, max_bytes=len(LARGE)) == LARGE


def test_body_that_breaks_off_again_and_again_is_unavailable(server: OciServer, store: OciStore) -> None:
    store.put_if_absent(KEY, LARGE)
    server.fail(Fault("GET", cut=0, times=-1))

    with pytest.raises(
        StoreUnavailableError, match=r"cannot read object raw/shop/1-1/index.json: the connection broke"
    ):
        store.get(KEY, max_bytes=len(LARGE))


def test_object_that_is_replaced_while_it_is_read_is_never_mixed(server: OciServer, store: OciStore) -> None:
    store.put_if_absent(KEY, LARGE)
    server.fail(Fault("GET", cut=1_000_000))

    with store.open(KEY, max_bytes=len(LARGE)) as stream:
        stream.read(1)
        store.delete(KEY)
        store.put_if_absent(KEY, LARGE[::-1])
        with pytest.raises(StoreError, match="412 IfMatchFailed"):
            stream.read()


def test_list_goes_through_every_page(server: OciServer, store: OciStore) -> None:
    server.add_bucket("east-data").page_keys = 2
    keys = [f"raw/shop/1-{number}/index.json" for number in range(7)]
    for key in keys:
        store.put_if_absent(key, b"")

    assert list(store.list("raw/")) == keys
    assert len([method for method, _ in server.requests if method == "GET"]) == 4


def test_list_that_goes_in_a_circle_is_unavailable(
    server: OciServer, store: OciStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = {"objects": [{"name": "raw/a"}], "nextStartWith": "raw/a"}
    monkeypatch.setattr(server.storage, "list", lambda bucket, request: as_json(page))

    with pytest.raises(StoreUnavailableError, match="repeats a page of its list"):
        store.list("raw/")


def test_missing_bucket_is_an_error_and_not_an_empty_one(store: OciStore, caller: Caller) -> None:
    elsewhere = OciStore("oci://axtest/no-such?region=us-ashburn-1", caller)

    for attempt in (lambda: elsewhere.list(""), lambda: elsewhere.get(KEY, max_bytes=9), lambda: elsewhere.delete(KEY)):
        with pytest.raises(StoreError, match="no such bucket in that region, or this process has no right") as raised:
            attempt()
        assert not raised.value.transient
        assert type(raised.value) is StoreError


def test_bucket_is_of_one_region(server: OciServer, caller: Caller) -> None:
    server.add_bucket("east-data", "eu-frankfurt-1")
    OciStore(URL, caller).put_if_absent(KEY, b"ashburn")
    other = OciStore("oci://axtest/east-data?region=eu-frankfurt-1", caller)

    assert list(other.list("")) == []


def test_right_that_is_on_its_way_is_waited_for(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("PUT", status=404, code="BucketNotFound", times=2))

    store.put_if_absent(KEY, b"content")

    assert store.get(KEY, max_bytes=100) == b"content"


def test_right_to_create_is_enough_to_create_and_to_lose(server: OciServer, store: OciStore) -> None:
    server.add_bucket("east-data").rights = frozenset({"OBJECT_CREATE", "OBJECT_INSPECT"})

    store.put_if_absent(KEY, b"content")

    with pytest.raises(ObjectExistsError):
        store.put_if_absent(KEY, b"other")


def test_missing_right_is_a_sentence_with_the_next_step(server: OciServer, store: OciStore) -> None:
    server.add_bucket("east-data").rights = RIGHTS - {"OBJECT_CREATE"}

    with pytest.raises(StoreError, match=r"cannot write object .*: it answered 404 BucketNotFound; .*docs/oci.md"):
        store.put_if_absent(KEY, b"content")


def test_signature_that_is_refused_is_a_sentence_with_the_next_step(server: OciServer, store: OciStore) -> None:
    server.identities.known.clear()

    with pytest.raises(StoreError, match=r"401 NotAuthenticated; check who this process is \(KUBESTANDBY_OCI_AUTH\)"):
        store.list("")


def test_service_that_is_not_there_is_unavailable(store: OciStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(endpoints.ENDPOINTS_VARIABLE, "http://127.0.0.1:9/{service}/{region}")

    with pytest.raises(StoreUnavailableError, match="connection refused; check the region in the URL"):
        store.list("")


def test_put_asks_for_no_answer_before_its_body(
    server: OciServer, store: OciStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, seen = server.answer, []
    monkeypatch.setattr(server, "answer", lambda request: seen.append(request.headers) or answer(request))

    store.put_if_absent(KEY, b"content")

    assert "expect" not in seen[0]


class TestProxyInBetween:
    """Somebody answers 200 to everything, with a page for people."""

    @pytest.fixture(autouse=True)
    def proxy(self, server: OciServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            server, "answer", lambda request: Answer(200, {"content-type": "text/html"}, b"<p>Sign in</p>")
        )

    def test_its_answer_is_no_object(self, store: OciStore) -> None:
        with pytest.raises(StoreUnavailableError, match="with what the service does not say; check for a proxy"):
            store.get(KEY, max_bytes=100)

    def test_its_answer_is_no_list(self, store: OciStore) -> None:
        with pytest.raises(StoreUnavailableError, match="with what the service does not say"):
            store.list("raw/")

    def test_its_answer_is_no_success_of_a_put(self, store: OciStore) -> None:
        with pytest.raises(StoreUnavailableError, match="with what the service does not say"):
            store.put_if_absent(KEY, b"content")


def test_message_of_the_service_is_not_repeated(server: OciServer, store: OciStore) -> None:
    server.fail(Fault("GET", status=400, code="InvalidParameter"))

    with pytest.raises(StoreError) as raised:
        store.list("")

    assert "InvalidParameter." not in str(raised.value)
    assert "\n" not in str(raised.value)


class TestParts:
    @pytest.fixture
    def store(self, server: OciServer, caller: Caller) -> OciStore:
        server.multipart.smallest_part = 1_000_000
        return OciStore(URL, caller, single_put_bytes=1_000_000, part_bytes=1_000_000)

    def test_large_object_comes_in_parts_with_our_digest(self, server: OciServer, store: OciStore) -> None:
        store.put_if_absent(KEY, io.BytesIO(LARGE))

        bucket = server.storage.bucket("us-ashburn-1", "axtest", "east-data")
        assert bucket.objects[KEY].data == LARGE
        assert bucket.objects[KEY].metadata["opc-meta-kubestandby-sha256"] == hashlib.sha256(LARGE).hexdigest()
        assert len([target for method, target in server.requests if "uploadPartNum" in target]) == 6

    def test_part_that_fails_is_sent_again_from_its_start(self, server: OciServer, store: OciStore) -> None:
        server.fail(Fault("PUT", target="uploadPartNum=2", status=503))
        server.fail(Fault("PUT", target="uploadPartNum=3", lost=True))

        store.put_if_absent(KEY, io.BytesIO(LARGE))

        assert store.get(KEY, max_bytes=len(LARGE)) == LARGE

    def test_commit_whose_reply_is_lost_is_known_to_be_ours(self, server: OciServer, store: OciStore) -> None:
        server.fail(Fault("POST", target="uploadId=", lost=True))

        store.put_if_absent(KEY, io.BytesIO(LARGE))

        assert store.get(KEY, max_bytes=len(LARGE)) == LARGE

    def test_who_commits_second_loses_and_leaves_nothing(self, server: OciServer, store: OciStore) -> None:
        bucket = server.storage.bucket("us-ashburn-1", "axtest", "east-data")

        class OvertakenStream(io.BytesIO):
            """Another writer commits while the last part is being read."""

            def read(self, size: int | None = -1) -> bytes:
                if self.tell() >= 5_000_000 and bucket.uploads and not bucket.objects:
                    OciStore(URL).put_if_absent(KEY, b"first")
                return super().read(size)

        with pytest.raises(ObjectExistsError):
            store.put_if_absent(KEY, OvertakenStream(LARGE))

        assert bucket.objects[KEY].data == b"first"
        assert bucket.uploads == {}

    def test_existing_object_is_known_before_anything_is_sent(self, server: OciServer, store: OciStore) -> None:
        store.put_if_absent(KEY, b"first")

        with pytest.raises(ObjectExistsError):
            store.put_if_absent(KEY, io.BytesIO(LARGE))

        assert not [target for _, target in server.requests if "uploadPartNum" in target]

    def test_missing_right_to_put_parts_is_a_sentence_that_names_it(self, server: OciServer, store: OciStore) -> None:
        server.add_bucket("east-data").rights = RIGHTS - {"OBJECT_OVERWRITE"}

        with pytest.raises(
            StoreError, match=r"of 4 MiB: what is larger .* takes the right OBJECT_OVERWRITE, too \(large"
        ):
            store.put_if_absent(KEY, io.BytesIO(LARGE))

    def test_failed_upload_is_given_up(self, server: OciServer, store: OciStore) -> None:
        server.fail(Fault("PUT", target="uploadPartNum=3", status=400, code="InvalidUploadPart", times=-1))

        with pytest.raises(StoreError, match="400 InvalidUploadPart"):
            store.put_if_absent(KEY, io.BytesIO(LARGE))

        assert server.storage.bucket("us-ashburn-1", "axtest", "east-data").uploads == {}


def test_stream_that_cannot_go_back_is_put_whole(store: OciStore, tmp_path: Path) -> None:
    class OneWay(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    store.put_if_absent(KEY, OneWay(LARGE))

    assert store.get(KEY, max_bytes=len(LARGE)) == LARGE
