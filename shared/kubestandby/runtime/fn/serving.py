"""The process of one function on OCI Functions: functions-framework's app behind the Fn contract, over gunicorn.

The socket is bound beside the one that the platform waits for, opened to everybody, and only when the app is loaded
linked to the name that it knows: from then on the container counts as ready (fnproject/docs, `fn-format.md`).

One process answers, one request at a time, and nothing is begun of its own accord: an idle container is frozen, and a
clock that then jumps must not look like a worker that hangs (`timeout` 0) or a connection that nobody uses
(`keepalive`).
"""

import os
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from kubestandby.adapters.system_clock import SystemClock
from kubestandby.errors import ConfigError

LISTENER_VARIABLE = "FN_LISTENER"
FORMAT_VARIABLE = "FN_FORMAT"
FORMAT = "http-stream"
MAX_PATH_BYTES = 107
"""Of a unix socket's path (unix(7), `sun_path`, with its closing zero)."""

_SCHEME = "unix:"
_PHONY = "phony"
_GRACE_SECONDS = 20
_KEEP_SECONDS = 7 * 86_400
_MOST_HEADERS = 32_768
_LONGEST_HEADER = 1 << 20
"""More than any gateway lets through: gunicorn would answer with a status that costs the container."""


def listener_path() -> Path:
    """Where the platform expects the socket.

    Raises:
        ConfigError: the environment is not that of OCI Functions.
    """
    form = os.environ.get(FORMAT_VARIABLE, FORMAT)
    if form != FORMAT:
        raise ConfigError(f"{FORMAT_VARIABLE} is {form[:40]!r}; only {FORMAT} is spoken here")
    listener = os.environ.get(LISTENER_VARIABLE, "")
    path = Path(listener.removeprefix(_SCHEME))
    if not listener.startswith(_SCHEME) or not path.is_absolute():
        raise ConfigError(f"{LISTENER_VARIABLE} is not set to unix:/absolute/path; the platform sets it")
    if len(os.fsencode(_phony(path))) > MAX_PATH_BYTES:
        raise ConfigError(f"{LISTENER_VARIABLE} is too long for a unix socket; at most {MAX_PATH_BYTES - 5} bytes")
    return path


def serve(function: str, source: Path, listener: Path) -> None:
    """Serves the function until SIGTERM; the request under way is answered first."""
    # Late: what is wrong with the environment is said before all this is loaded.
    from functions_framework import create_app
    from functions_framework._http import create_server

    from kubestandby.runtime.fn.contract import FnContract

    app = create_app(function, str(source), "http")  # type: ignore[no-untyped-call]
    stopping = threading.Event()
    app.wsgi_app = FnContract(app.wsgi_app, SystemClock(), stopping.is_set)
    options = _options(listener, stopping)
    create_server(app, debug=False, **options).run("", 0)  # type: ignore[no-untyped-call]


def _options(listener: Path, stopping: threading.Event) -> dict[str, Any]:
    """Gunicorn's settings. One that it does not know ends the process: none of them can be done without."""
    from gunicorn.config import make_settings  # type: ignore[import-untyped]

    from kubestandby.runtime.server_log import logger_class

    # Newer ones listen for commands in a file of the user's home, unless they are told not to.
    silent = {"control_socket_disable": True} if "control_socket_disable" in make_settings() else {}
    return {
        **silent,
        "bind": f"{_SCHEME}{_phony(listener)}",
        "workers": 1,
        "threads": 1,
        "worker_class": "gthread",  # the only one with a single thread that keeps connections open
        "timeout": 0,
        "keepalive": _KEEP_SECONDS,
        "graceful_timeout": _GRACE_SECONDS,
        "limit_request_fields": _MOST_HEADERS,
        "limit_request_field_size": _LONGEST_HEADER,
        "logger_class": logger_class(),
        "post_worker_init": _when_ready(listener, stopping),
        "on_exit": lambda _: listener.unlink(missing_ok=True),
    }


def _phony(listener: Path) -> Path:
    return listener.with_name(f"{_PHONY}{listener.name}")


def _when_ready(listener: Path, stopping: threading.Event) -> Callable[[Any], None]:
    def ready(_: Any) -> None:
        _stop_work_on_sigterm(stopping)
        link_listener(listener)

    return ready


def _stop_work_on_sigterm(stopping: threading.Event) -> None:
    """Work under way stops at its next safe point, so that the grace is enough to write down how far it came."""
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)


def link_listener(listener: Path) -> None:
    """Opens the socket to everybody, and shows it under the name that the platform waits for.

    Raises:
        ConfigError: there is something else of that name.
    """
    phony = _phony(listener)
    phony.chmod(0o666)
    if listener.is_symlink():
        listener.unlink()
    elif listener.exists():
        kind = stat.filemode(listener.stat().st_mode)
        raise ConfigError(
            f"{listener} is there already ({kind}); the platform gives every container a folder of its own"
        )
    # Relative: the platform sees the folder under another path than the container.
    listener.symlink_to(phony.name)
