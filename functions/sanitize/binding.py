"""Which claims cross with their volumes, because the storage layer replicates what is in them."""

from collections.abc import Mapping, Sequence

from kubestandby.resources import Manifest
from kubestandby.transforms import ClaimTransform, VolumePolicy

from .fields import fields_at, text_at
from .rules_storage import name_of
from .selecting import selects

_LEGACY_CLASS = "volume.beta.kubernetes.io/storage-class"
_Name = tuple[str, str]


class BoundVolumes:
    """Takes in the claims and volumes of a snapshot in any order. The first transform that selects a claim decides."""

    def __init__(self, transforms: Sequence[ClaimTransform]) -> None:
        self._transforms = transforms
        self._claims: dict[_Name, tuple[str, str]] = {}
        self._claimed_by: dict[str, _Name] = {}

    def note_claim(self, claim: Manifest) -> None:
        """Takes in a claim; one that has no volume yet has nothing to cross with.

        Raises:
            FieldTypeError: the claim is not what the API says.
        """
        volume = text_at(claim, "spec", "volumeName")
        transform = next((item for item in self._transforms if _concerns(item, claim)), None)
        if volume and transform is not None and transform.policy is VolumePolicy.BIND:
            self._claims[name_of(claim)] = (volume, transform.name)

    def note_volume(self, volume: Manifest) -> None:
        """Takes in a volume; raises like `note_claim`."""
        claim = fields_at(volume, "spec", "claimRef")
        self._claimed_by[name_of(volume)[1]] = (text_at(claim, "namespace"), text_at(claim, "name"))

    def bound(self) -> tuple[Mapping[_Name, str], Mapping[str, str]]:
        """Claims by namespace and name, and their volumes by name, each with the transform that binds them."""
        claims = {name: transform for name, (_, transform) in self._claims.items()}
        volumes = {
            volume: transform
            for name, (volume, transform) in self._claims.items()
            if self._claimed_by.get(volume) == name
        }
        return claims, volumes


def _concerns(transform: ClaimTransform, claim: Manifest) -> bool:
    if not selects(transform.select, claim):
        return False
    legacy = fields_at(claim, "metadata", "annotations").get(_LEGACY_CLASS)
    storage_class = text_at(claim, "spec", "storageClassName") or legacy
    return not transform.storage_classes or storage_class in transform.storage_classes
