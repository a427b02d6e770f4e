"""One protection group whose configuration, keys, credentials and webhook are canaries too, and its processes."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from kubestandby.cli.main import main
from kubestandby.layout import Function
from kubestandby.runtime.instance import UpInfo
from kubestandby.runtime.local import running
from tests.e2e.canary.canaries import Canaries, parts_of_keys
from tests.e2e.pipeline import wait_for
from tests.fakes.keys import write_keys
from tests.testbed.access import ClusterAccess

HOOK_VARIABLE = "SHOP_HOOK"


@dataclass
class Protected:
    """A group named like its namespace.

    Attributes:
        said: what every command said, by the command.
    """

    folder: Path
    namespace: str
    canaries: Canaries
    said: dict[str, str] = field(default_factory=dict)

    @classmethod
    def between(
        cls, folder: Path, east: ClusterAccess, west: ClusterAccess, namespace: str, canaries: Canaries
    ) -> Protected:
        protected = cls(folder, namespace, canaries)
        for site, cluster in (("east", east), ("west", west)):
            protected.kubeconfig(site).write_text(_with_token(cluster, canaries.at(f"token-{site}")))
        write_keys(folder)
        protected.temporary.mkdir(mode=0o700)
        (folder / "hook.secret").write_text(canaries.at("hook-file"))
        (folder / "shop.yaml").write_text(json.dumps(protected._group()))
        return protected

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def secret_places(self) -> tuple[Path, ...]:
        """Where canaries are by right: what this class and the test have put there."""
        names = ("keys", "hook.secret", "files", "opened", "east.kubeconfig", "west.kubeconfig")
        return tuple(self.folder / name for name in names)

    def kubeconfig(self, site: str) -> Path:
        return self.folder / f"{site}.kubeconfig"

    def key_parts(self) -> Iterator[tuple[str, str]]:
        """Pieces of every private key: of the group's own, and of the clusters' users."""
        for file in (file for file in (self.folder / "keys").rglob("*") if file.is_file()):
            if file.name not in ("trust.json", "root.pub"):
                text = file.read_text()
                yield from ((file.name, part) for part in (*parts_of_keys(text), *re.findall("[0-9a-f]{64}", text)))
        for site in ("east", "west"):
            user = yaml.safe_load(self.kubeconfig(site).read_text())["users"][0]["user"]
            pem = base64.b64decode(user["client-key-data"]).decode()
            yield from ((f"client key of {site}", part) for part in list(parts_of_keys(pem))[:3])

    def run(self, *words: str, stdin: str = "") -> None:
        """Runs a command as a process of its own."""
        ran = subprocess.run(
            [sys.executable, "-m", "kubestandby.cli", *words],
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        self.said[" ".join(words)] = ran.stdout + ran.stderr

    def look(self, *words: str) -> None:
        """Runs a command that only looks, in this process: that is faster."""
        result = CliRunner().invoke(main, ["--config", str(self.folder / "shop.yaml"), *words])
        self.said[" ".join(words)] = result.output + result.stderr + repr(result.exception)

    def up(self) -> subprocess.Popen[bytes]:
        """Starts the functions; whoever does that stops them."""
        with (self.folder / "up.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "kubestandby.cli", "up", "--tick", "2s"],
                env={**self._environment(), HOOK_VARIABLE: self.canaries.at("hook-env")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: running(self.folder / "shop.yaml"), 60)
        return process

    def info(self) -> UpInfo:
        found = running(self.folder / "shop.yaml")
        assert found is not None
        return found

    def kill(self, function: Function) -> None:
        """SIGKILL to every process of a function; `up` starts it again."""
        before = self._started(function)
        os.killpg(before[-1], signal.SIGKILL)
        wait_for(lambda: len(self._started(function)) > len(before), 60)

    def log(self) -> str:
        return Path(self.info().log).read_text()

    def _started(self, function: Function) -> list[int]:
        lines = (json.loads(line) for line in self.log().split("\n")[:-1] if line.startswith("{"))
        return [line["pid"] for line in lines if line["event"] == "function_started" and line["function"] == function]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KUBESTANDBY_CONFIG": str(self.folder / "shop.yaml"),
            "KUBESTANDBY_LOG_LEVEL": "DEBUG",
            "XDG_STATE_HOME": str(self.state),
            "TMPDIR": str(self.temporary),
        }

    def _group(self) -> dict[str, Any]:
        sites = {
            site: {
                "cluster": {"kubeconfig": str(self.kubeconfig(site))},
                "data": f"file://{self.folder}/{site}/data",
                "control": f"file://{self.folder}/{site}/control",
            }
            for site in ("east", "west")
        }
        hook = {"name": "hook", "kind": "gitlab", "secretsFrom": [{"file": "hook.secret"}, {"env": HOOK_VARIABLE}]}
        spec = {
            "namespaces": [self.namespace],
            "sites": sites,
            "primary": "east",
            "standby": "west",
            "restore": {"readyTimeout": "30s", "recreate": ["Secret"]},
            "webhooks": [hook],
        }
        metadata = {"name": self.namespace}
        return {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": metadata, "spec": spec}


def _with_token(cluster: ClusterAccess, token: str) -> str:
    """The cluster's kubeconfig with a token beside the client certificate, which is what the server goes by."""
    config = yaml.safe_load(cluster.kubectl("config", "view", "--raw", "--flatten"))
    config["users"][0]["user"]["token"] = token
    return yaml.safe_dump(config)
