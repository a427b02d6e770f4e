"""What anybody runs first: format, validity, the tests written in Terraform itself."""

import pytest

from tests.terraform.running import EXAMPLES, Applied, Terraform

pytestmark = pytest.mark.xdist_group("terraform")


def test_every_file_is_in_terraforms_own_format(terraform: Terraform) -> None:
    done = terraform.run("fmt", "-check", "-recursive", "-diff")

    assert done.returncode == 0, done.stdout


def test_configuration_is_valid(terraform: Terraform) -> None:
    done = terraform.run("validate", "-json")

    assert done.returncode == 0, done.stdout


def test_intervals_become_the_schedules_that_stand_for_them(terraform: Terraform) -> None:
    assert terraform.run("init", "-backend=false", at="modules/contract").returncode == 0

    done = terraform.run("test", at="modules/contract")

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_topology_has_an_example(applied_examples: dict[str, Applied]) -> None:
    assert EXAMPLES == ("oke-to-oke", "oke-to-onprem", "onprem-to-onprem")
    assert all(example.resources for example in applied_examples.values())
