"""Loopback ports that nobody else can take before their server starts."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


class ReservedPort:
    """A free port, kept free for a server that binds it with SO_REUSEPORT.

    The socket of the reservation never listens, so it gets no connections; it
    only makes the kernel hand the port to nobody else, also between the end of
    a server and its restart.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind((LOOPBACK, 0))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Gives the port back."""
        self._socket.close()
