"""Labels and annotations set, given other values, and taken off."""

from kubestandby.resources import GVK, Manifest
from kubestandby.transforms import MarkEdit, MarkTransform

from .fields import Fields, fields_at, without
from .transform_steps import Step, TransformError

_SECRET = ("", "Secret")
_IN_CLEAR = "kubernetes.io/"


def mark_step(transform: MarkTransform) -> Step:
    """Edits the labels and the annotations of the object itself (`metadata`)."""
    hidden = _hidden_when_sealed(transform.annotations)

    def step(manifest: Manifest) -> Manifest:
        if hidden and GVK.of(manifest).group_kind == _SECRET and "sealed" in manifest:
            raise TransformError(
                f"metadata.annotations: {hidden} is sealed with what the Secret holds, so nobody here can tell whether "
                "it is there; set it, or select other kinds"
            )
        return _edited(_edited(manifest, "labels", transform.labels), "annotations", transform.annotations)

    return step


def _hidden_when_sealed(edit: MarkEdit) -> str:
    """An annotation that must be seen to be edited, and that a sealed Secret does not show (`keys.sealed_form`)."""
    names = (*edit.replace, *edit.remove)
    return next((name for name in names if not name.startswith(_IN_CLEAR)), "")


def _edited(manifest: Manifest, field: str, edit: MarkEdit) -> Manifest:
    before = fields_at(manifest, "metadata", field)
    there = {name: value for name, value in edit.replace.items() if name in before}
    after = {**without(before, *edit.remove), **there, **edit.set}
    if after == before:
        return manifest
    metadata: Fields = without(fields_at(manifest, "metadata"), field)
    return {**manifest, "metadata": {**metadata, field: after} if after else metadata}
