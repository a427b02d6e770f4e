"""The images of the three functions, put together once for all tests that run them (`xdist_group("images")`)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fn.images import Image, build, open_folder


@pytest.fixture(scope="session")
def image_of() -> Iterator[Callable[[str], Image]]:
    made: dict[str, Image] = {}
    with open_folder() as folder:

        def one(function: str) -> Image:
            if function not in made:
                made[function] = build(function, folder)
            return made[function]

        yield one


@pytest.fixture
def common_folder() -> Iterator[Path]:
    """A folder for what the container's user and the test both work with."""
    with open_folder() as folder:
        yield folder
