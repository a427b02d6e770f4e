"""A function's process leaves no core file."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LIMITS = "import resource; print(*resource.getrlimit(resource.RLIMIT_CORE))"


def test_a_functions_process_leaves_no_core_whatever_kills_it() -> None:
    code = f"import functions.sanitize.main; {LIMITS}"
    path = os.pathsep.join([str(ROOT / "shared"), str(ROOT)])

    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["0", "0"]
