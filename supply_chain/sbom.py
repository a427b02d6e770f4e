"""Writes a bill of materials (CycloneDX, JSON) for each thing that is delivered: `python -m supply_chain.sbom dist`.

One for the command line's wheel and one for each function's image, each made from the lock file that it is installed
from. The same lock gives the same bytes.
"""

import subprocess
import sys
from pathlib import Path

from supply_chain.locks import ROOT

DELIVERED = ("cli", "export", "restore", "sanitize")
_MINIMUM_ARGUMENTS = 2


def write_bill(extra: str, folder: Path, root: Path = ROOT, *, validate: bool = True) -> Path:
    """Writes `kubestandby-EXTRA.cdx.json`, held against CycloneDX' schema unless told otherwise; returns its path.

    Raises:
        CalledProcessError: cyclonedx-py refuses; it has said why.
    """
    target = folder / f"kubestandby-{extra}.cdx.json"
    lock, project = root / "requirements" / f"{extra}.txt", root / "pyproject.toml"
    checked = "--validate" if validate else "--no-validate"
    options = ("--pyproject", str(project), "--output-reproducible", "--output-format", "JSON", checked)
    subprocess.run(  # noqa: S603 - our own interpreter and arguments
        # Its warning that the root component has no graph is true: a lock file has none.
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(lock), *options, "-o", str(target)],
        check=True,
    )
    return target


def main() -> None:
    """Writes all bills into the folder that is given."""
    if len(sys.argv) < _MINIMUM_ARGUMENTS:
        sys.exit("usage: python -m supply_chain.sbom FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for extra in DELIVERED:
        print(write_bill(extra, folder))  # noqa: T201 - a command


if __name__ == "__main__":
    main()
