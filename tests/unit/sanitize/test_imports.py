"""Sanitize needs neither the cluster's nor the cloud's SDK."""

import subprocess
import sys


def test_sanitize_loads_neither_kubernetes_nor_oci() -> None:
    loaded = "import functions.sanitize.sanitizer, sys; print(*{name.split('.')[0] for name in sys.modules})"

    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)

    assert not {"kubernetes", "oci", "yaml", "functions_framework"} & set(done.stdout.split())
