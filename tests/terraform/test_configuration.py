"""What the functions read, and what an operator gets: the same documents, which every other command takes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.terraform.running import Applied

pytestmark = pytest.mark.xdist_group("terraform")


def written(applied: Applied, module: str) -> Mapping[str, Any]:
    (found,) = applied.of("oci_objectstorage_object", module)
    return found.values


@pytest.mark.parametrize("module", ["module.first", "module.second"])
def test_functions_read_the_object_that_is_written_under_its_own_digest(applied: Applied, module: str) -> None:
    found = written(applied, module)
    digest = hashlib.sha256(found["content"].encode()).hexdigest()

    assert found["object"] == f"config/{digest}.yaml"
    for function in applied.of("oci_functions_function", module):
        url, _, key = function.values["config"]["KUBESTANDBY_CONFIG"].partition("#")
        assert key == found["object"]
        assert f"/{found['bucket']}?region=" in url


def test_sites_configurations_differ_in_the_secrets_of_webhooks_only(applied: Applied) -> None:
    first, second = (
        [json.loads(part) for part in written(applied, module)["content"].split("---\n")]
        for module in ("module.first", "module.second")
    )

    for one, other in zip(first, second, strict=True):
        for webhook in (*one["spec"].get("webhooks", ()), *other["spec"].get("webhooks", ())):
            webhook.pop("secretsFrom", None)
        assert one == other


def test_webhook_by_an_event_of_the_platform_has_no_secret(applied_examples: dict[str, Applied]) -> None:
    applied = applied_examples["oke-to-oke"]
    (document,) = applied.outputs["configuration"]
    webhooks = {webhook["name"]: webhook for webhook in document["spec"]["webhooks"]}
    secrets = {one.values["id"] for one in applied.of("oci_vault_secret", "module.first")}

    assert {webhooks["deploys"]["secretsFrom"][0]["vault"]} == secrets
    assert "secretsFrom" not in webhooks["pipelines"]
