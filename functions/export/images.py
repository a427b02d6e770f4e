"""Which images the workloads of a snapshot run, and who runs them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshots import ImageUse

from .pod_specs import pod_specs

CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
HASH_LABEL = "pod-template-hash"


@dataclass(slots=True)
class ImageLedger:
    """Collects image references with their users."""

    users: dict[str, set[str]] = field(default_factory=dict)

    def add(self, manifest: Manifest) -> None:
        """Notes the images of one object."""
        images = set(images_in(manifest))
        user = user_of(manifest) if images else ""
        for image in images:
            self.users.setdefault(image, set()).add(user)

    def merge(self, other: "ImageLedger") -> None:
        """Takes over what another ledger has noted."""
        for image, users in other.users.items():
            self.users.setdefault(image, set()).update(users)

    def uses(self) -> tuple[ImageUse, ...]:
        """All that was noted, sorted."""
        return tuple(
            ImageUse(reference=image, used_by=tuple(sorted(self.users[image]))) for image in sorted(self.users)
        )


def images_in(manifest: Manifest) -> Iterator[str]:
    """Images of containers, init and ephemeral containers, and of image volumes (PodSpec)."""
    for spec in pod_specs(manifest):
        for name in CONTAINER_LISTS:
            yield from _named(spec.get(name), "image")
        volumes = spec.get("volumes")
        mounted = [item.get("image") for item in volumes if isinstance(item, dict)] if isinstance(volumes, list) else []
        yield from _named(mounted, "reference")


def is_owned_and_running(manifest: Manifest) -> bool:
    """Whether it is a Pod that some controller made and that has not come to its end."""
    if manifest["kind"] != "Pod" or not manifest["metadata"].get("ownerReferences"):
        return False
    ended = (manifest.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    return not ended and not manifest["metadata"].get("deletionTimestamp")


def user_of(manifest: Manifest) -> str:
    """Who runs it, as text. For a Pod with an owner that is the owner: names of owned Pods do not last.

    A ReplicaSet that a Deployment made is named after it and the Pods' template hash (label pod-template-hash).
    """
    metadata = manifest["metadata"]
    owners = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    if not owners or manifest["kind"] != "Pod":
        return str(ObjectRef.of(manifest))
    gvk, name = GVK.of(owners[0]), owners[0]["name"]
    suffix = f"-{(metadata.get('labels') or {}).get(HASH_LABEL, '')}"
    if gvk.group_kind == ("apps", "ReplicaSet") and len(suffix) > 1 and name.endswith(suffix):
        gvk, name = GVK("apps", "v1", "Deployment"), name.removesuffix(suffix)
    return str(ObjectRef(gvk, metadata.get("namespace", ""), name))


def _named(items: Any, key: str) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get(key), str) and item[key]:
            yield item[key]
