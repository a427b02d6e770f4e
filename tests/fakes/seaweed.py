"""A real S3 server on this machine: SeaweedFS, from PyPI, which honours conditional writes. Not a fake of ours."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
_PORTS = (
    *("master.port", "master.port.grpc", "volume.port", "volume.port.grpc"),
    *("filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc"),
)
_OPTIONS = (
    *(
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ),
    *("-master.telemetry=false", "-master.volumePreallocate=false", "-master.volumeSizeLimitMB=64", "-volume.max=200"),
)
_SOCKETS = "/tmp"
"""Where it makes a socket for each of its ports, whatever it is told."""

_START_SECONDS = 120.0


@dataclass(frozen=True)
class Seaweed:
    """A running server. A bucket is there as soon as something is put into it."""

    endpoint: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Where S3's clients look for credentials."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def url(self, bucket: str, prefix: str = "") -> str:
        """As the configuration names a bucket."""
        return f"s3://{bucket}{prefix}?endpoint={self.endpoint}"


@contextlib.contextmanager
def seaweed() -> Iterator[Seaweed]:
    """Starts the server on free ports of the loopback interface, in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="kubestandby-seaweed-"))
    identity = {"name": "test", "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]}
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    (folder / "s3.json").write_text(json.dumps({"identities": [{**identity, "actions": rights}]}))
    # One volume for a new bucket, not seven: every test has one of its own.
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
    ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
    weed = Path(sys.executable).parent / "weed"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(weed), "-logtostderr=true", "server", f"-dir={folder}", f"-s3.config={folder}/s3.json"),
                *(*_OPTIONS, *(f"-{name}={port}" for name, port in ports.items())),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "HOME": str(folder)},
        )
    try:
        _wait_until_listening(process, ports["s3.port"], folder / "log")
        yield Seaweed(f"http://127.0.0.1:{ports['s3.port']}")
    finally:
        process.kill()  # all that it has goes with it, and an orderly end takes it half a minute
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for port in ports.values():
            for left in Path(_SOCKETS).glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"SeaweedFS does not start: {log.read_text(errors='replace')[-2000:]}")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
