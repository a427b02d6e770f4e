"""Other names for storage classes and ingress classes, wherever the built-in API asks for one.

The classes themselves are the other site's: an object of a class that is renamed is left out.
"""

from kubestandby.resources import GVK, Manifest
from kubestandby.transforms import IngressClassTransform, StorageClassTransform

from .fields import EACH, Fields, Path, edited, text_at
from .pod_specs import in_pod_spec
from .pointers import edited_fields
from .renames import Renames
from .transform_steps import Step, TransformError, checked, edited_text

_STORAGE_CLASS = ("storage.k8s.io", "StorageClass")
_INGRESS_CLASS = ("networking.k8s.io", "IngressClass")
_CLAIM: tuple[Path, ...] = (
    ("spec", "storageClassName"),
    ("metadata", "annotations", "volume.beta.kubernetes.io/storage-class"),
)
_CLAIM_OF_POD: tuple[Path, ...] = tuple(("volumes", EACH, "ephemeral", "volumeClaimTemplate", *path) for path in _CLAIM)
_ASKING_FOR_STORAGE: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "PersistentVolume"): _CLAIM,
    ("", "PersistentVolumeClaim"): _CLAIM,
    ("apps", "StatefulSet"): tuple(("spec", "volumeClaimTemplates", EACH, *path) for path in _CLAIM),
}
"""Field and legacy annotation (PersistentVolumeClaimSpec.storageClassName, `BetaStorageClassAnnotation`)."""

_INGRESS: tuple[Path, ...] = (
    ("spec", "ingressClassName"),
    ("metadata", "annotations", "kubernetes.io/ingress.class"),
)
_QUOTA = ("spec", "hard")
_OF_CLASS = ".storageclass.storage.k8s.io/"
"""In a ResourceQuota: `<class>.storageclass.storage.k8s.io/requests.storage` and `.../persistentvolumeclaims`."""


def storage_class_step(transform: StorageClassTransform) -> Step:
    """Renames storage classes in claims, volumes, claim templates, ephemeral volumes, quotas and declared places."""
    rename = Renames(transform.names, has_way_back=not transform.sites)

    def step(manifest: Manifest) -> Manifest | None:
        kind = GVK.of(manifest).group_kind
        if kind == _STORAGE_CLASS and text_at(manifest, "metadata", "name") in rename.names:
            return None
        for path in (*_ASKING_FOR_STORAGE.get(kind, ()), *in_pod_spec(manifest, *_CLAIM_OF_POD)):
            manifest = edited_text(manifest, path, rename)
        if kind == ("", "ResourceQuota"):
            manifest = edited(manifest, _QUOTA, lambda hard: _renamed_limits(hard, rename))
        return edited_fields(manifest, transform.fields, rename)

    return step


def ingress_class_step(transform: IngressClassTransform) -> Step:
    """Renames ingress classes in Ingresses and declared places."""
    rename = Renames(transform.names, has_way_back=not transform.sites)

    def step(manifest: Manifest) -> Manifest | None:
        kind = GVK.of(manifest).group_kind
        if kind == _INGRESS_CLASS and text_at(manifest, "metadata", "name") in rename.names:
            return None
        for path in _INGRESS if kind == ("networking.k8s.io", "Ingress") else ():
            manifest = edited_text(manifest, path, rename)
        return edited_fields(manifest, transform.fields, rename)

    return step


def _renamed_limits(hard: Fields, rename: Renames) -> Fields:
    names = {name: checked(lambda key: _renamed_limit(key, rename), name, "spec.hard") for name in hard}
    if all(new == old for old, new in names.items()):
        return hard
    if len(set(names.values())) < len(names):
        raise TransformError("spec.hard limits two classes that become one, and only its author knows by how much")
    return {names[name]: value for name, value in hard.items()}


def _renamed_limit(key: str, rename: Renames) -> str:
    name, found, resource = key.partition(_OF_CLASS)
    return f"{rename(name)}{found}{resource}" if found else key
