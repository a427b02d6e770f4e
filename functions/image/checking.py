"""Makes sure that nothing in an image asks for what was left out of it: read from the code, then by importing it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from functions.image.contents import KEPT_OCI_SERVICES
from functions.image.installed import ImageError

_IMPORT_ALL = """
import importlib, pkgutil, sys
root, function, services = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
sys.path[:] = [root + "/python", *(p for p in sys.path if "site-packages" not in p)]
sys.path.append(root)
importlib.import_module(function + ".main")
importlib.import_module("functions_framework._cli")
importlib.import_module("functions_framework._http.gunicorn")
for found in pkgutil.walk_packages([root + "/python/kubestandby"], "kubestandby."):
    if not found.name.endswith("__main__") and (function != "sanitize" or ".kube_" not in found.name):
        importlib.import_module(found.name)
for service in services:
    client = importlib.import_module("oci." + service)
if function != "sanitize":
    from kubernetes import client, config
    client.ApiClient(client.Configuration())
outside = [m.__file__ for m in sys.modules.values() if "site-packages" in (getattr(m, "__file__", None) or "")]
sys.exit("imported from outside of the image: " + outside[0] if outside else 0)
"""


def check_image(root: Path, function: str, oci_services: frozenset[str]) -> None:
    """Checks a tree that was put together.

    Raises:
        ImageError: something in it needs what is not in it.
    """
    missing = {name: where for name, where in _services_asked_for(root, oci_services) if name not in KEPT_OCI_SERVICES}
    if missing:
        name, where = next(iter(missing.items()))
        raise ImageError(f"{where} uses oci.{name}, which is left out; add it to KEPT_OCI_SERVICES")
    command = [sys.executable, "-S", "-I", "-c", _IMPORT_ALL, str(root), function, ",".join(sorted(KEPT_OCI_SERVICES))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
    if done.returncode:
        raise ImageError(f"the image of {function} does not import itself: {done.stderr.strip().splitlines()[-1]}")


def _services_asked_for(root: Path, oci_services: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Services that our code names in an import or as `oci.SERVICE`."""
    for file in sorted((root / "python" / "kubestandby").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            for name in _named(node):
                if name in oci_services:
                    yield name, str(file.relative_to(root))


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("oci."))
    elif isinstance(node, ast.ImportFrom) and node.module == "oci":
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("oci."):
        yield str(node.module).split(".")[1]
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "oci":
        yield node.attr
