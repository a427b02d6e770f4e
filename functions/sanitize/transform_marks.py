"""Labels and annotations set, given other values, and taken off."""

from kubestandby.resources import Manifest
from kubestandby.transforms import MarkEdit, MarkTransform

from .fields import Fields, fields_at, without
from .transform_steps import Step


def mark_step(transform: MarkTransform) -> Step:
    """Edits the labels and the annotations of the object itself (`metadata`)."""

    def step(manifest: Manifest) -> Manifest:
        return _edited(_edited(manifest, "labels", transform.labels), "annotations", transform.annotations)

    return step


def _edited(manifest: Manifest, field: str, edit: MarkEdit) -> Manifest:
    before = fields_at(manifest, "metadata", field)
    there = {name: value for name, value in edit.replace.items() if name in before}
    after = {**without(before, *edit.remove), **there, **edit.set}
    if after == before:
        return manifest
    metadata: Fields = without(fields_at(manifest, "metadata"), field)
    return {**manifest, "metadata": {**metadata, field: after} if after else metadata}
