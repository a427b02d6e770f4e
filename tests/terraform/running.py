"""Runs terraform on a copy of `terraform/`, with a provider that only pretends.

The provider's schema comes from where `KUBESTANDBY_TERRAFORM_OFFLINE` says (a script that prints the path of a command
line configuration with a mirror), else from such a script beside the repository, else by download.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "terraform"
EXAMPLES = tuple(sorted(path.parent.name for path in SOURCES.glob("examples/*/terraform.tfvars")))
OFFLINE_VARIABLE = "KUBESTANDBY_TERRAFORM_OFFLINE"
_BESIDE = ROOT.parent / "shared" / "terraform-offline" / "setup"
_UNREACHABLE = (
    "Failed to query available provider packages",
    "Failed to install provider",
    "Failed to resolve provider",
)


@dataclass(frozen=True)
class Resource:
    """One resource or data source as it was applied."""

    address: str
    type: str
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The key of `for_each`, "" where there is none."""
        return self.address.rpartition('["')[2].removesuffix('"]') if self.address.endswith('"]') else ""


@dataclass(frozen=True)
class Applied:
    """An example after its apply: every value is known."""

    name: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]

    def of(self, kind: str, module: str = "") -> list[Resource]:
        """Resources of a type, in modules whose address begins so."""
        return [one for one in self.resources if one.type == kind and one.address.startswith(module)]

    def one(self, kind: str, identity: str) -> Resource:
        """The resource of this type whose id this is."""
        return next(one for one in self.of(kind) if one.values["id"] == identity)

    @property
    def statements(self) -> list[str]:
        """Every policy statement."""
        return [line for policy in self.of("oci_identity_policy") for line in policy.values["statements"]]


class Terraform:
    """The command, in a folder of its own that holds a copy of the sources.

    Attributes:
        is_offline: whether the provider knows schemas only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "terraform"
        shutil.copytree(SOURCES, self.folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        self._environment = {**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        self._environment.pop("TF_DATA_DIR", None)
        configuration = _offline_configuration()
        self.is_offline = bool(configuration)
        if configuration:
            self._environment["TF_CLI_CONFIG_FILE"] = configuration

    def run(self, *arguments: str, at: str = ".") -> subprocess.CompletedProcess[str]:
        """Runs a command; the caller looks at its result."""
        command = ["terraform", f"-chdir={self.folder / at}", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=600, check=False)

    def refusal(self, example: str, inputs: Mapping[str, Any]) -> str:
        """What the validations of the inputs say of an example with these in place of its own; "" for nothing.

        Without a provider: the inputs alone are a module, too.
        """
        folder = self.folder.parent / "inputs"
        if not folder.is_dir():
            folder.mkdir()
            for file in self.folder.glob("variables*.tf"):
                shutil.copy(file, folder)
        var_file = self.folder / "examples" / example / "terraform.tfvars"
        # Values on the command line come after those of every file.
        wrong = [f"-var={name}={json.dumps(value)}" for name, value in inputs.items()]
        done = self.run(
            "plan", "-no-color", "-input=false", "-refresh=false", f"-var-file={var_file}", *wrong, at=str(folder)
        )
        return " ".join(done.stderr.replace("│", " ").split()) if done.returncode else ""

    def init(self) -> None:
        """Installs the provider. Skips the test where it can be had nowhere; any other failure is one."""
        done = self.run("init", "-no-color", "-backend=false", "-input=false")
        if done.returncode and any(sign in done.stderr for sign in _UNREACHABLE):
            pytest.skip(
                f"the oracle/oci provider cannot be downloaded here, and {OFFLINE_VARIABLE} names no other source"
            )
        assert done.returncode == 0, done.stderr

    def apply(self, example: str) -> Applied:
        """Applies an example to mocked providers."""
        done = self.run(
            "test",
            "-json",
            "-verbose",
            "-filter=tests/examples.tftest.hcl",
            f"-var-file=examples/{example}/terraform.tfvars",
        )
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        states = [message["test_state"] for message in messages if message["type"] == "test_state"]
        assert done.returncode == 0, [message["@message"] for message in messages if message["@level"] == "error"]
        outputs = {name: output["value"] for name, output in states[0]["outputs"].items()}
        return Applied(example, tuple(_resources(states[0]["root_module"])), outputs)


def installed(folder: Path) -> Terraform:
    """Terraform without its provider; skips where there is no terraform."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    return Terraform(folder)


def _offline_configuration() -> str:
    setup = Path(os.environ.get(OFFLINE_VARIABLE, _BESIDE))
    if not setup.is_file():
        return ""
    done = subprocess.run([str(setup)], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        # Broken is not the same as missing: it is told, not skipped.
        raise AssertionError(f"{setup} failed: {done.stderr}")
    return done.stdout.strip()


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for one in module.get("resources", ()):
        yield Resource(one["address"], one["type"], one["values"])
    for child in module.get("child_modules", ()):
        yield from _resources(child)
