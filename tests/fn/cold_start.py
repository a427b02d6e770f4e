"""What docs/functions.md says of images, measured: size, seconds until the socket is there, memory.

The seconds are those of a quiet machine: the least of several starts.
"""

from __future__ import annotations

import sys
import time

from functions.image.contents import FUNCTIONS
from tests.fn.images import Image, build, memory_megabytes, open_folder

STARTS = 5


def main() -> None:
    _say(f"{'function':10}{'megabytes':>10}{'ready s':>10}{'PSS MB':>10}{'after SDKs':>12}")
    for function in FUNCTIONS:
        with open_folder() as folder:
            image = build(function, folder)
            starts = [_start(image) for _ in range(STARTS)]
        ready, memory, grown = min(seconds for seconds, _, _ in starts), starts[0][1], starts[0][2]
        _say(f"{function:10}{image.assembled.megabytes:10.1f}{ready:10.2f}{memory:10.1f}{grown:12.1f}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _start(image: Image) -> tuple[float, float, float]:
    """Seconds until it is ready, and what it takes then and after a first call that opens a store in OCI."""
    principal = {"OCI_RESOURCE_PRINCIPAL_VERSION": "2.2", "OCI_RESOURCE_PRINCIPAL_REGION": "us-ashburn-1"}
    principal["KUBESTANDBY_OCI_ENDPOINTS"] = "http://127.0.0.1:9/{service}/{region}"
    config = f"oci://ns/control?region=us-ashburn-1#config/{'0' * 64}.yaml"
    begun = time.monotonic()
    with image.run({"KUBESTANDBY_CONFIG": config, **principal}) as running:
        ready = time.monotonic() - begun
        before = memory_megabytes(running.process.pid)
        running.gateway("GET", "/")
        return ready, before, memory_megabytes(running.process.pid)


if __name__ == "__main__":
    main()
