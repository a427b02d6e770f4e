"""What anybody runs first: format, validity, the tests written in Terraform itself."""

import pytest

from tests.terraform.running import EXAMPLES, Applied, Terraform

pytestmark = pytest.mark.xdist_group("terraform")


def test_every_file_is_in_terraforms_own_format(bare_terraform: Terraform) -> None:
    done = bare_terraform.run("fmt", "-check", "-recursive", "-diff")

    assert done.returncode == 0, done.stdout


def test_configuration_is_valid(terraform: Terraform) -> None:
    done = terraform.run("validate", "-json")

    assert done.returncode == 0, done.stdout


def test_intervals_become_the_schedules_that_stand_for_them(bare_terraform: Terraform) -> None:
    assert bare_terraform.run("init", "-backend=false", at="modules/contract").returncode == 0

    done = bare_terraform.run("test", at="modules/contract")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["registry", "modules/function_access"])
def test_module_passes_its_own_tests(terraform: Terraform, module: str) -> None:
    assert terraform.run("init", "-backend=false", at=module).returncode == 0

    done = terraform.run("test", at=module)

    assert done.returncode == 0, done.stdout + done.stderr


def test_example_with_subnets_of_its_own_is_planned(terraform: Terraform) -> None:
    if not terraform.is_offline:
        pytest.skip("a plan by the real provider needs an account")

    done = terraform.run("plan", "-no-color", "-input=false", "-var-file=examples/oke-to-onprem/terraform.tfvars")

    assert done.returncode == 0, done.stderr
    assert " to add, 0 to change, 0 to destroy." in done.stdout


def test_every_topology_has_an_example(applied_examples: dict[str, Applied]) -> None:
    assert EXAMPLES == ("oke-to-oke", "oke-to-onprem", "onprem-to-onprem")
    assert all(example.resources for example in applied_examples.values())
