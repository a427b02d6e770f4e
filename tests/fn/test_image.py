"""What an image holds, and that its function runs from it: read-only, as the container's user, in little memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
import yaml

from functions.image import contents
from functions.image.checking import check_image
from functions.image.installed import ImageError, library_files
from tests.fn.images import RECIPE, UID, Image, memory_megabytes, session_of
from tests.fn.platform import ROOT

pytestmark = pytest.mark.xdist_group("images")
MOST_MEGABYTES = {"export": 250, "sanitize": 120, "restore": 250}
MEMORY_MEGABYTES = 512
SERVICES = frozenset({"object_storage", "database", "dns"})


@pytest.fixture(scope="module", params=contents.FUNCTIONS)
def image(request: pytest.FixtureRequest, image_of: Callable[[str], Image]) -> Image:
    return image_of(request.param)


def test_an_image_is_as_small_as_it_should_be(image: Image) -> None:
    assert 10 < image.assembled.megabytes <= MOST_MEGABYTES[image.function]


def test_an_image_holds_its_function_and_no_other(image: Image) -> None:
    folders = {path.name for path in image.root.iterdir()}

    assert folders == {"python", image.function}
    assert not (image.root / "python" / "kubestandby" / "cli").exists()
    assert (image.root / "python" / "kubernetes").exists() == (image.function != "sanitize")


def test_all_of_an_image_is_byte_code_of_its_own_paths(image: Image) -> None:
    sources = list(image.root.rglob("*.py"))
    compiled = {path.name for path in (image.root / image.function / "__pycache__").iterdir()}

    assert all((path.parent / "__pycache__").is_dir() for path in sources)
    assert any(name.startswith("main.cpython-") for name in compiled)
    assert b"/function/" in next((image.root / image.function / "__pycache__").glob("main.*.pyc")).read_bytes()


def test_a_function_runs_from_its_image_and_leaves_it_as_it_was(image: Image, common_folder: Path) -> None:
    before = image.files()

    with image.run({"KUBESTANDBY_CONFIG": str(configuration(common_folder))}) as running:
        said = running.gateway("GET", "/").said
        event = running.call({"eventType": "com.example.unknown", "cloudEventsVersion": "0.1"})
        users = {Path(f"/proc/{pid}").stat().st_uid for pid in session_of(running.process.pid)}
        memory = memory_megabytes(running.process.pid)

    assert (said["function"], event.status) == (image.function, 200)
    assert users == {UID if os.geteuid() == 0 else os.geteuid()}
    assert memory < MEMORY_MEGABYTES / 2
    assert image.files() == before


def configuration(folder: Path) -> Path:
    """A group whose sites nobody asks for anything."""
    file = folder / "groups.yaml"
    sites = {
        site: {
            "cluster": {"kubeconfig": f"/nowhere/{site}"},
            "data": f"file:///nowhere/{site}/data",
            "control": f"file:///nowhere/{site}/control",
        }
        for site in ("east", "west")
    }
    spec = {"namespaces": ["shop"], "sites": sites, "primary": "east", "standby": "west"}
    metadata = {"name": "shop"}
    group = {"apiVersion": "kubestandby.dev/v1", "kind": "ProtectionGroup", "metadata": metadata, "spec": spec}
    file.write_text(yaml.safe_dump(group))
    return file


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("flask/app.py", True),
        ("flask/app.pyi", False),
        ("flask/__pycache__/app.cpython-311.pyc", False),
        ("../../../bin/gunicorn", False),
        ("flask-3.1.dist-info/METADATA", True),
        ("flask-3.1.dist-info/RECORD", False),
        ("yaml/_yaml.cpython-311-x86_64-linux-gnu.so", True),
        ("oci/base_client.py", True),
        ("oci/auth/signers/x.py", True),
        ("oci/object_storage/models/bucket.py", True),
        ("oci/database/models/db.py", False),
        ("oci/database/__init__.py", False),
        ("kubernetes/client/rest.py", True),
        ("kubernetes/client/models/__init__.py", True),
        ("kubernetes/client/models/v1_pod.py", False),
        ("kubernetes/aio/client.py", False),
    ],
)
def test_what_of_a_library_belongs(path: str, kept: bool) -> None:
    assert contents.belongs(PurePosixPath(path), SERVICES) is kept


def test_a_library_in_another_version_than_the_locked_one_stops_the_build(tmp_path: Path) -> None:
    lock = tmp_path / "export.txt"
    lock.write_text("flask==0.1 \\\n    --hash=sha256:00\n")

    with pytest.raises(ImageError, match=r"export.txt locks flask 0.1, and none is in"):
        list(library_files(lock, tmp_path))


@pytest.mark.parametrize(
    "code",
    [
        "from oci.database import DatabaseClient",
        "import oci.database",
        "from oci import database",
        "x = oci.database.X",
    ],
)
def test_code_that_uses_a_service_that_is_left_out_stops_the_build(tmp_path: Path, code: str) -> None:
    module = tmp_path / "python" / "kubestandby" / "adapters" / "oci.py"
    module.parent.mkdir(parents=True)
    module.write_text(code)

    with pytest.raises(ImageError, match=r"uses oci.database, which is left out"):
        check_image(tmp_path, "sanitize", SERVICES)


def test_a_tree_that_lacks_what_its_function_imports_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not import itself: ModuleNotFoundError"):
        check_image(tmp_path, "sanitize", SERVICES)


def test_the_recipe_runs_as_the_platforms_user_from_locked_libraries() -> None:
    assert f"\nUSER {UID}:{UID}\n" in RECIPE
    assert "--require-hashes" in RECIPE
    assert len({line for line in RECIPE.splitlines() if line.startswith("FROM ${BASE}")}) == 2
    assert "ADD " not in RECIPE


@pytest.mark.parametrize("function", contents.FUNCTIONS)
def test_a_functions_limits_are_some_that_the_platform_has(function: str) -> None:
    described = yaml.safe_load((ROOT / "functions" / function / "func.yaml").read_text())

    assert described["name"] == function
    assert described["memory"] in (256, 512, 1024, 2048, 3072)
    assert described["timeout"] <= 300
