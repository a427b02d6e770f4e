"""The relay by itself: where it calls, which buckets it looks through, and that it ends with its process."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

from kubestandby.adapters.group_file import load_groups
from kubestandby.errors import ConfigError
from kubestandby.layout import Function
from kubestandby.ports import ObjectStore
from kubestandby.runtime import relaying
from tests.unit.cli.world import EAST, WEST, WorkingClock, World

_BEFORE = "requests/shop/20261122T110000Z-export-a.json"
_ELSEWHERE = "requests/shop/20261122T120000Z-export-c.json"
_NEW = "requests/shop/20261122T130"
_SECONDS = 30


class _Functions(BaseHTTPRequestHandler):
    heard: "Queue[str]"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.heard.put(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def functions() -> Iterator[ThreadingHTTPServer]:
    _Functions.heard = Queue()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Functions) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, WorkingClock())
    monkeypatch.setenv("KUBESTANDBY_CONFIG", str(made.config))
    monkeypatch.setenv("KUBESTANDBY_POLL_SECONDS", "0.1")
    return made


class _Here(relaying.Places):
    """All functions on a port of this machine."""

    def host(self, function: Function) -> str:
        return "127.0.0.1"


def test_what_is_new_at_its_site_is_brought_to_the_function(world: World, functions: ThreadingHTTPServer) -> None:
    stop, here = threading.Event(), _Here(f"http://{{function}}:{functions.server_address[1]}")
    west, east = world.control(WEST), world.control(EAST)
    west.put_if_absent(_BEFORE, b"{}")
    east.put_if_absent(_ELSEWHERE, b"{}")
    thread = threading.Thread(target=relaying.relay, args=("west", here, stop))
    thread.start()
    try:
        heard = next(body for number in range(600) if (body := _heard_of(west, number)))
    finally:
        stop.set()
        thread.join(_SECONDS)

    assert not thread.is_alive()
    assert _NEW in heard
    assert not [other for other in (_BEFORE, _ELSEWHERE) if other in heard]


def _heard_of(store: ObjectStore, number: int) -> str:
    """What is called when one more object is put there; "" while the relay has not begun to look."""
    store.put_if_absent(f"{_NEW}{number:03}-export-b.json", b"{}")
    try:
        return _Functions.heard.get(timeout=0.1)
    except Empty:
        return ""


@pytest.mark.parametrize(
    "address", ["", "http://export", "https://{function}", "http://{function}/path"], ids=["none", "one", "tls", "path"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="KUBESTANDBY_FUNCTION_HOST"):
        relaying.Places(address)


@pytest.mark.parametrize("pause", ["often", "0", "-2"])
def test_a_pause_that_is_none_is_refused_before_anything_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch, pause: str
) -> None:
    monkeypatch.setenv(relaying.POLL_VARIABLE, pause)
    ended = threading.Event()
    ended.set()

    with pytest.raises(ConfigError, match=f"{relaying.POLL_VARIABLE} is '{pause}'; write a number of seconds"):
        relaying.relay("west", relaying.Places("http://{function}"), ended)


def test_addresses() -> None:
    places = relaying.Places("http://{function}.ns.svc.cluster.local:8080")

    assert places.host(Function.EXPORT) == "export.ns.svc.cluster.local"
    assert places.port(Function.EXPORT) == 8080
    assert relaying.Places("http://{function}").port(Function.RESTORE) == 80


def test_buckets_are_those_of_the_site(world: World) -> None:
    groups = load_groups(world.config)

    assert relaying.site_buckets(groups, "west") == [world.data(WEST).url, world.control(WEST).url]
    with pytest.raises(ConfigError, match="east, west"):
        relaying.site_buckets(groups, "north")
