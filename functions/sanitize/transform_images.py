"""Images at another place: references parsed, moved by the first rule that matches, tags and digests kept."""

from kubestandby.image_reference import ImageReference
from kubestandby.resources import Manifest
from kubestandby.transforms import FieldPath, ImageTransform, Unmatched

from .fields import EACH, Path
from .pod_specs import in_pod_spec
from .pointers import edited_fields, texts_at
from .transform_steps import Edit, Step, edited_text

_IMAGES: tuple[Path, ...] = (
    ("containers", EACH, "image"),
    ("initContainers", EACH, "image"),
    ("ephemeralContainers", EACH, "image"),
    ("volumes", EACH, "image", "reference"),
)
"""In a PodSpec: Container.image, EphemeralContainer.image, ImageVolumeSource.reference."""


def image_step(transform: ImageTransform) -> Step:
    """Moves the images of pods and pod templates, and those at the declared places."""

    def move(text: str) -> str:
        return moved_image(text, transform)

    def step(manifest: Manifest) -> Manifest:
        return edited_fields(_edited_pods(manifest, move), transform.fields, move)

    return step


def images_of(manifest: Manifest, fields: tuple[FieldPath, ...]) -> set[str]:
    """The images that the object asks for, those at the declared places included.

    Raises:
        FieldTypeError: a PodSpec is not what the API says.
        TransformError: at a declared place there is something else than a text.
    """
    found = texts_at(manifest, fields)

    def note(text: str) -> str:
        found.add(text)
        return text

    _edited_pods(manifest, note)
    return found - {""}


def _edited_pods(manifest: Manifest, edit: Edit) -> Manifest:
    for path in in_pod_spec(manifest, *_IMAGES):
        manifest = edited_text(manifest, path, edit)
    return manifest


def moved_image(text: str, transform: ImageTransform) -> str:
    """The reference at its new place; a template may leave it empty for somebody else to fill in (Container.image).

    Raises:
        ValueError: it is not a reference, or must have a rule and has none.
    """
    if not text:
        return text
    try:
        image = ImageReference.parse(text)
    except ValueError as error:
        raise ValueError(f"it is not an image reference: {error}") from error
    for rule in transform.rules:
        moved = rule.source.moved(image, rule.target)
        if moved == image:
            return text
        if moved is not None:
            return moved.short if transform.is_way_back else str(moved)
    if transform.unmatched is Unmatched.REFUSE:
        raise ValueError(f"no rule says where images of {image.registry}/{image.repository} are on the other site")
    return text
