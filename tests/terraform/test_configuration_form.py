"""What the functions read, and what an operator gets, is a configuration that every other command takes."""

import json
from typing import Any

import pytest

from kubestandby.adapters.group_file import read_groups
from kubestandby.adapters.terraform_outputs import configuration_from
from tests.terraform.running import ROOT, Applied
from tests.terraform.test_configuration import written

pytestmark = pytest.mark.xdist_group("terraform")
_OCIDS = {
    "oci_kms_vault": "vault",
    "oci_kms_key": "key",
    "oci_vault_secret": "vaultsecret",
}


def real(applied: Applied, value: Any) -> Any:
    """The value with OCIDs and endpoints as the service makes them, in place of what a pretending provider makes up."""
    text = json.dumps(value)
    for kind, name in _OCIDS.items():
        for one in applied.of(kind):
            region = "uk-london-1" if one.address.startswith("module.first") else "eu-paris-1"
            text = text.replace(f'"{one.values["id"]}"', f'"ocid1.{name}.oc1.{region}.{one.values["id"]}"')
            if version := one.values.get("current_key_version"):
                text = text.replace(f'"{version}"', f'"ocid1.keyversion.oc1.{region}.{version}"')
            if endpoint := one.values.get("crypto_endpoint"):
                text = text.replace(f'"{endpoint}"', f'"https://a-crypto.kms.{region}.oraclecloud.com"')
    return json.loads(text)


@pytest.mark.parametrize("module", ["module.first", "module.second"])
def test_what_functions_read_is_a_configuration(applied: Applied, module: str) -> None:
    documents = [json.loads(part) for part in written(applied, module)["content"].split("---\n")]

    text = "---\n".join(json.dumps(real(applied, document)) + "\n" for document in documents)
    groups = read_groups(text.encode(), "the object", ROOT)

    names = {function.values["config"]["KUBESTANDBY_SITE"] for function in applied.of("oci_functions_function")}
    assert all({site.name for site in group.sites} == names for group in groups)


def test_operators_get_the_documents_of_the_functions(applied: Applied) -> None:
    outputs = {"configuration": {"value": real(applied, applied.outputs["configuration"])}}

    text = configuration_from(json.dumps(outputs).encode(), "the outputs")

    operator = read_groups(text.encode(), "the file", ROOT)
    documents = [json.loads(part) for part in written(applied, "module.first")["content"].split("---\n")]
    function = read_groups(
        "---\n".join(json.dumps(real(applied, one)) + "\n" for one in documents).encode(), "the object", ROOT
    )
    assert operator == function
