"""What stands in the sources, whatever is made of it: read as HCL, without terraform."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.terraform.running import EXAMPLES, SOURCES

MODULES = sorted(path.name for path in (SOURCES / "modules").iterdir())
SECRET_NAMES = re.compile(r"password|private_key|secret_value|token|auth_token", re.IGNORECASE)


@cache
def parsed(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as stream:
        return dict(hcl2.load(stream))


def files() -> list[Path]:
    return sorted(path for path in SOURCES.rglob("*.tf") if ".terraform" not in path.parts)


def blocks(kind: str) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for path in files():
        for block in parsed(path).get(kind, ()):
            for name, body in block.items():
                yield path, name.strip('"'), body


def test_every_file_is_hcl() -> None:
    assert len(files()) > 50
    assert all(parsed(path) is not None for path in files())


def test_both_sites_are_made_by_the_same_block() -> None:
    calls = {name: body for path, name, body in blocks("module") if path == SOURCES / "main.tf"}

    def mirrored(text: str) -> str:
        swap = {"first": "second", "second": "first", "[0]": "[1]", "[1]": "[0]"}
        return re.sub(r"first|second|\[[01]\]", lambda found: swap[found.group()], text)

    first, second = (json.dumps(calls[name], sort_keys=True, default=str) for name in ("first", "second"))
    assert mirrored(first) == second


def test_who_is_primary_is_written_in_the_configuration_file_alone() -> None:
    using = {path.relative_to(SOURCES).as_posix() for path in files() if ".primary" in path.read_text(encoding="utf-8")}

    # main.tf hands it on to the module that writes the file.
    assert using == {"main.tf", "variables.sites.tf", "modules/configuration/main.tf"}


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_everything_that_goes_in_or_out_is_described_and_typed(kind: str) -> None:
    for path, name, body in blocks(kind):
        assert body.get("description"), f"{path}: {kind} {name}"
        assert kind == "output" or body.get("type"), f"{path}: {kind} {name}"


def test_no_input_and_no_output_is_a_secret() -> None:
    for kind in ("variable", "output"):
        for path, name, body in blocks(kind):
            assert not SECRET_NAMES.search(name), f"{path}: {name}"
            assert "sensitive" not in body, f"{path}: {name}: what is sensitive has no place in a state"


def test_every_version_is_bounded() -> None:
    for path in (SOURCES / "versions.tf", *(SOURCES / "modules" / name / "versions.tf" for name in MODULES)):
        text = path.read_text(encoding="utf-8")
        assert 'required_version = ">= 1.9"' in text, path
        assert "oracle/oci" not in text or "~> 8.25" in text, path


def test_no_file_names_a_host_but_an_examples() -> None:
    for path in SOURCES.rglob("*"):
        if path.suffix in (".tf", ".tfvars", ".hcl") and ".terraform" not in str(path):
            hosts = re.findall(r"\b((?:[a-z0-9-]+\.)+[a-z]{2,})/", path.read_text(encoding="utf-8"))
            # The other one is the API group of our own documents.
            assert all(host.endswith(".example") or host == "kubestandby.dev" for host in hosts), f"{path}: {hosts}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_explains_itself(name: str) -> None:
    text = (SOURCES / "examples" / name / "README.md").read_text(encoding="utf-8")

    assert f"-var-file=examples/{name}/terraform.tfvars" in text


def test_images_are_private_and_tags_stay() -> None:
    (repository,) = (body for _, name, body in blocks("resource") if name == "oci_artifacts_container_repository")

    (settings,) = repository.values()
    assert settings["is_public"] is False
    assert settings["is_immutable"] is True
