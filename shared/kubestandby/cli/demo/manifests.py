"""The application of the demo, as manifests: the sample shop, or files that the user gives."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from kubestandby.adapters.manifest_files.documents import read_manifests
from kubestandby.errors import ConfigError, ManifestError
from kubestandby.groups import DEFAULT_EXCLUDED_NAMESPACES
from kubestandby.resources import Manifest, ObjectRef

SAMPLE_GROUP = "shop"
_STORAGE_CLASS_FILE = "storage-class.yaml"
_STORAGE_CLASS = "shop-standard"
_CHANGED_IMAGE = ("nginx:1.27-alpine", "nginx:1.28-alpine")
_CHANGED_GREETING = "The summer sale has begun"
RELEASED_ANNOTATION = "demo.kubestandby.dev/released"
_TEMPLATED = ("Deployment", "StatefulSet", "DaemonSet")


def sample_shop(*, own_storage_class: bool) -> list[dict[str, Any]]:
    """The sample shop; with its own StorageClass for a cluster that has no default one."""
    folder = files("kubestandby.cli").joinpath("demo_app")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    chosen = [name for name in names if own_storage_class or name != _STORAGE_CLASS_FILE]
    chosen.sort(key=lambda name: name != _STORAGE_CLASS_FILE)
    manifests = [one for name in chosen for one in _objects(folder.joinpath(name).read_bytes(), f"sample shop, {name}")]
    return [_with_storage_class(manifest) for manifest in manifests] if own_storage_class else manifests


def _with_storage_class(manifest: dict[str, Any]) -> dict[str, Any]:
    for claim in manifest.get("spec", {}).get("volumeClaimTemplates", []):
        claim["spec"]["storageClassName"] = _STORAGE_CLASS
    return manifest


def read_files(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All objects of all files, in order; Lists are taken apart.

    Raises:
        ConfigError: a file cannot be read, or holds nothing.
        ManifestError: a file is not YAML or JSON of Kubernetes objects.
    """
    manifests: list[dict[str, Any]] = []
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"--app {path} cannot be read: {error.strerror}") from error
        manifests += _objects(data, str(path))
    if not manifests:
        raise ConfigError("--app: the files hold no object")
    _refuse_the_clusters_own(manifests)
    return manifests


def _refuse_the_clusters_own(manifests: Iterable[Manifest]) -> None:
    """The demo makes and removes namespaces; those of the cluster itself are in no group either."""
    for manifest in manifests:
        ref = ObjectRef.of(manifest)
        if ref.namespace in DEFAULT_EXCLUDED_NAMESPACES:
            raise ConfigError(
                f"--app: {ref} is in a namespace of the cluster itself, which no group takes along: such objects are "
                "installed at each site; leave them out of the files"
            )


def _objects(data: bytes, what: str) -> Iterator[dict[str, Any]]:
    return (dict(written.manifest) for written in read_manifests(data, what))


def changed(manifests: list[dict[str, Any]], released: str, *, sample: bool) -> list[dict[str, Any]]:
    """What a deployment changes: of the sample an image and a text, of anything else a pod template's annotation.

    Returns only the objects that change, as they become.

    Raises:
        ManifestError: there is nothing that a deployment could change.
    """
    made = _changed_sample(manifests) if sample else _changed_any(manifests, released)
    if not made:
        raise ManifestError(
            "the application has no Deployment, StatefulSet, DaemonSet or ConfigMap that the demo could change"
        )
    return made


def _changed_sample(manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    web = [deepcopy(one) for one in manifests if _is(one, "shop", "web") and one["kind"] in ("Deployment", "ConfigMap")]
    for one in web:
        if one["kind"] == "ConfigMap":
            one["data"]["greeting"] = _CHANGED_GREETING
        else:
            for container in one["spec"]["template"]["spec"]["containers"]:
                container["image"] = container["image"].replace(*_CHANGED_IMAGE)
    return web


def _changed_any(manifests: list[dict[str, Any]], released: str) -> list[dict[str, Any]]:
    for one in manifests:
        if one["kind"] in _TEMPLATED:
            made = deepcopy(one)
            metadata = made["spec"]["template"].setdefault("metadata", {})
            metadata["annotations"] = {**(metadata.get("annotations") or {}), RELEASED_ANNOTATION: released}
            return [made]
    maps = [deepcopy(one) for one in manifests if one["kind"] == "ConfigMap"]
    for one in maps[:1]:
        one["data"] = {**(one.get("data") or {}), "released": released}
    return maps[:1]


def _is(manifest: Mapping[str, Any], namespace: str, name: str) -> bool:
    return bool(manifest["metadata"].get("namespace") == namespace and manifest["metadata"]["name"] == name)


def namespaces_of(manifests: Iterable[Manifest]) -> list[str]:
    """The namespaces of the objects, in order of appearance; those declared count too."""
    names: dict[str, None] = {}
    for manifest in manifests:
        declared = manifest["metadata"]["name"] if manifest["kind"] == "Namespace" else ""
        names.setdefault(declared or manifest["metadata"].get("namespace", ""))
    return [name for name in names if name]
