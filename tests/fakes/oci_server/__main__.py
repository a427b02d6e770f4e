"""Runs the server as a process: `python -m tests.fakes.oci_server FOLDER BUCKET@REGION...`.

Writes a profile to the folder, prints the variables that a process of kubestandby needs, one a line, and ends with its
standard input.
"""

import sys
from pathlib import Path

from tests.fakes.oci_server import OciServer


def main(folder: str, *buckets: str) -> None:
    with OciServer() as server:
        for bucket in buckets:
            name, _, region = bucket.partition("@")
            server.add_bucket(name, region)
        for variable, value in server.environment(Path(folder)).items():
            sys.stdout.write(f"{variable}={value}\n")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
