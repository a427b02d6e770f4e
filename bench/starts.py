"""What starting a function costs: its import in a fresh interpreter, and which SDKs come with it."""

import json
import subprocess
import sys

from kubestandby.layout import Function

from .bare import BenchError

SDKS = ("kubernetes", "oci")
_TRIES = 3
_SCRIPT = """
import time
started = time.perf_counter()
import functions.{function}.main
seconds = time.perf_counter() - started
import json, sys
print(json.dumps([seconds, [sdk for sdk in {sdks!r} if sdk in sys.modules]]))
"""


def imports() -> tuple[dict[str, float], dict[str, list[str]]]:
    """Seconds of each function's import, the best of some tries, and the SDKs that are loaded after it.

    Raises:
        BenchError: a function cannot be imported.
    """
    seconds: dict[str, float] = {}
    sdks: dict[str, list[str]] = {}
    for function in Function:
        tries = [_import(function) for _ in range(_TRIES)]
        seconds[str(function)] = min(took for took, _ in tries)
        sdks[str(function)] = tries[0][1]
    return seconds, sdks


def _import(function: Function) -> tuple[float, list[str]]:
    script = _SCRIPT.format(function=function, sdks=SDKS)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise BenchError(f"functions.{function}.main cannot be imported: {done.stderr.strip()[-300:]}")
    seconds, found = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), [str(name) for name in found]
