"""Which fields differ between two states of an object, as text for a person. Secret data never shows. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from kubestandby.reports import FieldDiff
from kubestandby.resources import FIELD_MANAGER, Manifest, ObjectRef

MASK = "***"
ABSENT = "(absent)"
MAX_VALUE_LENGTH = 120
"""Characters of one value that are shown."""

_SERVERS_OWN = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"})
"""Fields of `metadata` that the server alone writes (ObjectMeta)."""

_SECRET_FIELDS = (("data",), ("stringData",), ("metadata", "annotations"))
"""Where a Secret's values are: annotations too, for `kubectl apply` copies the whole object into one."""

_Path = tuple[str, ...]


def without_servers_fields(manifest: Manifest) -> dict[str, Any]:
    """The object without `status` and the metadata that the server writes with every change.

    A custom resource without the subresource has data in `status`, which we come to own like any other field of it.
    """
    metadata = {key: value for key, value in manifest.get("metadata", {}).items() if key not in _SERVERS_OWN}
    kept = {key: metadata if key == "metadata" else value for key, value in manifest.items() if key != "status"}
    return {**kept, "status": manifest["status"]} if "status" in manifest and _owns_status(manifest) else kept


def _owns_status(manifest: Manifest) -> bool:
    entries = manifest.get("metadata", {}).get("managedFields") or ()
    ours = (entry for entry in entries if entry.get("manager") == FIELD_MANAGER and not entry.get("subresource"))
    return any("f:status" in (entry.get("fieldsV1") or {}) for entry in ours)


def field_diffs(ref: ObjectRef, live: Manifest, desired: Manifest) -> tuple[FieldDiff, ...]:
    """The differing fields in path order; paths such as `spec.template.spec.containers[web].image`.

    Elements of a list are told apart by `name` where all of them have one, else by their place.
    """
    before, after = without_servers_fields(live), without_servers_fields(desired)
    found = sorted(_walk(before, after, ()), key=lambda leaf: leaf[0])
    secret = ref.gvk.group_kind == ("", "Secret")
    return tuple(_diff(path, old, new, masked=secret and _is_secret(path)) for path, old, new in found)


def shown(ref: ObjectRef, path: str, value: Any) -> str:
    """One value as text; masked where the path, `data.key`, is one of a Secret's values."""
    parts = tuple(path.replace("[", ".[").split("."))
    return _text(value, masked=ref.gvk.group_kind == ("", "Secret") and _is_secret(parts))


_MISSING = object()


def _walk(old: Any, new: Any, path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _walk(old.get(key, _MISSING), new.get(key, _MISSING), (*path, _label(key)))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _walk_lists(old, new, path)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, old, new


def _walk_lists(old: list[Any], new: list[Any], path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    names, new_names = _names(old), _names(new)
    if names is None or new_names is None:
        names, new_names = [str(i) for i in range(len(old))], [str(i) for i in range(len(new))]
    before, after = dict(zip(names, old, strict=True)), dict(zip(new_names, new, strict=True))
    for name in {**before, **after}:
        inner = (*path[:-1], f"{path[-1]}[{name}]") if path else (f"[{name}]",)
        yield from _walk(before.get(name, _MISSING), after.get(name, _MISSING), inner)
    if names != new_names and set(names) == set(new_names):
        yield path, names, new_names  # the same elements in another order


def _names(items: list[Any]) -> list[str] | None:
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    usable = [name for name in names if isinstance(name, str)]
    return usable if len(usable) == len(items) and len(set(usable)) == len(usable) else None


def _label(key: str) -> str:
    """A key as part of a path; in brackets where it has dots itself."""
    return f"[{key}]" if "." in key else key


def _is_secret(path: _Path) -> bool:
    return any(tuple(part.partition("[")[0] for part in path[: len(field)]) == field for field in _SECRET_FIELDS)


def _diff(path: _Path, old: Any, new: Any, *, masked: bool) -> FieldDiff:
    text = ".".join(path).replace(".[", "[")
    return FieldDiff(path=text, live=_text(old, masked=masked), desired=_text(new, masked=masked))


def _text(value: Any, *, masked: bool) -> str:
    if value is _MISSING:
        return ABSENT
    if masked:
        return MASK
    words = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return words if len(words) <= MAX_VALUE_LENGTH else f"{words[:MAX_VALUE_LENGTH]}… ({len(words)} characters)"
