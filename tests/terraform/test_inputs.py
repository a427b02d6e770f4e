"""Wrong inputs are refused before anything is made, with a sentence that says what to write."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.terraform.running import EXAMPLES, Terraform

pytestmark = pytest.mark.xdist_group("terraform")
IMAGES = {name: f"registry.example/{name}:1" for name in ("export", "sanitize", "restore")}


def site(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "region": {"east": "us-ashburn-1", "west": "us-phoenix-1"}[name],
        "compartment_id": f"ocid1.compartment.oc1..{name}",
        "cluster": {"oke": {"id": f"ocid1.cluster.oc1..{name}"}},
        "images": dict(IMAGES),
        "network": {"function_subnet_ids": ["ocid1.subnet.oc1..a"], "gateway_subnet_id": "ocid1.subnet.oc1..b"},
    }


def good() -> dict[str, Any]:
    return {
        "sites": [site("east"), site("west")],
        "groups": {"shop": {"primary": "east", "export_minutes": 15, "spec": "namespaces: [shop]"}},
    }


def second(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda inputs: inputs["sites"][1].update(fields)


def shop(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda inputs: inputs["groups"]["shop"].update(fields)


def given(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda inputs: inputs.update(fields)


WRONG = {
    "one site": (lambda inputs: inputs["sites"].pop(), "sites must be two"),
    "one region": (second(region="us-ashburn-1"), "two in one region are lost together"),
    "one name": (second(name="east"), "sites must have different names"),
    "a tenancy as compartment": (second(compartment_id="ocid1.tenancy.oc1..a"), "not of the tenancy"),
    "no cluster": (second(cluster={}), "either {oke = {id = …}} or {kubeconfig = {}}"),
    "two clusters": (
        second(cluster={"oke": {"id": "ocid1.cluster.oc1..a"}, "kubeconfig": {}}),
        "either {oke = {id = …}} or {kubeconfig = {}}",
    ),
    "an unknown endpoint": (
        second(cluster={"oke": {"id": "ocid1.cluster.oc1..a", "endpoint": "LEGACY"}}),
        "private, public or vcn-hostname",
    ),
    "latest image": (second(images={**IMAGES, "export": "registry.example/export:latest"}), "and not :latest"),
    "image without tag": (second(images={**IMAGES, "export": "registry.example/export"}), "REGISTRY/REPOSITORY:TAG"),
    "no network": (second(network={}), "either subnets that are there"),
    "no gateway subnet": (second(network={"function_subnet_ids": ["ocid1.subnet.oc1..a"]}), "or set gateway = null"),
    "an API server everywhere": (second(network={"create": {"api_server_cidrs": ["0.0.0.0/0"]}}), "narrower than"),
    "a private gateway without a way back": (
        lambda inputs: (
            second(network={"create": {"api_server_cidrs": ["10.0.0.0/28"]}})(inputs),
            given(gateway={"endpoint_type": "PRIVATE"})(inputs),
        ),
        "that is how it answers its senders",
    ),
    "seven minutes": (shop(export_minutes=7), "an interval that divides the hour or the day"),
    "an unknown primary": (shop(primary="north"), "must be one of the sites"),
    "a list as spec": (shop(spec="[shop]"), "must be a YAML mapping"),
    "sites in a spec": (shop(spec="{namespaces: [shop], sites: {}}"), "must not have sites"),
    "a secret in a spec": (
        shop(spec="{namespaces: [shop], webhooks: [{name: a, kind: github, secretsFrom: [{env: A}]}]}"),
        "its secret is made in each site's vault",
    ),
    "unequal intervals": (given(timer={"tick_minutes": 12, "scheduler_minimum_minutes": 30}), "staggered schedules"),
    "too many schedules": (
        given(groups={f"g{n}": {"primary": "east", "export_minutes": 5, "spec": "{}"} for n in range(9)}),
        "more than 100 schedules",
    ),
    "work begun anew": (given(timer={"push_after_seconds": 240}), "that is still under way"),
    "128 MB": (given(functions={"export": {"memory_mb": 128}}), "in which the functions do not start"),
    "a long call": (given(functions={"restore": {"timeout_seconds": 301}}), "timeout_seconds must be 60 to 300"),
    "retention and versions": (given(storage={"data_protection": "both"}), "refuses both for one bucket"),
    "retention where functions delete": (given(storage={"control_protection": "retention"}), "must be versioning"),
    "nobody told": (given(alerts={"subscriptions": {}}), "an alarm that nobody hears is none"),
    "a secret address": (
        given(alerts={"subscriptions": {"chat": {"protocol": "SLACK", "endpoint": "a"}}}),
        "has no place in a state",
    ),
    "no limit": (given(gateway={"requests_per_second": 1000}), "must be 1 to 100"),
    "a name as tenancy": (given(tenancy_id="example"), "must be the OCID of a tenancy"),
}


def test_right_inputs_pass(bare_terraform: Terraform) -> None:
    assert bare_terraform.refusal(EXAMPLES[0], good()) == ""


@pytest.mark.parametrize("case", sorted(WRONG))
def test_wrong_input_is_refused_with_a_sentence(bare_terraform: Terraform, case: str) -> None:
    spoil, sentence = WRONG[case]
    inputs = deepcopy(good())
    spoil(inputs)

    refusal = bare_terraform.refusal(EXAMPLES[0], inputs)

    assert sentence in refusal
