"""The demo's private folder: two sites' stores, the kubeconfig through the forwarder, the configuration, the log."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from kubestandby.cli.demo import pipeline
from kubestandby.groups import API_VERSION, ClusterAccess, RestoreMode
from kubestandby.resources import GVK, ObjectRef

PRIMARY_SITE = "east"
STANDBY_SITE = "west"


class Workspace:
    """A folder that only this user may read: stores hold Secrets, and the kubeconfig holds credentials."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kubestandby-demo-"))
        self.config = self.folder / "demo.yaml"
        self.log = self.folder / "up.log"
        self.kubeconfig = self.folder / "primary.kubeconfig"
        self.webhook_secret = pipeline.new_secret()
        self._lost = self.folder / "lost"

    def write_kubeconfig(self, data: bytes) -> ClusterAccess:
        """Writes the kubeconfig of the primary, readable by its owner only."""
        _write_private(self.kubeconfig, data)
        return ClusterAccess(kubeconfig=self.kubeconfig)

    def write_config(
        self,
        group: str,
        namespaces: Sequence[str],
        standby: ClusterAccess,
        mode: RestoreMode,
        include: Sequence[ObjectRef] = (),
    ) -> None:
        """Writes the configuration of the one group; `include` are cluster-scoped objects that belong to it by name."""
        primary = ClusterAccess(kubeconfig=self.kubeconfig)
        secret = self.folder / "webhook.secret"
        _write_private(secret, self.webhook_secret)
        document = {
            "apiVersion": API_VERSION,
            "kind": "ProtectionGroup",
            "metadata": {"name": group},
            "spec": {
                "namespaces": list(namespaces),
                "include": [{"kind": _kind(ref.gvk), "name": ref.name} for ref in include],
                "sites": {
                    PRIMARY_SITE: self._site(PRIMARY_SITE, primary),
                    STANDBY_SITE: self._site(STANDBY_SITE, standby),
                },
                "primary": PRIMARY_SITE,
                "standby": STANDBY_SITE,
                "restore": {"mode": str(mode)},
                "webhooks": pipeline.settings(secret),
            },
        }
        _write_private(self.config, yaml.safe_dump(document, sort_keys=False).encode())

    def _site(self, name: str, access: ClusterAccess) -> dict[str, object]:
        cluster = {"kubeconfig": str(access.kubeconfig)}
        if access.context:
            cluster["context"] = access.context
        store = self.store(name)
        return {"cluster": cluster, "data": (store / "data").as_uri(), "control": (store / "control").as_uri()}

    def store(self, site: str) -> Path:
        """The folder of a site's two buckets."""
        return self.folder / site

    def lose_store(self, site: str) -> None:
        """Makes a site's store unreachable: moved away, and in its place a link to itself.

        Every access to it then fails, for root too. A folder that is merely missing would look like an empty bucket.
        """
        store = self.store(site)
        store.rename(self._lost)
        store.symlink_to(store.name)

    def config_text(self) -> str:
        """The configuration as written."""
        return self.config.read_text(encoding="utf-8")

    def remove(self) -> None:
        """Removes the folder with all that it holds."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _kind(gvk: GVK) -> str:
    """As `spec.include` names it: `Kind.group`, core kinds without a dot."""
    return f"{gvk.kind}.{gvk.group}" if gvk.group else gvk.kind


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
