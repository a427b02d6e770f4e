"""Whether a transform's selector takes in an object."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from kubestandby.resources import Manifest, ObjectRef
from kubestandby.transforms import Selector

from .fields import fields_at


def selects(selector: Selector, manifest: Manifest) -> bool:
    """Whether all that the selector says holds for the object, by the names that it has at this point.

    Raises:
        FieldTypeError: the object's metadata is not what the API says.
    """
    ref = ObjectRef.of(manifest)
    return (
        _is_one_of(ref.gvk.group, selector.groups)
        and _is_one_of(ref.gvk.kind, selector.kinds)
        and _matches(ref.name, selector.names)
        and (not selector.namespaces or (bool(ref.namespace) and _matches(ref.namespace, selector.namespaces)))
        and _has(fields_at(manifest, "metadata", "labels"), selector.labels)
    )


def _is_one_of(value: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _matches(value: str, globs: Iterable[str]) -> bool:
    globs = tuple(globs)
    return not globs or any(fnmatchcase(value, glob) for glob in globs)


def _has(labels: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())
