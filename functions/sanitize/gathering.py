"""Gathers what rules must know of the rest of a snapshot, before the first object goes through them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kubestandby.errors import ManifestError
from kubestandby.resources import CLUSTER_SCOPE, GVK, Manifest
from kubestandby.snapshots import ManifestEntry, SnapshotObject
from kubestandby.transforms import ClaimTransform

from .binding import BoundVolumes
from .context import SnapshotContext
from .fields import FieldTypeError, fields_at, items_at, text_at
from .rules_storage import is_provisioned

_CLAIM = ("", "PersistentVolumeClaim")
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_VOLUME = ("", "PersistentVolume")


def gather(
    entries: Iterable[ManifestEntry], objects: Iterable[SnapshotObject], claims: Sequence[ClaimTransform] = ()
) -> SnapshotContext:
    """Reads the objects only as far as the last one that tells something, and not at all where there is none.

    `claims` says which claims cross with their volumes.

    Raises:
        ManifestError: a definition, a volume or a claim has a field of another type than the API says.
    """
    telling = {_DEFINITION, _VOLUME, _CLAIM} if claims else {_DEFINITION, _VOLUME}
    refs = [entry.ref for entry in entries]
    found = _Found(BoundVolumes(claims))
    for item in _first(sum(ref.gvk.group_kind in telling for ref in refs), telling, objects):
        try:
            found.take(item)
        except FieldTypeError as error:
            raise ManifestError(f"{item.entry.ref} cannot be read: {error}; take a new snapshot") from error
    bound_claims, bound_volumes = found.volumes.bound()
    left_out_volumes = frozenset(found.provisioned - bound_volumes.keys())
    return SnapshotContext(
        status_is_data=frozenset(found.status_is_data),
        identities=frozenset(ref.identity for ref in refs)
        - {(*_VOLUME, CLUSTER_SCOPE, name) for name in left_out_volumes},
        pods=frozenset((ref.namespace, ref.name) for ref in refs if ref.gvk.group_kind == ("", "Pod")),
        left_out_volumes=left_out_volumes,
        bound_claims=bound_claims,
        bound_volumes=bound_volumes,
    )


@dataclass(slots=True)
class _Found:
    volumes: BoundVolumes
    status_is_data: set[GVK] = field(default_factory=set)
    provisioned: set[str] = field(default_factory=set)

    def take(self, item: SnapshotObject) -> None:
        """Notes what one object tells."""
        kind = item.entry.ref.gvk.group_kind
        if kind == _DEFINITION:
            self.status_is_data.update(_versions_without_status(item.manifest))
        elif kind == _CLAIM:
            self.volumes.note_claim(item.manifest)
        else:
            self.volumes.note_volume(item.manifest)
            if is_provisioned(item.manifest):
                self.provisioned.add(item.entry.ref.name)


def _first(count: int, kinds: set[tuple[str, str]], objects: Iterable[SnapshotObject]) -> Iterable[SnapshotObject]:
    """The first so many objects of these kinds; reads no further than the last of them."""
    if not count:
        return
    for item in objects:
        if item.entry.ref.gvk.group_kind in kinds:
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
