"""The process of one function on one machine: functions-framework over gunicorn, tied to whoever started it.

    python -m kubestandby.runtime.serving export /path/of/functions/export/main.py 8080

What `functions-framework --source ... --target ... --signature-type http` does, but for two things. Standard input is a
lifeline: a pipe whose other end only the starter holds. When it closes, however the starter ended (`kill -9` included),
the whole process group is asked to stop, and after a while made to. And gunicorn's control socket is off: it has one
path per user, over which the three functions would fight.
"""

import os
import signal
import sys
import threading
import time
from typing import Any

_HOST = "127.0.0.1"
_GRACE_SECONDS = 10.0
_ON_CLUSTERS = ("export", "restore")


def main() -> None:
    """Serves the function that the arguments name (name, source file, port) until asked to stop."""
    function, source, port = sys.argv[1:]
    threading.Thread(target=_follow_starter, name="lifeline", daemon=True).start()
    # Late: the lifeline holds while this is imported, and what goes wrong there is told as anything else is.
    from kubestandby.runtime.logs import log_crashes, set_up_logging

    set_up_logging()
    log_crashes()
    from functions_framework import create_app
    from functions_framework._http import create_server

    app = create_app(function, source, "http")  # type: ignore[no-untyped-call]
    create_server(app, debug=False, **_options(function)).run(_HOST, int(port))  # type: ignore[no-untyped-call]


def _options(function: str) -> dict[str, Any]:
    """Settings for gunicorn beyond those of functions-framework, as far as this gunicorn has them."""
    from gunicorn.config import make_settings  # type: ignore[import-untyped]

    from kubestandby.runtime.server_log import logger_class

    wanted = {
        "control_socket_disable": True,
        "graceful_timeout": int(_GRACE_SECONDS),
        "logger_class": logger_class(),
    }
    if function in _ON_CLUSTERS:
        wanted["post_worker_init"] = _load_beside
    known = make_settings()
    return {name: value for name, value in wanted.items() if name in known}


def _load_beside(_worker: object) -> None:
    """What talks to clusters takes a third of a second to import; a process that waits for deliveries has that time."""
    from kubestandby.adapters.kube_sender import load_library

    threading.Thread(target=load_library, name="load", daemon=True).start()


def _follow_starter() -> None:
    # Not through sys.stdin: its lock would be held in the processes that this one forks.
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
