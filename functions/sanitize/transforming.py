"""Takes objects through the group's transforms in order, and keeps account of what became of each. Fail-closed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kubestandby.errors import ManifestError
from kubestandby.resources import GVK, Manifest, ObjectRef
from kubestandby.snapshots import TRANSFORM_RULE, RuleCount, TransformedObject, TransformUse
from kubestandby.transforms import (
    ClaimTransform,
    DropTransform,
    ImageTransform,
    IngressClassTransform,
    MarkTransform,
    MergeTransform,
    NamespaceTransform,
    PatchTransform,
    Selector,
    StorageClassTransform,
    Transform,
    VolumePolicy,
    namespace_names,
)

from .changes import changed_fields
from .context import SnapshotContext
from .field_account import FieldAccount
from .fields import FieldTypeError
from .image_account import ImageAccount
from .selecting import selects
from .transform_classes import ingress_class_step, storage_class_step
from .transform_images import image_step
from .transform_marks import mark_step
from .transform_namespaces import namespace_step
from .transform_patches import merge_step, patch_step
from .transform_steps import Step, TransformError


class Transforming:
    """The transforms of one snapshot on its way to one site."""

    def __init__(self, transforms: Sequence[Transform]) -> None:
        self.claims = tuple(item for item in transforms if isinstance(item, ClaimTransform))
        self.images = ImageAccount(transforms)
        self._namespaces = namespace_names(transforms)
        self._steps = [(item.name, _step(item)) for item in transforms if not isinstance(item, ClaimTransform)]
        self._fields = FieldAccount(transforms)
        self._done: dict[str, list[TransformedObject]] = {item.name: [] for item in transforms if not _is_default(item)}

    def apply(self, manifest: Manifest) -> Manifest | None:
        """The manifest as the other site gets it, None where it does not get it.

        Raises:
            ManifestError: a transform cannot be applied to it; the message names object, transform and field.
        """
        if not self._steps:
            return manifest
        before, ref = manifest, ObjectRef.of(manifest)
        self._fields.note(manifest)
        for name, step in self._steps:
            after = self._applied(name, step, manifest, ref)
            if after is None:
                self.images.note(ref, before, None)
                return None
            manifest = after
        self._note_images(ref, before, manifest)
        return manifest

    def note_bound(self, context: SnapshotContext) -> None:
        """Notes the claims that cross with their volumes, and these."""
        for (namespace, name), transform in sorted(context.bound_claims.items()):
            self._note(transform, ObjectRef(GVK("", "v1", "PersistentVolumeClaim"), namespace, name))
        for name, transform in sorted(context.bound_volumes.items()):
            self._note(transform, ObjectRef(GVK("", "v1", "PersistentVolume"), "", name))

    @property
    def renamed_namespaces(self) -> Mapping[str, str]:
        """Names of namespaces to their names on the other site."""
        return {old: new for old, new in self._namespaces.items() if old != new}

    def namespaces(self, names: Iterable[str]) -> tuple[str, ...]:
        """These namespaces, by their names on the other site."""
        return tuple(self._namespaces.get(name, name) for name in names)

    def uses(self) -> tuple[TransformUse, ...]:
        """What each transform did, in the order of the configuration; those that did nothing are left out."""
        return tuple(TransformUse(transform=name, objects=tuple(done)) for name, done in self._done.items() if done)

    def counts(self) -> tuple[RuleCount, ...]:
        """How many objects each transform changed or left out, and has found its declared places in; also where none.

        Claims that are to be provisioned are not counted: so are all that no transform binds.
        """
        return tuple(
            count
            for name, done in self._done.items()
            for count in (RuleCount(rule=f"{TRANSFORM_RULE}{name}", count=len(done)), *self._fields.counts(name))
        )

    def _note_images(self, ref: ObjectRef, before: Manifest, after: Manifest) -> None:
        try:
            self.images.note(ref, before, after)
        except (FieldTypeError, TransformError) as error:
            raise ManifestError(
                f"{ref} is no longer what its API says after the transforms: {error}; correct spec.transforms"
            ) from error

    def _applied(self, name: str, step: Step, manifest: Manifest, ref: ObjectRef) -> Manifest | None:
        try:
            after = step(manifest)
        except (FieldTypeError, TransformError) as error:
            raise ManifestError(
                f"{ref} cannot be changed by transform {name}: {error}; correct spec.transforms, or the object"
            ) from error
        if after is None:
            self._note(name, ref, left_out=True)
        elif after is not manifest:
            fields = changed_fields(manifest, after)
            if fields:
                self._note(name, ref, fields)
        return after

    def _note(self, name: str, ref: ObjectRef, fields: tuple[str, ...] = (), *, left_out: bool = False) -> None:
        self._done[name].append(TransformedObject(object=str(ref), fields=fields, left_out=left_out))


def _is_default(transform: Transform) -> bool:
    return isinstance(transform, ClaimTransform) and transform.policy is VolumePolicy.PROVISION


def _step(transform: Transform) -> Step:
    return _STEPS[type(transform)](transform)


def _drop_step(_: DropTransform) -> Step:
    return lambda _: None


def _where_selected(make: Callable[[Any], Step]) -> Callable[[Any], Step]:
    """The step for the objects that the transform selects, and nothing for all others."""

    def make_selecting(transform: Any) -> Step:
        selector: Selector = transform.select
        step = make(transform)
        return lambda manifest: step(manifest) if selects(selector, manifest) else manifest

    return make_selecting


_STEPS: Mapping[type[Any], Callable[[Any], Step]] = {
    DropTransform: _where_selected(_drop_step),
    ImageTransform: image_step,
    IngressClassTransform: ingress_class_step,
    MarkTransform: _where_selected(mark_step),
    MergeTransform: _where_selected(merge_step),
    NamespaceTransform: namespace_step,
    PatchTransform: _where_selected(patch_step),
    StorageClassTransform: storage_class_step,
}
