"""The two general transforms: JSON patches and merge patches of whole objects."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.transforms import MergeTransform, PatchOperation, PatchTransform

from .fields import FieldTypeError, fields_at
from .json_patch import PatchError, merged, patched
from .pointers import Tokens
from .transform_steps import Step, TransformError

_SECRET = ("", "Secret")
_HIDDEN = ("data", "stringData", "sealed")
"""In a Secret: its values, and what stands in their place where they travel sealed (`keys.sealed_form`)."""

_IN_CLEAR = "kubernetes.io/"
_OF_THE_SERVER = (
    *("creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"),
    *("ownerReferences", "resourceVersion", "selfLink", "uid"),
)
"""In metadata: what a server sets, or what names an object by its UID on one cluster (meta/v1 ObjectMeta)."""


def patch_step(transform: PatchTransform) -> Step:
    """Applies a JSON patch; one operation that cannot be done is an error, and so is a test that fails."""
    touched = _touched(transform.operations)
    takes_annotations = any(
        path in (("metadata",), ("metadata", "annotations")) for path in _paths(transform.operations)
    )

    def step(manifest: Manifest) -> Manifest:
        _keep_secrets_out(manifest, touched)
        if takes_annotations:
            _keep_annotations(manifest)
        try:
            return _same_object(manifest, patched(manifest, transform.operations))
        except PatchError as error:
            raise TransformError(str(error)) from error

    return step


def merge_step(transform: MergeTransform) -> Step:
    """Applies a JSON merge patch."""
    takes_annotations = _takes_annotations(transform.merge)

    def step(manifest: Manifest) -> Manifest:
        _keep_secrets_out(manifest, transform.merge)
        if takes_annotations:
            _keep_annotations(manifest)
        return _same_object(manifest, merged(manifest, transform.merge))

    return step


def _touched(operations: Sequence[PatchOperation]) -> frozenset[str]:
    """The top-level fields that the operations concern; one on the whole object concerns them all."""
    return frozenset(name for path in _paths(operations) for name in (path[:1] or _HIDDEN))


def _paths(operations: Sequence[PatchOperation]) -> list[Tokens]:
    """All that the operations read or write."""
    sources = [operation.source for operation in operations if operation.op in ("move", "copy")]
    return [*(operation.path for operation in operations), *sources]


def _takes_annotations(merge: Mapping[str, Any]) -> bool:
    """Whether a merge patch takes annotations away that a sealed Secret would not show (`keys.sealed_form`)."""
    metadata = merge.get("metadata")
    annotations = metadata.get("annotations", {}) if isinstance(metadata, Mapping) else {}
    if not isinstance(annotations, Mapping):
        return True
    return any(value is None and not name.startswith(_IN_CLEAR) for name, value in annotations.items())


def _keep_annotations(manifest: Manifest) -> None:
    if GVK.of(manifest).group_kind == _SECRET and "sealed" in manifest:
        raise TransformError(
            "metadata.annotations: those of a sealed Secret are sealed with what it holds, and can only be set, one by "
            "one; select other kinds"
        )


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
    _check_metadata(before["metadata"], manifest)
    return manifest


def _check_metadata(before: Mapping[str, Any], after: Manifest) -> None:
    """A restore works with what marks an object: it must be what it is everywhere.

    Raises:
        FieldTypeError: it is of another type than the API's.
        TransformError: it holds what only a server sets.
    """
    metadata = fields_at(after, "metadata")
    added = next((name for name in _OF_THE_SERVER if name in metadata and metadata[name] != before.get(name)), "")
    if added:
        raise TransformError(f"a patch must not set metadata.{added}, which is the server's")
    for marks in ("labels", "annotations"):
        for name, value in fields_at(after, "metadata", marks).items():
            if not isinstance(value, str):
                raise FieldTypeError(("metadata", marks, name), "a string", value)
    finalizers = metadata.get("finalizers") or []
    if not isinstance(finalizers, list) or not all(isinstance(name, str) for name in finalizers):
        raise FieldTypeError(("metadata", "finalizers"), "a list of strings", finalizers)


def _identity(manifest: Any) -> object:
    try:
        return ObjectRef.of(manifest).identity
    except (KeyError, TypeError, AttributeError):
        return None
