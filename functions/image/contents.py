"""What goes into an image, and what of the libraries stays out. Pure.

The OCI SDK has 170 services of which six are used here, and the Kubernetes client a class for every kind, where
`adapters.kube_sender` sends and reads plain JSON. What is left out is never imported; `checking` makes sure.
"""

from pathlib import PurePosixPath

FUNCTIONS = ("export", "sanitize", "restore")

KEPT_OCI_SERVICES = frozenset(
    {"container_engine", "dns", "key_management", "object_storage", "secrets", "vault", "work_requests"}
)
"""`oci.SERVICE` for each that `kubestandby.adapters.oci` imports, and what they import themselves."""

LEFT_OUT_LIBRARIES = frozenset(
    {
        *("aiohappyeyeballs", "aiohttp", "aiohttp-retry", "aiosignal", "frozenlist", "multidict", "propcache", "yarl"),
        *("anyio", "h11", "starlette", "uvicorn", "uvicorn-worker", "watchdog"),
    }
)
"""What the libraries ask for and use only where a function is a coroutine, or is served anew at every change."""

_LEFT_OUT_OF_KUBERNETES = ("aio", "client/api", "client/apis", "client/models", "e2e_test", "test")
_LEFT_OUT_OF_OURS = (
    "cli/",
    "_functions/",
    *(
        f"runtime/{name}.py"
        for name in (
            "bucket_watch",
            "instance",
            "local",
            "processes",
            "serving",
            "supervisor",
            "timer",
        )
    ),
)
"""The command line, and what runs all functions on one machine. The relay stays: it runs by itself on Knative."""
_LEFT_OUT_NAMES = frozenset({"__pycache__", "tests", "test"})
_LEFT_OUT_SUFFIXES = (".pyi", ".pyc", ".pyx", ".pxd", ".c", ".h")
_LEFT_OUT_OF_METADATA = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
"""What says how something was installed: not true of the image."""


def belongs(path: PurePosixPath, oci_services: frozenset[str]) -> bool:
    """Whether a file of a library, by its path below site-packages, goes into the image.

    `oci_services` are the folders of the SDK that are services.
    """
    if path.parts[0] == ".." or path.suffix in _LEFT_OUT_SUFFIXES or not _LEFT_OUT_NAMES.isdisjoint(path.parts):
        return False
    if path.parts[0].endswith(".dist-info"):
        return path.name not in _LEFT_OUT_OF_METADATA
    if path.parts[0] == "oci":
        return len(path.parts) < 3 or path.parts[1] not in oci_services - KEPT_OCI_SERVICES
    return path.parts[0] != "kubernetes" or _is_used_of_kubernetes(path)


def belongs_of_ours(path: PurePosixPath) -> bool:
    """Whether a file of `kubestandby`, by its path below it, goes into the image."""
    return not str(path).startswith(_LEFT_OUT_OF_OURS) and "__pycache__" not in path.parts


def _is_used_of_kubernetes(path: PurePosixPath) -> bool:
    """The packages that stay out keep their `__init__`, which names classes and loads them when they are asked for."""
    within = "/".join(path.parts[1:])
    left_out = any(within.startswith(f"{part}/") for part in _LEFT_OUT_OF_KUBERNETES)
    return not left_out or within == "client/models/__init__.py"
