"""Runs the processes of a control plane."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.testbed.errors import TestbedError

# Agreed with lifeline.go.
LIFELINE = "TESTBED_LIFELINE"
SHOWN_LINES = 20


class Component:
    """One process of a control plane, which cannot outlive this one."""

    def __init__(self, binary: Path, name: str, arguments: Sequence[str], directory: Path) -> None:
        """Describes the process without starting it.

        Args:
            binary: The control plane's binary.
            name: The subcommand.
            arguments: What follows the subcommand.
            directory: Where it runs and where its log is written.
        """
        self.name = name
        self.log = directory / f"{name}.log"
        self._command = [str(binary), name, *arguments]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, or None if it has not been started."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process; its output goes to the end of the log."""
        reading_end, self._lifeline = os.pipe()
        # Nothing else of our environment: variables such as ETCD_… or HTTPS_PROXY would change what it does.
        environment = {"PATH": os.defpath, LIFELINE: str(reading_end), "TMPDIR": str(self._directory)}
        try:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self._directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=[reading_end],
                    start_new_session=True,  # Ctrl-C is for the tests; they decide what ends when
                )
        finally:
            os.close(reading_end)

    def kill(self) -> None:
        """Ends the process at once. Its data is thrown away or, by etcd, already written."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def pause(self) -> None:
        """Makes the process hang, connections kept open, until it is resumed."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused process go on."""
        self._signal(signal.SIGCONT)

    def check_alive(self) -> None:
        """Raises a TestbedError with the last lines of the log if the process has ended by itself."""
        if self._process and self._process.poll() is not None:
            message = f"{self.name} ended with status {self._process.returncode}; its log ends with:\n{self.log_end()}"
            raise TestbedError(message)

    def log_end(self) -> str:
        """The last lines of the log."""
        with contextlib.suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
        return "(there is no log)"

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise TestbedError(f"{self.name} is not running.")
        self._process.send_signal(number)
