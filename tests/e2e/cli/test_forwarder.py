"""The demo's forwarder over real sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest

from kubestandby.cli.demo.forwarder import Forwarder, refusal

SECONDS = 10


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that answers every block with itself; gives its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _answer(connection: socket.socket) -> None:
    with connection:
        while block := connection.recv(65_536):
            connection.sendall(block)


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def _received(connection: socket.socket, size: int) -> bytes:
    blocks = bytearray()
    while len(blocks) < size:
        blocks += connection.recv(65_536)
    return bytes(blocks)


def _has_ended(connection: socket.socket) -> bool:
    with connection:
        try:
            return connection.recv(1) == b""
        except ConnectionError:
            return True


def test_bytes_pass_both_ways_in_order(echo: int) -> None:
    forwarder = Forwarder("127.0.0.1", echo)
    forwarder.start()
    sent = bytes(range(256)) * 4096

    with _connected(forwarder.port) as connection:
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        assert _received(connection, len(sent)) == sent
    forwarder.close()


def test_closing_breaks_open_connections_and_takes_no_more(echo: int) -> None:
    forwarder = Forwarder("127.0.0.1", echo)
    forwarder.start()
    connection = _connected(forwarder.port)
    connection.sendall(b"hello")
    assert _received(connection, 5) == b"hello"

    forwarder.close()

    assert _has_ended(connection)
    assert "refused" in refusal("127.0.0.1", forwarder.port)
    forwarder.close()


def test_a_target_that_is_not_there_closes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    forwarder = Forwarder("127.0.0.1", port)
    forwarder.start()

    assert _has_ended(_connected(forwarder.port))
    forwarder.close()
