"""The two general transforms: JSON patches and merge patches of whole objects."""

from collections.abc import Iterable, Sequence
from typing import Any

from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.transforms import MergeTransform, PatchOperation, PatchTransform

from .json_patch import PatchError, merged, patched
from .transform_steps import Step, TransformError

_SECRET = ("", "Secret")
_HIDDEN = ("data", "stringData", "sealed")
"""In a Secret: its values, and what stands in their place where they travel sealed (`keys.sealed_form`)."""


def patch_step(transform: PatchTransform) -> Step:
    """Applies a JSON patch; one operation that cannot be done is an error, and so is a test that fails."""
    touched = _touched(transform.operations)

    def step(manifest: Manifest) -> Manifest:
        _keep_secrets_out(manifest, touched)
        try:
            return _same_object(manifest, patched(manifest, transform.operations))
        except PatchError as error:
            raise TransformError(str(error)) from error

    return step


def merge_step(transform: MergeTransform) -> Step:
    """Applies a JSON merge patch."""

    def step(manifest: Manifest) -> Manifest:
        _keep_secrets_out(manifest, transform.merge)
        return _same_object(manifest, merged(manifest, transform.merge))

    return step


def _touched(operations: Sequence[PatchOperation]) -> frozenset[str]:
    """The top-level fields that the operations concern; one on the whole object concerns them all."""
    used = [operation.path for operation in operations]
    used += [operation.source for operation in operations if operation.op in ("move", "copy")]
    return frozenset(name for path in used for name in (path[:1] or _HIDDEN))


def _keep_secrets_out(manifest: Manifest, names: Iterable[str]) -> None:
    """What a Secret holds may be sealed, and a value for it has no place in a configuration."""
    if GVK.of(manifest).group_kind == _SECRET and not set(_HIDDEN).isdisjoint(names):
        raise TransformError(
            "what a Secret holds is not patched; leave the Secret out with drop, and keep the other site's own there"
        )


def _same_object(before: Manifest, after: Any) -> Manifest:
    """The patched manifest, which must still be that of the same object; only its version may have changed."""
    if _identity(after) != ObjectRef.of(before).identity:
        raise TransformError(
            "a patch must leave kind, API group, metadata.name and metadata.namespace as they are; namespaces have a "
            "map of their own"
        )
    manifest: Manifest = after
    return manifest


def _identity(manifest: Any) -> object:
    try:
        return ObjectRef.of(manifest).identity
    except (KeyError, TypeError, AttributeError):
        return None
