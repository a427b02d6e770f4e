"""What a transform is made into: steps that take a manifest and give a changed one, and the texts that they edit."""

from collections.abc import Callable

from kubestandby.resources import Manifest

from .fields import Fields, FieldTypeError, Path, dotted, edited_values

Step = Callable[[Manifest], Manifest | None]
"""Returns the manifest itself where there is nothing to change, a changed one, or None: the object is left out."""

Edit = Callable[[str], str]
"""Gives the text that belongs there instead, or the same; raises ValueError where it cannot tell."""


class TransformError(Exception):
    """A transform cannot be applied to an object that it selects; the message names the field, never its value."""


def edited_text(manifest: Fields, path: Path, edit: Edit) -> Fields:
    """The manifest with every text at the path put through `edit`; nothing happens where there is none.

    Raises:
        FieldTypeError: something on the way, or at its end, is not what the path says.
        TransformError: the edit cannot tell.
    """

    def edit_leaf(value: object) -> str:
        if not isinstance(value, str):
            raise FieldTypeError(path, "a string", value)
        return checked(edit, value, dotted(path))

    return edited_values(manifest, path, edit_leaf)


def checked(edit: Edit, text: str, field: str) -> str:
    """The edited text.

    Raises:
        TransformError: the edit cannot tell; names the field.
    """
    try:
        return edit(text)
    except ValueError as error:
        raise TransformError(f"{field}: {error}") from error
