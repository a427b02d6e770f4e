"""docs/install-oci.md says what is so: its statements are statements, its commands commands, its inputs inputs."""

import re

import click
import pytest

from kubestandby.cli.main import main
from tests.terraform.running import ROOT, SOURCES
from tests.terraform.statements import read
from tests.terraform.test_sources import blocks, parsed

DOCUMENT = (ROOT / "docs" / "install-oci.md").read_text(encoding="utf-8")


def test_every_statement_is_one() -> None:
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("Allow ")]

    assert len(lines) > 20
    for line in lines:
        statement = read(line)
        assert statement.resource != "all-resources"
        assert statement.location_type != "tenancy" or statement.resource == "dynamic-groups"


def test_every_command_is_one() -> None:
    context = click.Context(main)
    named = re.findall(r"kubestandby ((?:keys |config )?[a-z][a-z-]+)", DOCUMENT)

    for words in set(named) - {"doctor"}:
        first, _, second = words.partition(" ")
        command = main.get_command(context, first)
        assert command is not None, words
        if second:
            assert isinstance(command, click.Group), words
            assert command.get_command(context, second) is not None, words


def test_every_input_that_is_named_is_there() -> None:
    names = {name for path, name, _ in blocks("variable") if path.parent == SOURCES}
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("variables*.tf"))
    named = set(re.findall(r"`(functions|timer|gateway|storage|keys|alerts|policies)\.([a-z_]+)", DOCUMENT))

    assert len(named) > 8
    for variable, field in named:
        assert variable in names
        assert re.search(rf"\b{field}\s+=", text), f"{variable}.{field}"


def test_every_output_that_is_named_is_there() -> None:
    outputs = {name for block in parsed(SOURCES / "outputs.tf")["output"] for name in block}

    for name in re.findall(r"output -json ([a-z_]+)", DOCUMENT):
        assert name in {one.strip('"') for one in outputs}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#]+)\)", DOCUMENT))))
def test_every_page_that_is_linked_is_there(path: str) -> None:
    assert (ROOT / "docs" / path).exists()
