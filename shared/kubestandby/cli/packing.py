"""Writes a snapshot as a plain folder; `kubectl apply --recursive` reads its files in the order of their names.

    00000-namespaces/shop.yaml
    00001-definitions/widgets.example.com.yaml
    00002-cluster/clusterroles.rbac.authorization.k8s.io/reader.yaml
    00010-shop/02-configmaps.core/prices.yaml
    99999-admission/...

A folder is there whole or not at all: it is written aside and then given its name.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubestandby import manifest_yaml
from kubestandby.adapters.abandoned import sweep
from kubestandby.cli.wording import counted
from kubestandby.errors import BadInputError
from kubestandby.keys.sealed_form import is_sealed
from kubestandby.resources import Manifest
from kubestandby.snapshots import ManifestEntry, SnapshotIndex, SnapshotObject, Stage

Unseal = Callable[[Manifest], Manifest]

_RBAC = "rbac.authorization.k8s.io"
_ORDER: tuple[frozenset[tuple[str, str]], ...] = (
    frozenset({("", "ServiceAccount"), (_RBAC, "Role")}),
    frozenset({(_RBAC, "RoleBinding")}),
    frozenset({("", "Secret"), ("", "ConfigMap"), ("", "PersistentVolumeClaim")}),
    frozenset({("", "Service"), ("networking.k8s.io", "NetworkPolicy")}),
    frozenset({("", "ResourceQuota"), ("", "LimitRange")}),
)
"""Within a namespace: what others read before those who read it. Other kinds follow, workloads come after them."""

_WORKLOADS = frozenset({("", "Pod"), ("", "ReplicationController")})
_WORKLOAD_GROUPS = frozenset({"apps", "batch"})
_LAST_GROUPS = frozenset({"autoscaling", "policy"})
_NAMESPACE = ("", "Namespace")
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_ADMISSION_GROUPS = frozenset({"admissionregistration.k8s.io", "apiregistration.k8s.io"})
_FIRST_NAMESPACE = 10
_NOTE = "README.txt"
_TO_APPLY = (
    "Restore it with: kubectl apply --server-side --recursive --filename .",
    "Custom resources need their definitions to be there: where there are some, run it a second time.",
)
_TO_LOOK_AT = (
    "As the primary had it, with what its server had set: to look at, and for `kubestandby import`. A server takes no",
    "object with a resourceVersion as a new one: to apply a snapshot, pack its sanitized stage.",
)
_ASIDE = ".kubestandby-pack-"
_LONGEST_PACK_SECONDS = 3600.0
"""A folder beside that is older was left by a process that was killed, perhaps with opened Secrets in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What was written. `sealed` counts the Secrets that were left sealed; kubectl does not read their files."""

    files: int
    sealed: int


def pack(index: SnapshotIndex, objects: Iterable[SnapshotObject], folder: Path, unseal: Unseal | None = None) -> Packed:
    """Writes every object of a snapshot below a folder that is empty or not there.

    Args:
        index: the snapshot's.
        objects: what is in it, verified.
        folder: where to; made with its parents.
        unseal: opens sealed Secrets; without it they stay sealed.

    Raises:
        BadInputError: the folder holds something, or cannot be written.
        SnapshotError: an object is damaged, or cannot be unsealed. Nothing is written.
    """
    with _written_aside(folder) as aside:
        order = {name: number for number, name in enumerate(index.namespaces, start=_FIRST_NAMESPACE)}
        files = sealed = 0
        for item in objects:
            manifest = unseal(item.manifest) if unseal else item.manifest
            stays_sealed = is_sealed(manifest)
            path = packed_path(item.entry, order)
            _write(aside / (f"{path}.sealed" if stays_sealed else path), manifest_yaml.emit(manifest))
            files += not stays_sealed
            sealed += stays_sealed
        _write(aside / _NOTE, _note(index, sealed).encode())
    return Packed(files=files, sealed=sealed)


def packed_path(entry: ManifestEntry, namespaces: dict[str, int]) -> str:
    """Where an object's file is, from its path in the archive: `<namespace>/<plural>.<group>/<name>.yaml`."""
    within, plural, file = entry.path.split("/")
    kind = entry.ref.gvk.group_kind
    if kind == _NAMESPACE:
        return f"00000-namespaces/{file}"
    if kind == _DEFINITION:
        return f"00001-definitions/{file}"
    if kind[0] in _ADMISSION_GROUPS:
        return f"99999-admission/{plural}/{file}"
    if not entry.ref.namespace:
        return f"00002-cluster/{plural}/{file}"
    number = namespaces.get(entry.ref.namespace, _FIRST_NAMESPACE + len(namespaces))
    return f"{number:05d}-{within}/{_rank(kind):02d}-{plural}/{file}"


def _rank(kind: tuple[str, str]) -> int:
    for rank, kinds in enumerate(_ORDER):
        if kind in kinds:
            return rank
    if kind in _WORKLOADS or kind[0] in _WORKLOAD_GROUPS:
        return len(_ORDER) + 1
    return len(_ORDER) + (2 if kind[0] in _LAST_GROUPS else 0)


def _note(index: SnapshotIndex, sealed: int) -> str:
    lines = [
        f"Snapshot {index.id} of group {index.group}, {index.stage}, taken {index.taken_at.isoformat()}.",
        *(_TO_LOOK_AT if index.stage is Stage.RAW else _TO_APPLY),
    ]
    if sealed:
        lines.append(f"Sealed, in files *.yaml.sealed that kubectl does not read: {counted(sealed, 'Secret')}.")
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def _written_aside(folder: Path) -> Iterator[Path]:
    """A private folder that takes the name of `folder` at the end, and is gone where something went wrong."""
    try:
        _make_folder(folder.parent)
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise BadInputError(f"{folder} is not an empty folder; name one that is empty, or that is not there yet")
        sweep(folder.parent, _ASIDE, older_than_seconds=_LONGEST_PACK_SECONDS)
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=folder.parent))
        try:
            yield aside
            aside.replace(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise BadInputError(f"{folder} cannot be written: {(error.strerror or str(error)).lower()}") from error


def _write(path: Path, data: bytes) -> None:
    _make_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _make_folder(folder: Path) -> None:
    """Private, with its parents: `mkdir` gives its mode to the last folder only."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)
