"""The command line as an operator would use it: `up` as a process of its own, and commands run to their end."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from kubestandby.adapters.group_file import CONFIG_VARIABLE
from kubestandby.adapters.system_clock import SystemClock
from kubestandby.cli.demo import pipeline
from kubestandby.cli.progress import Steps
from kubestandby.cli.waiting import wait_for
from kubestandby.errors import StandbyError
from kubestandby.layout import Function
from kubestandby.runtime.local import UpInfo, running

_COMMAND = (sys.executable, "-m", "kubestandby.cli")
_START_SECONDS = 90.0
_STOP_SECONDS = 30.0
_ERRORS_TOLD = 5


class Up:
    """`kubestandby up` as a process, from entering the block to leaving it."""

    def __init__(self, config: Path, log: Path, steps: Steps) -> None:
        self._config = config
        self._log = log
        self._steps = steps
        self._process: subprocess.Popen[bytes] | None = None
        self._info: UpInfo | None = None

    def __enter__(self) -> Self:
        """Starts it; returns when the functions answer.

        Raises:
            StandbyError: it does not come up; the message has the last line of its log.
        """
        with self._steps.doing("starting `kubestandby up`: export, sanitize and restore as three processes"):
            with self._log.open("wb") as log:
                words = [*_COMMAND, "up", "--config", str(self._config)]
                self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603
            late = f"`kubestandby up` does not come up within {_START_SECONDS:.0f} s; its log is {self._log}"
            try:
                self._info = wait_for(self._look, clock=SystemClock(), seconds=_START_SECONDS, late=late)
            except BaseException:
                self._stop()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it."""
        with self._steps.doing("stopping `kubestandby up`"):
            self._stop()

    def _look(self) -> UpInfo | None:
        if self._process is not None and self._process.poll() is not None:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise StandbyError(f"`kubestandby up` ended by itself: {lines[-1] if lines else 'it said nothing'}")
        return running(self._config)

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def functions_log(self) -> Path | None:
        """The file that the functions log to, once they run."""
        return Path(self._info.log) if self._info else None

    def webhook(self, group: str, secret: bytes) -> str:
        """Sends the deployment webhook, as a pipeline would at the end of a release; returns the request's name.

        Raises:
            StandbyError: the export function does not take it.
        """
        if self._info is None:
            raise StandbyError("`kubestandby up` does not run")
        return pipeline.send(self._info.urls[Function.EXPORT], group, secret)


def told_errors(log: Path) -> list[str]:
    """The last errors that the functions logged, one sentence each; nothing where there is no log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    records = [record for record in map(_record, lines) if record.get("level") == "ERROR"]
    sentences = (
        f"{one.get('function', 'runtime')}: {one.get('said') or one.get('message') or one.get('event')}"
        for one in records
    )
    return list(dict.fromkeys(sentences))[-_ERRORS_TOLD:]


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def run_command(words: Sequence[str], config: Path, console: Console) -> int:
    """Runs a command of ours to its end, with the demo's configuration; returns its exit status.

    What it prints goes to the terminal, or to stderr where the demo's own stdout is for one JSON document.
    """
    stdout = sys.stderr if console.stderr else None
    environment = {**os.environ, CONFIG_VARIABLE: str(config)}
    return subprocess.run([*_COMMAND, *words], env=environment, stdout=stdout, check=False).returncode  # noqa: S603
