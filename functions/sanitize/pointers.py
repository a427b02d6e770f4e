"""JSON pointers (RFC 6901), and texts at declared places of manifests whose form nobody here knows."""

from collections.abc import Iterable, Mapping
from typing import Any

from kubestandby.resources import GVK, Manifest
from kubestandby.transforms import EVERY, FieldPath

from .transform_steps import Edit, TransformError, checked

Tokens = tuple[str, ...]


def pointer(tokens: Iterable[str | int]) -> str:
    """`/metadata/annotations/example.com~1note`."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)


def edited_fields(manifest: Manifest, fields: Iterable[FieldPath], edit: Edit) -> Manifest:
    """The manifest with the texts at those of the declared places that are of its kind put through `edit`.

    Raises:
        TransformError: something on the way is neither mapping nor list, or the end is no text.
    """
    for field in fields:
        if (field.group, field.kind) == GVK.of(manifest).group_kind:
            manifest = _edited(manifest, field.path, 0, edit)
    return manifest


def texts_at(manifest: Manifest, fields: Iterable[FieldPath]) -> set[str]:
    """The texts at those of the declared places that are of its kind; raises like `edited_fields`."""
    found: set[str] = set()

    def note(text: str) -> str:
        found.add(text)
        return text

    edited_fields(manifest, fields, note)
    return found


def _edited(value: Any, tokens: Tokens, depth: int, edit: Edit) -> Any:
    if value is None:
        return None
    if depth == len(tokens):
        if not isinstance(value, str):
            raise TransformError(f"{pointer(tokens)} is not a text")
        return checked(edit, value, pointer(tokens))
    if isinstance(value, Mapping):
        return _edited_mapping(value, tokens, depth, edit)
    if isinstance(value, list):
        return _edited_list(value, tokens, depth, edit)
    raise TransformError(
        f"{pointer(tokens[:depth])} is neither a mapping nor a list, so {pointer(tokens)} is not there"
    )


def _edited_mapping(value: Mapping[str, Any], tokens: Tokens, depth: int, edit: Edit) -> Mapping[str, Any]:
    names = value if tokens[depth] == EVERY else [name for name in (tokens[depth],) if name in value]
    new = {name: _edited(value[name], tokens, depth + 1, edit) for name in names}
    return value if all(new[name] is value[name] for name in new) else {**value, **new}


def _edited_list(value: list[Any], tokens: Tokens, depth: int, edit: Edit) -> list[Any]:
    def concerns(number: int) -> bool:
        return tokens[depth] in (EVERY, str(number))

    new = [_edited(item, tokens, depth + 1, edit) if concerns(n) else item for n, item in enumerate(value)]
    return value if all(one is other for one, other in zip(new, value, strict=True)) else new
