"""`config from-terraform`: what Terraform prints becomes a configuration file that every other command takes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from kubestandby.adapters.group_file import group_schema, load_groups
from kubestandby.adapters.terraform_outputs import configuration_from
from kubestandby.cli import exits
from kubestandby.cli.main import main
from kubestandby.errors import ConfigError


def document(name: str = "shop") -> dict[str, Any]:
    sites = {
        site: {
            "cluster": {"kubeconfig": f"/kube/{site}"},
            "data": f"oci://example/ks-{site}-data?region=us-{site}-1",
            "control": f"oci://example/ks-{site}-control?region=us-{site}-1",
        }
        for site in ("ashburn", "phoenix")
    }
    spec = {"namespaces": ["no", "shop"], "sites": sites, "primary": "phoenix", "standby": "ashburn"}
    return {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": {"name": name}, "spec": spec}


def outputs(*documents: dict[str, Any]) -> bytes:
    return json.dumps({"sites": {"value": {}}, "configuration": {"value": documents, "type": []}}).encode()


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["config", "from-terraform", *arguments], input=stdin)


def test_what_is_printed_is_a_configuration_file(tmp_path: Path) -> None:
    done = run("-", stdin=outputs(document("shop"), document("portal")))

    assert done.exit_code == 0, done.output
    file = tmp_path / "groups.yaml"
    file.write_text(done.stdout, encoding="utf-8")
    groups = load_groups(file)
    assert [(group.name, group.primary, group.namespaces) for group in groups] == [
        ("shop", "phoenix", ("no", "shop")),
        ("portal", "phoenix", ("no", "shop")),
    ]
    for one in yaml.safe_load_all(done.stdout):
        Draft202012Validator(dict(group_schema())).validate(one)


def test_file_and_single_output_are_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_bytes(json.dumps([document()]).encode())

    assert run(str(file)).stdout == run("-", stdin=outputs(document())).stdout


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"shop", "is not JSON"),
        (b"{}", "has no output named configuration"),
        (b'{"configuration": {"value": []}}', "is no list of documents"),
        (b'{"configuration": {"value": ["shop"]}}', "the output configuration of outputs.json:2"),
    ],
    ids=["text", "other outputs", "no group", "no document"],
)
def test_anything_else_is_refused_with_the_next_step(data: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        configuration_from(data, "outputs.json")


def test_wrong_document_is_refused_by_its_field() -> None:
    wrong = document()
    wrong["spec"]["primary"] = "frankfurt"

    done = run("-", stdin=outputs(wrong))

    assert done.exit_code == exits.USAGE
    assert "spec.primary: frankfurt is not one of the sites" in done.stderr.replace("'", "").replace('"', "")
