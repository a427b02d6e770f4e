"""Runs a Python module so that it does not outlive whoever started it.

    python -m kubestandby.runtime.lifeline functions_framework --target export ...

Standard input is the lifeline: a pipe whose other end only the starter holds. When it closes, however the starter ended
(`kill -9` included), the whole process group is asked to stop, and after a while made to.
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 10.0


def main() -> None:
    """Ties this process group to standard input, then becomes the module named by the first argument."""
    threading.Thread(target=_follow, name="lifeline", daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _follow() -> None:
    # Not through sys.stdin: its lock would be held in the processes that this one forks.
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
