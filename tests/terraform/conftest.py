"""Every example, applied once to mocked providers; all tests look at what came of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.terraform.running import EXAMPLES, Applied, Terraform, installed


@pytest.fixture(scope="session")
def bare_terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """For what needs no provider."""
    return installed(tmp_path_factory.mktemp("terraform"))


@pytest.fixture(scope="session")
def terraform(bare_terraform: Terraform) -> Terraform:
    bare_terraform.init()
    return bare_terraform


@pytest.fixture(scope="session")
def applied_examples(terraform: Terraform) -> dict[str, Applied]:
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(EXAMPLES, pool.map(terraform.apply, EXAMPLES), strict=True))


@pytest.fixture(params=EXAMPLES)
def applied(request: pytest.FixtureRequest, applied_examples: dict[str, Applied]) -> Applied:
    return applied_examples[request.param]
