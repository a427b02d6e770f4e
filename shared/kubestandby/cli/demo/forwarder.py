"""A loopback TCP forwarder that stands between the demo and the primary cluster, so that the demo can cut it off.

Bytes pass as they are: TLS is end to end, and the client still verifies the cluster's own certificate.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine
from typing import Any

from kubestandby.errors import ConfigError

_BLOCK = 64 * 1024
_START_SECONDS = 10.0


class Forwarder:
    """Forwards 127.0.0.1:`port` to `host`:`to_port` until closed; then every connection breaks and none is taken."""

    def __init__(self, host: str, to_port: int) -> None:
        self._target = (host, to_port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-forwarder", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    def start(self) -> None:
        """Starts to listen on a free port of the loopback address.

        Raises:
            ConfigError: there is none.
        """
        self._thread.start()
        try:
            self._server = self._call(asyncio.start_server(self._forward, "127.0.0.1", 0))
        except OSError as error:
            raise ConfigError(f"the demo cannot listen on the loopback address: {error.strerror}") from error
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Breaks all connections and takes no more; closing twice is fine."""
        if self._server is None:
            return
        self._call(self._cut(self._server))
        self._server = None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_SECONDS)

    async def _cut(self, server: asyncio.Server) -> None:
        server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. Cancelled when the forwarder is closed: that is its end and no error."""
        with contextlib.suppress(asyncio.CancelledError, OSError):
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            ends = {writer, far_writer}
            self._writers |= ends
            try:
                await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
            finally:
                self._writers -= ends
                far_writer.transport.abort()
        writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copies one direction until its end."""
    try:
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
        writer.write_eof()
    except (OSError, RuntimeError):
        writer.transport.abort()


def refusal(host: str, port: int) -> str:
    """Why no connection can be made there; "" where one can."""
    try:
        socket.create_connection((host, port), timeout=_START_SECONDS).close()
    except OSError as error:
        return f"{host}:{port}: {(error.strerror or str(error)).lower()}"
    return ""
