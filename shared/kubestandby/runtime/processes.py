"""One function as a process on this machine: functions-framework on gunicorn, on a port of the loopback interface."""

import contextlib
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep

import kubestandby
from kubestandby.adapters.group_file import CONFIG_VARIABLE
from kubestandby.errors import ConfigError, StandbyError
from kubestandby.layout import Function

_LOG = logging.getLogger(__name__)
HOST = "127.0.0.1"
_STOP_SECONDS = 12.0
_REFUSING_SECONDS = 5.0
"""Long enough for what passes by itself while processes start."""
_FIRST_PAUSE, _LONGEST_PAUSE, _STEADY_SECONDS = 0.2, 30.0, 60.0


class FunctionStartError(StandbyError):
    """A function's process does not come up."""


def functions_folder() -> Path:
    """The folder that holds the functions' folders: in the wheel, or in a checkout beside `shared`.

    Raises:
        ConfigError: they are in neither place.
    """
    package = Path(kubestandby.__file__).resolve().parent
    for folder in (package / "_functions", package.parents[1] / "functions"):
        if all((folder / function / "main.py").is_file() for function in Function):
            return folder
    raise ConfigError(f"the functions' code is not beside {package}; install kubestandby from its wheel or a checkout")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def check_port(port: int) -> None:
    """Checks that a port can be listened on.

    Raises:
        ConfigError: it cannot.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ConfigError(f"port {port} of {HOST} cannot be used ({reason}); give another one") from error


class FunctionProcess:
    """Keeps one function running: starts it, notices when it died, starts it again with growing pauses."""

    def __init__(
        self,
        function: Function,
        config: Path,
        *,
        port: int,
        log: Path,
        site: str = "",
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        """`withheld`: environment variables of this process that are none of the function's business."""
        self.function = function
        self.port = port
        self._config = config
        self._log = log
        self._site = site
        self._withheld = withheld
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_after = 0.0
        self._pause = _FIRST_PAUSE

    @property
    def url(self) -> str:
        """Where the function answers."""
        return f"http://{HOST}:{self.port}/"

    @property
    def pid(self) -> int:
        """The process id, 0 while it is not running. It leads a process group of its own."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Starts the process; it answers a little later."""
        source = functions_folder() / self.function / "main.py"
        # -P: a file of the user's working directory must not stand in for a module of ours.
        command = [
            sys.executable,
            "-P",
            "-m",
            "kubestandby.runtime.serving",
            self.function,
            str(source),
            str(self.port),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        self._started_at = monotonic()
        _LOG.info("function_started", extra={"function": self.function, "pid": self._process.pid, "port": self.port})

    def wait_until_healthy(self, deadline: float) -> None:
        """Waits until it answers that it is this function.

        Raises:
            FunctionStartError: it ended, does not answer before `deadline` (of `time.monotonic`), or says for a while
                that it cannot work: its configuration is wrong then.
        """
        refusing_until = None
        while (status := self._status()) != HTTPStatus.OK:
            refuses = status == HTTPStatus.SERVICE_UNAVAILABLE
            refusing_until = (refusing_until or monotonic() + _REFUSING_SECONDS) if refuses else None
            if not self.pid:
                raise FunctionStartError(f"the {self.function} function does not start; the reason is in {self._log}")
            if monotonic() > min(deadline, refusing_until or deadline):
                said = "cannot work" if refuses else "does not answer"
                raise FunctionStartError(f"the {self.function} function {said}; the reason is in {self._log}")
            sleep(0.05)

    def keep_running(self) -> bool:
        """Starts the process again if it has died and its pause is over; whether it did."""
        if self.pid:
            return False
        if self._process is not None:
            self._bury()
        if monotonic() < self._start_after:
            return False
        self.start()
        return True

    def stop(self) -> None:
        """Asks the process to end, lets it finish what it can, and makes it end."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
        self._kill_group()

    def ask_to_stop(self) -> None:
        """Asks the process to end and does not wait, so that several end at the same time."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def _bury(self) -> None:
        """Clears away what a dead process has left, and decides how long to pause."""
        steady = monotonic() - self._started_at > _STEADY_SECONDS
        self._pause = _FIRST_PAUSE if steady else min(self._pause * 2, _LONGEST_PAUSE)
        self._start_after = monotonic() + self._pause
        code = self._process.returncode if self._process else 0
        _LOG.warning("function_died", extra={"function": self.function, "code": code, "again_in": self._pause})
        self._kill_group()

    def _kill_group(self) -> None:
        """A worker that outlived its parent would hold the port."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()

    def _environment(self) -> dict[str, str]:
        """One worker with eight threads; no time limit of the server's, since a restore waits for workloads."""
        library = str(Path(kubestandby.__file__).resolve().parents[1])
        search = [library, *filter(None, [os.environ.get("PYTHONPATH", "")])]
        site = {"KUBESTANDBY_SITE": self._site} if self._site else {}
        return {
            **{name: value for name, value in os.environ.items() if name not in self._withheld},
            CONFIG_VARIABLE: str(self._config),
            "PYTHONPATH": os.pathsep.join(search),
            "PYTHONUNBUFFERED": "1",
            "WORKERS": "1",
            "THREADS": "8",
            "CLOUD_RUN_TIMEOUT_SECONDS": "0",
            # glibc gives every thread a heap of its own otherwise, and each keeps what it once needed.
            "MALLOC_ARENA_MAX": "2",
            **site,
        }

    def _status(self) -> int:
        """The status of its answer; 0 where there is none, or another process than ours gives it."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = json.loads(answer.read(4096))
            is_foreign = answer.status == HTTPStatus.OK and body.get("function") != self.function
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            return 0
        else:
            return 0 if is_foreign else answer.status
        finally:
            connection.close()
