"""The S3 store against a real server that speaks S3, on this machine; and where replies are lost on the way."""

import http.client
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from kubestandby.adapters.s3_store import S3Store
from kubestandby.adapters.stores import open_store
from kubestandby.errors import ObjectExistsError, ObjectTooLargeError, StoreError, StoreUnavailableError
from kubestandby.ports import ObjectStore
from tests.contract.store_suite import KEY, StoreSuite
from tests.fakes.seaweed import Seaweed, seaweed

pytestmark = pytest.mark.xdist_group("s3")


@pytest.fixture(scope="module")
def server() -> Iterator[Seaweed]:
    with seaweed() as running:
        yield running


@pytest.fixture
def bucket(server: Seaweed, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    name = f"b-{uuid.uuid4().hex}"
    made = open_store(server.url(name))
    made.put_if_absent("a", b"")
    made.delete("a")
    return name


class TestS3Store(StoreSuite):
    races = 3

    @pytest.fixture
    def store(self, server: Seaweed, bucket: str) -> ObjectStore:
        return open_store(server.url(bucket))


class TestS3StoreUnderAPrefix(StoreSuite):
    races = 1

    @pytest.fixture
    def store(self, server: Seaweed, bucket: str) -> ObjectStore:
        open_store(server.url(bucket)).put_if_absent("shop-2/raw/x", b"a neighbour's")
        return open_store(server.url(bucket, "/shop"))


def test_a_list_of_more_than_a_page_is_whole(server: Seaweed, bucket: str) -> None:
    store = open_store(server.url(bucket))
    keys = [f"requests/shop/{number:04}" for number in range(1100)]
    for key in keys:
        store.put_if_absent(key, b"")

    assert list(store.list("requests/shop/")) == keys


def test_a_bucket_that_is_not_there_is_named_for_every_call(server: Seaweed, bucket: str) -> None:
    store = open_store(server.url(f"{bucket}-none"))

    for call in (lambda: store.get(KEY, max_bytes=1), lambda: store.list("raw/")):
        with pytest.raises(StoreError, match=f"s3://{bucket}-none.*there is no such bucket; make it"):
            call()


def test_wrong_credentials_are_told_without_them(server: Seaweed, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "quite-another")
    store = open_store(server.url(bucket))

    with pytest.raises(StoreError, match=r"cannot write object a: .*check AWS_ACCESS_KEY_ID") as caught:
        store.put_if_absent("a", b"")

    assert "quite-another" not in str(caught.value)
    assert not isinstance(caught.value, StoreUnavailableError)


def test_what_is_too_large_to_be_put_at_once_is_refused_before_it_is_sent(server: Seaweed, bucket: str) -> None:
    store = S3Store(server.url(bucket), max_object_bytes=10)

    with pytest.raises(ObjectTooLargeError, match="larger than 10 bytes"):
        store.put_if_absent("a", b"x" * 11)

    assert list(store.list("")) == []


class _LosesReplies(BaseHTTPRequestHandler):
    """Passes requests on as they are; the reply to the first put of each key is lost: the connection closes."""

    protocol_version = "HTTP/1.1"
    upstream = ""
    lost: ClassVar[set[str]]

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        if self.command == "PUT" and self.path not in self.lost:
            self.lost.add(self.path)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_PUT = do_GET = do_HEAD = do_DELETE = _pass_on  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def losing(server: Seaweed) -> Iterator[str]:
    """The address of a way to the server on which first replies are lost."""
    handler = type("Handler", (_LosesReplies,), {"upstream": urlsplit(server.endpoint).netloc, "lost": set()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()


def test_a_put_whose_reply_is_lost_has_written_once_and_another_one_is_refused(losing: str, bucket: str) -> None:
    store = open_store(f"s3://{bucket}?endpoint={losing}")

    store.put_if_absent(KEY, b"ours")

    with pytest.raises(ObjectExistsError):
        store.put_if_absent(KEY, b"ours")
    assert store.get(KEY, max_bytes=10) == b"ours"


def test_a_service_that_cannot_be_reached_may_be_there_later(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubestandby.adapters.s3_store._RETRIES", {"max_retries": 0})
    store = open_store(f"s3://{bucket}?endpoint=http://127.0.0.1:9")

    with pytest.raises(StoreUnavailableError, match=r"cannot list raw/\*: .*try again later"):
        store.list("raw/")
