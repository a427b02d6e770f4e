"""The cluster adapter against servers that misbehave on the wire."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubestandby.adapters import kube_cluster, kube_sender
from kubestandby.adapters.kube_cluster import KubeCluster
from kubestandby.adapters.kube_http import RetrySettings
from kubestandby.errors import ClusterUnavailableError
from kubestandby.resources import GVK, ResourceType
from tests.integration.export.real_cluster import cluster_of
from tests.testbed.ports import ReservedPort

CONFIG_MAPS = ResourceType(GVK("", "v1", "ConfigMap"), "configmaps", namespaced=True)
WHOLE = b'{"kind":"ConfigMapList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}'
IMPATIENT = RetrySettings(budget=0.5, first_budget=0.5, first_wait=0.01)


class Faults:
    """Ways to answer, by name."""

    @staticmethod
    def whole(handler: BaseHTTPRequestHandler) -> None:
        _start(handler, len(WHOLE))
        handler.wfile.write(WHOLE)

    @staticmethod
    def whole_in_chunks(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in (WHOLE[:40], WHOLE[40:], b""):
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    @staticmethod
    def cut_off(handler: BaseHTTPRequestHandler) -> None:
        _start(handler, len(WHOLE))
        handler.wfile.write(WHOLE[:40])
        handler.close_connection = True

    @staticmethod
    def cut_off_in_chunks(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"28\r\n" + WHOLE[:40] + b"\r\n")
        handler.close_connection = True

    @staticmethod
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True

    @staticmethod
    def html(handler: BaseHTTPRequestHandler) -> None:
        page = b"<html>maintenance</html>"
        _start(handler, len(page), "text/html")
        handler.wfile.write(page)

    @staticmethod
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "http://127.0.0.1:9/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @staticmethod
    def busy(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", "0")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @staticmethod
    def fall_silent(handler: BaseHTTPRequestHandler) -> None:
        _start(handler, len(WHOLE))
        time.sleep(1)

    @staticmethod
    def drip(handler: BaseHTTPRequestHandler) -> None:
        _start(handler, len(WHOLE))
        for byte in WHOLE[:20]:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)


def _start(handler: BaseHTTPRequestHandler, length: int, sort: str = "application/json") -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", sort)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()


@contextmanager
def server(*script: Any) -> Iterator[str]:
    """Serves the ways to answer in turn, the last one for ever."""
    remaining = list(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            answer(self)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()


def reach(folder: Path, url: str) -> KubeCluster:
    path = folder / "kubeconfig"
    path.write_text(
        f"""
current-context: c
clusters: [{{name: c, cluster: {{server: "{url}"}}}}]
users: [{{name: u, user: {{token: t}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
"""
    )
    return cluster_of(path, retry=IMPATIENT)


def listed(cluster: KubeCluster) -> list[str]:
    return [item["metadata"]["name"] for page in cluster.pages(CONFIG_MAPS) for item in page.items]


FAULTS = [Faults.cut_off, Faults.cut_off_in_chunks, Faults.hang_up, Faults.html, Faults.busy]


@pytest.mark.parametrize("fault", FAULTS)
def test_list_that_fails_once_is_read_whole_the_next_time(fault: Any, tmp_path: Path) -> None:
    with server(fault, Faults.whole) as url:
        assert listed(reach(tmp_path, url)) == ["a"]


@pytest.mark.parametrize("fault", FAULTS)
def test_list_that_keeps_failing_is_an_error_and_never_a_short_list(fault: Any, tmp_path: Path) -> None:
    with server(fault) as url, pytest.raises(ClusterUnavailableError):
        listed(reach(tmp_path, url))


@pytest.mark.parametrize("first", [Faults.whole, Faults.whole_in_chunks, Faults.busy])
def test_connection_is_used_again_however_the_answer_before_told_its_length(first: Any, tmp_path: Path) -> None:
    sockets = []

    def noted(answer: Any) -> Any:
        return lambda handler: sockets.append(handler.connection) or answer(handler)

    with server(noted(first), noted(Faults.whole)) as url:
        cluster = reach(tmp_path, url)
        assert [listed(cluster), listed(cluster)] == [["a"], ["a"]]

    assert len(sockets) > 1
    assert len(set(sockets)) == 1


def test_redirect_is_not_followed(tmp_path: Path) -> None:
    with server(Faults.redirect) as url, pytest.raises(Exception, match="302") as raised:
        listed(reach(tmp_path, url))
    assert "127.0.0.1:9" not in str(raised.value)


def test_server_that_stops_talking_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_sender, "READ_SECONDS", 0.2)
    with server(Faults.fall_silent) as url, pytest.raises(ClusterUnavailableError, match="timed out"):
        listed(reach(tmp_path, url))


def test_answer_that_only_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_sender, "ANSWER_SECONDS", 0.2)
    with server(Faults.drip) as url, pytest.raises(ClusterUnavailableError, match="timed out"):
        listed(reach(tmp_path, url))


def test_page_larger_than_the_limit_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_cluster, "LARGEST_PAGE_BYTES", 50)
    with server(Faults.whole) as url:
        assert listed(reach(tmp_path, url)) == ["a"]


def test_server_where_nobody_listens_is_named_with_the_next_step(tmp_path: Path) -> None:
    port = ReservedPort()
    url = f"http://127.0.0.1:{port.number}"
    with pytest.raises(ClusterUnavailableError, match="connection refused") as raised:
        listed(reach(tmp_path, url))
    port.release()
    assert f"kubeconfig {tmp_path}/kubeconfig" in str(raised.value)
    assert f"check that the API server {url} is up" in str(raised.value)


def test_host_name_that_nobody_knows_is_said(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnavailableError, match="its host name is not known"):
        listed(reach(tmp_path, "http://no-such-host.invalid:6443"))
