"""The stored form as Kubernetes' own YAML reader (sigs.k8s.io/yaml, inside kubectl) understands it."""

import json
import subprocess
import sys
from pathlib import Path

from kubestandby.manifest_yaml import emit

KUBECTL = Path(sys.executable).with_name("kubectl")
AMBIGUOUS = [
    "y",
    "n",
    "on",
    "OFF",
    "~",
    "",
    "1e3",
    "0o17",
    "017",
    "08",
    "22:22",
    "1_0",
    "0x1f",
    ".inf",
    "=",
    "<<",
    "---",
]
UNUSUAL = [
    "\u0085",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\uffff",
    "\x00",
    "\x7f",
    "\x9f",
    "\t",
    "\r\n",
    "a\n b",
    "\U0001f600",
]


def test_kubectl_reads_every_value_unchanged(tmp_path: Path) -> None:
    manifest = {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "x", "labels": {"app": "shop"}},
        "spec": {
            "strings": {text: text for text in AMBIGUOUS + UNUSUAL},
            "numbers": [2**63 - 1, -(2**63), 0, 1e20, 1.5, 5e-324, -0.1],
            "nested": [[], {}, [[1]], [{"a": None, "b": True}]],
            "k" * 1100: [{"q" * 2000: {"deep": ["x"]}}],
        },
    }
    file = tmp_path / "thing.yaml"
    file.write_bytes(emit(manifest))

    command = [KUBECTL, "label", "--local", "--overwrite", "-f", file, "app=shop", "-o", "json"]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60)

    assert json.loads(answer.stdout) == manifest
