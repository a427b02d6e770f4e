"""Asks pip-audit whether weaknesses of our locked dependencies are known: `python -m supply_chain.audit`.

pip-audit says "no known vulnerabilities" also where an index answers that it knows nothing of a package. So it is first
asked about a version whose weaknesses are long known: where it does not tell them, its data cannot be had here, and the
audit is SKIPPED, which is neither green nor red. Exit status: 0 nothing known, 1 weaknesses, 77 skipped.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supply_chain.locks import ROOT

GOOD, BAD, SKIPPED = 0, 1, 77
KNOWN_BAD = "urllib3==1.24.1"
"""CVE-2019-11324 and others: https://osv.dev/vulnerability/PYSEC-2019-133."""

AUDITED = "dev"
"""The lock that holds all others."""

_TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Answer:
    """What pip-audit said of one file of requirements.

    Attributes:
        weaknesses: `package version: id, fixed in …`.
        unknown: packages that it could not tell anything of.
        failure: why there is no answer at all, "" where there is one.
    """

    packages: int = 0
    weaknesses: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    failure: str = ""


Ask = Callable[[Path], Answer]


def ask(requirements: Path) -> Answer:
    """Has pip-audit look at a file of pinned requirements; installs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "audit.json"
        options = ("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), *options]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
                [*command, "--output", str(output)],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(failure=f"no answer within {_TIMEOUT_SECONDS} seconds")
        if not output.exists():
            return Answer(failure=_last_line(done.stderr) or f"pip-audit ended with status {done.returncode}")
        return read_answer(json.loads(output.read_bytes()))


def read_answer(value: Mapping[str, Any]) -> Answer:
    """pip-audit's JSON (its `--format json`)."""
    entries: Sequence[Mapping[str, Any]] = value["dependencies"]
    return Answer(
        packages=len(entries),
        weaknesses=tuple(_weakness(entry, one) for entry in entries for one in entry.get("vulns", ())),
        unknown=tuple(entry["name"] for entry in entries if "skip_reason" in entry),
    )


def audit(requirements: Path, known_bad: Path, ask: Ask = ask) -> tuple[int, list[str]]:
    """The exit status, and the lines to print."""
    control = ask(known_bad)
    if control.failure:
        return SKIPPED, [f"SKIPPED: the data on weaknesses cannot be had: {control.failure}"]
    if not control.weaknesses:
        return SKIPPED, [f"SKIPPED: the index here knows no weaknesses, not even those of {KNOWN_BAD}"]
    answer = ask(requirements)
    if answer.failure:
        return SKIPPED, [f"SKIPPED: the data on weaknesses cannot be had: {answer.failure}"]
    lines = [f"WEAK: {weakness}" for weakness in answer.weaknesses]
    lines += [f"SKIPPED: nothing is known of {package}" for package in answer.unknown]
    known = answer.packages - len(answer.unknown)
    lines.append(f"{known} of {answer.packages} locked packages audited, {len(answer.weaknesses)} weaknesses known")
    if answer.weaknesses:
        return BAD, lines
    return (SKIPPED if answer.unknown else GOOD), lines


def _weakness(entry: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    fixed = ", ".join(found.get("fix_versions") or ()) or "no version yet"
    return f"{entry['name']} {entry['version']}: {found['id']}, fixed in {fixed}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def main() -> None:
    """Prints what is known, and exits with `GOOD`, `BAD` or `SKIPPED`."""
    with tempfile.TemporaryDirectory() as folder:
        known_bad = Path(folder) / "known-bad.txt"
        known_bad.write_text(f"{KNOWN_BAD}\n")
        status, lines = audit(ROOT / "requirements" / f"{AUDITED}.txt", known_bad)
    print("\n".join(lines))  # noqa: T201 - a command
    sys.exit(status)


if __name__ == "__main__":
    main()
