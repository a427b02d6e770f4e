"""The platform's side of the Fn contract: starts a function's process, waits for its socket, and calls it.

As the Fn agent does it (fnproject/fn, `api/agent`): the socket's name is looked for until it is there and resolves to a
socket within its own folder; then `POST /call` on connections that are kept open.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
"""Of a loaded test machine; how long it takes on a quiet one is measured, not tested."""


@dataclass(frozen=True)
class FnAnswer:
    """What came back: the transport's status, headers in lower case, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def http_status(self) -> int:
        return int(self.headers["fn-http-status"])


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float = 120) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass
class FnContainer:
    """One running function."""

    function: str
    process: subprocess.Popen[bytes]
    folder: Path
    log: Path
    connection: UnixConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = UnixConnection(self.listener)

    @property
    def listener(self) -> Path:
        return self.folder / "lsnr.sock"

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.listener.exists():
            assert self.process.poll() is None, f"{self.function} ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < deadline, f"{self.function} is not ready: {self.log.read_text()[-2000:]}"
            time.sleep(0.01)
        assert stat.S_ISSOCK(self.listener.stat().st_mode)

    def call(self, body: bytes | dict[str, Any], headers: Mapping[str, str] | None = None, **how: Any) -> FnAnswer:
        """One call on the connection that is kept open; `seconds` is the call's time."""
        return call(self.connection, body, headers, **how)

    def gateway(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> FnAnswer:
        """What the API gateway passes on of a stranger's request."""
        passed = {f"Fn-Http-H-{name}": value for name, value in (headers or {}).items()}
        own = {"Fn-Intent": "httprequest", "Fn-Http-Method": method, "Fn-Http-Request-Url": url}
        return self.call(body, {"Content-Type": "application/json", **passed, **own})

    def lines(self) -> list[dict[str, Any]]:
        """The function's log records."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Asks it to stop, as the platform does, and gives its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)

    def kill(self) -> None:
        """As a container is thrown away: all its processes at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)


def call(
    connection: http.client.HTTPConnection,
    body: bytes | dict[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float = 300,
    call_id: str = "01CALL",
) -> FnAnswer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    own = {
        "fn-call-id": call_id,
        "fn-deadline": end.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        "content-type": "application/json",
    }
    given = {name.lower(): value for name, value in (headers or {}).items()}
    connection.request("POST", "/call", data, {**own, **given})
    answer = connection.getresponse()
    return FnAnswer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


@contextmanager
def container(
    function: str,
    environment: Mapping[str, str],
    *,
    command: tuple[str, ...] = (sys.executable, "-m", "kubestandby.runtime.fn"),
    **how: Any,
) -> Iterator[FnContainer]:
    """A function's process with an environment of its own, ready to be called; ended with the block."""
    with tempfile.TemporaryDirectory(prefix="fn-") as place:
        folder = Path(place) / "iofs"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        Path(place).chmod(0o755)
        log = Path(place) / "log"
        own = {
            "FN_LISTENER": f"unix:{folder}/lsnr.sock",
            "FN_FORMAT": "http-stream",
            "FN_TYPE": "sync",
            "FUNCTION_TARGET": function,
            "FUNCTION_SOURCE": str(ROOT / "functions" / function / "main.py"),
            "PATH": os.environ["PATH"],
        }
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command,
                env={**own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                **how,
            )
        running = FnContainer(function, process, folder, log)
        try:
            running.await_ready()
            yield running
        finally:
            if process.poll() is None:
                running.kill()
            running.connection.close()
