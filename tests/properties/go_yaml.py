"""Asks Kubernetes' own YAML reader (sigs.k8s.io/yaml) what kubectl would make of a text."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reading:
    """The documents of a text, and why the rest of it cannot be read."""

    documents: list[Any]
    error: str


class GoYaml:
    """The subcommand `yaml-to-json` of the test clusters' binary, kept for as long as a block runs."""

    def __init__(self, binary: Path) -> None:
        self._binary = binary

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [str(self._binary), "yaml-to-json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def read(self, text: str | bytes) -> Reading:
        """What kubectl reads; the text holds no NUL."""
        data = text.encode() if isinstance(text, str) else text
        assert b"\0" not in data
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(data + b"\0")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Reading(answer["documents"], answer.get("error", ""))
