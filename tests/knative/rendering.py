"""`deploy/knative` as `kubectl kustomize` prints it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "deploy" / "knative"
Object = dict[str, Any]


def rendered(folder: Path = SOURCES) -> list[Object]:
    kubectl = str(Path(sys.executable).parent / "kubectl")
    done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def changed(folder: Path, *, site: str = "west", webhooks: bool = False) -> list[Object]:
    """The same for another site, perhaps with the address for webhooks."""
    shutil.copytree(SOURCES, folder)
    file = folder / "kustomization.yaml"
    text = file.read_text().replace("site=west", f"site={site}")
    if webhooks:
        text = text.replace("# components:\n#   - webhooks", "components:\n  - webhooks")
    file.write_text(text)
    return rendered(folder)


def of_kind(objects: list[Object], kind: str, group: str = "") -> dict[str, Object]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind and group in one["apiVersion"]}


def services(objects: list[Object]) -> dict[str, Object]:
    return of_kind(objects, "Service", "serving.knative.dev")


def pod_of(workload: Object) -> Object:
    pod: Object = workload["spec"]["template"]["spec"]
    return pod
