"""Every object that is created becomes one call, and every call is made until it is answered."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubestandby.adapters.file_store import FileStore
from kubestandby.layout import Function
from kubestandby.runtime.bucket_watch import BucketWatch
from kubestandby.runtime.deliveries import Call, Delivered, Deliveries
from kubestandby.runtime.processes import free_port
from kubestandby.runtime.relay import Relay
from tests.e2e.pipeline import wait_for

CALL = Call(Function.EXPORT, "label", {"content-type": "application/json"}, b"{}")


@contextmanager
def relaying(*folders: Path) -> Iterator[Counter[str]]:
    labels: Counter[str] = Counter()
    relay = Relay([f"file://{folder}" for folder in folders], lambda call: labels.update([call.label]))
    relay.start()
    try:
        yield labels
    finally:
        relay.stop()


def test_the_first_object_of_a_bucket_that_did_not_exist_is_noticed(tmp_path: Path):
    with relaying(tmp_path / "new") as labels:
        FileStore(f"file://{tmp_path}/new").put_if_absent("raw/shop/1-1/index.json", b"x")

        assert wait_for(lambda: labels) == {f"file://{tmp_path}/new/raw/shop/1-1/index.json": 1}


def test_every_object_in_new_folders_is_noticed_once(tmp_path: Path):
    store = FileStore(f"file://{tmp_path}/data")
    keys = [f"raw/group-{number % 7}/1-{number + 1}/index.json" for number in range(300)]
    with relaying(tmp_path / "data") as labels:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(store.put_if_absent, keys, [b"x"] * len(keys)))
        wait_for(lambda: len(labels) == len(keys))

    assert set(labels.values()) == {1}


def test_what_was_there_before_is_not_relayed(tmp_path: Path):
    store = FileStore(f"file://{tmp_path}/data")
    store.put_if_absent("raw/shop/1-1/index.json", b"x")
    with relaying(tmp_path / "data") as labels:
        store.put_if_absent("raw/shop/1-2/index.json", b"x")
        wait_for(lambda: labels)

    assert list(labels) == [f"file://{tmp_path}/data/raw/shop/1-2/index.json"]


def test_a_bucket_that_comes_back_is_watched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kubestandby.runtime.bucket_watch._CHECK_EVERY", 1)
    monkeypatch.setattr("kubestandby.runtime.bucket_watch._AGAIN_SECONDS", 0.1)
    (tmp_path / "away").write_text("a file where the folder was")
    with relaying(tmp_path / "data", tmp_path / "away" / "data") as labels:
        (tmp_path / "away").unlink()
        store = FileStore(f"file://{tmp_path}/away/data")
        wait_for(store.root.exists)
        store.put_if_absent("raw/shop/1-1/index.json", b"x")

        assert wait_for(lambda: labels) == {f"{store.url}/raw/shop/1-1/index.json": 1}


def test_a_bucket_whose_links_lead_in_a_circle_does_not_stop_the_watch_of_others(tmp_path: Path):
    (tmp_path / "gone").symlink_to(tmp_path / "gone")

    with relaying(tmp_path / "gone", tmp_path / "data") as labels:
        FileStore(f"file://{tmp_path}/data").put_if_absent("raw/shop/1-1/index.json", b"x")

        assert wait_for(lambda: labels) == {f"file://{tmp_path}/data/raw/shop/1-1/index.json": 1}


def test_polling_stands_in_where_there_are_no_notifications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from kubestandby.runtime import bucket_watch

    watch, polled = bucket_watch.watch, []

    def without_notifications(*paths: Path, **options: Any) -> Any:
        if not options["force_polling"]:
            raise OSError("inotify watch limit reached")
        polled.append(paths)
        return watch(*paths, **options)

    monkeypatch.setattr(bucket_watch, "watch", without_notifications)
    monkeypatch.setattr(bucket_watch, "_AGAIN_SECONDS", 0.05)
    found: list[str] = []
    it = BucketWatch([FileStore(f"file://{tmp_path}/data")], lambda _, key: found.append(key))
    it.start()
    try:
        FileStore(f"file://{tmp_path}/data").put_if_absent("raw/shop/1-1/index.json", b"x")

        assert wait_for(lambda: "raw/shop/1-1/index.json" in found)
        assert polled
    finally:
        it.stop()


class Server:
    """A function that answers with these statuses, then with 200."""

    def __init__(self, *statuses: int, port: int = 0) -> None:
        self.left = list(statuses)
        self.calls = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.calls += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer.left.pop(0) if outer.left else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@contextmanager
def delivering(port_of: Callable[[], int]) -> Iterator[tuple[Deliveries, list[Delivered]]]:
    ended: list[Delivered] = []
    deliveries = Deliveries(lambda _: port_of(), on_end=ended.append)
    deliveries.start()
    try:
        yield deliveries, ended
    finally:
        deliveries.stop()


@pytest.mark.parametrize(
    ("statuses", "last", "attempts"),
    [
        ((), 200, 1),
        ((503, 503, 429), 200, 4),
        ((500, 500), 200, 3),
        ((500,) * 9, 500, 5),
        ((400,), 400, 1),
        ((404,), 404, 1),
    ],
)
def test_the_status_says_whether_a_call_is_made_again(statuses: tuple[int, ...], last: int, attempts: int):
    server = Server(*statuses)
    with delivering(lambda: server.port) as (deliveries, ended):
        deliveries.submit(CALL)
        assert deliveries.wait_until_idle(20)

    assert [(end.status, end.attempts) for end in ended] == [(last, attempts)]


def test_a_function_that_is_not_there_yet_gets_its_call_later():
    port = free_port()
    with delivering(lambda: port) as (deliveries, ended):
        deliveries.submit(CALL)
        assert not deliveries.wait_until_idle(0.5)
        server = Server(port=port)
        assert deliveries.wait_until_idle(20)

    assert [end.status for end in ended] == [200]
    assert server.calls == 1


def test_a_call_under_way_is_not_taken_on_twice():
    server = Server(503)
    with delivering(lambda: server.port) as (deliveries, _):
        taken = [deliveries.submit(CALL) for _ in range(3)]
        assert deliveries.wait_until_idle(20)
        again = deliveries.submit(CALL)

    assert (taken, again) == ([True, False, False], True)


def test_a_call_that_is_given_up_after_its_time_frees_its_label(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kubestandby.runtime.deliveries._GIVE_UP_SECONDS", 0.3)
    with delivering(free_port) as (deliveries, ended):
        deliveries.submit(CALL)
        assert deliveries.wait_until_idle(20)

        assert [end.status for end in ended] == [0]
        assert deliveries.submit(CALL)
