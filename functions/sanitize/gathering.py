"""Gathers what rules must know of the rest of a snapshot, before the first object goes through them."""

from collections.abc import Iterable

from kubestandby.errors import ManifestError
from kubestandby.resources import GVK, Manifest
from kubestandby.snapshots import ManifestEntry, SnapshotObject

from .context import SnapshotContext
from .fields import FieldTypeError, fields_at, items_at, text_at
from .rules_storage import is_provisioned

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_VOLUME = ("", "PersistentVolume")
_TELLING = (_DEFINITION, _VOLUME)


def gather(entries: Iterable[ManifestEntry], objects: Iterable[SnapshotObject]) -> SnapshotContext:
    """Reads the objects only as far as the last one that tells something, and not at all where there is none.

    Raises:
        ManifestError: a definition or a volume has a field of another type than the API says.
    """
    refs = [entry.ref for entry in entries]
    telling = sum(ref.gvk.group_kind in _TELLING for ref in refs)
    status_is_data: set[GVK] = set()
    left_out_volumes: set[str] = set()
    for item in _first(telling, objects):
        try:
            if item.entry.ref.gvk.group_kind == _DEFINITION:
                status_is_data.update(_versions_without_status(item.manifest))
            elif is_provisioned(item.manifest):
                left_out_volumes.add(item.entry.ref.name)
        except FieldTypeError as error:
            raise ManifestError(f"{item.entry.ref} cannot be read: {error}; take a new snapshot") from error
    return SnapshotContext(
        status_is_data=frozenset(status_is_data),
        pods=frozenset((ref.namespace, ref.name) for ref in refs if ref.gvk.group_kind == ("", "Pod")),
        left_out_volumes=frozenset(left_out_volumes),
    )


def _first(count: int, objects: Iterable[SnapshotObject]) -> Iterable[SnapshotObject]:
    """The first so many objects that tell something; reads no further than the last of them."""
    if not count:
        return
    for item in objects:
        if item.entry.ref.gvk.group_kind in _TELLING:
            yield item
            count -= 1
            if not count:
                return


def _versions_without_status(definition: Manifest) -> Iterable[GVK]:
    """Custom resources of these versions keep `status` as data (CustomResourceSubresources.status is not there)."""
    group, kind = text_at(definition, "spec", "group"), text_at(definition, "spec", "names", "kind")
    for version in items_at(definition, "spec", "versions"):
        if fields_at(version, "subresources").get("status") is None:
            yield GVK(group, text_at(version, "name"), kind)
