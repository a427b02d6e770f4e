"""Server-side apply in small: maps merge, lists are replaced whole, and what a manager no longer applies goes away."""

import copy
from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]


def merged(live: Mapping[str, Any], applied: Mapping[str, Any], manager: str) -> dict[str, Any]:
    """The object after `manager` has applied `applied` to `live`."""
    result = copy.deepcopy(dict(live))
    entries = [entry for entry in result.get("metadata", {}).get("managedFields", ()) if "fieldsV1" in entry]
    owned = next((e["fieldsV1"] for e in entries if (e["manager"], e["operation"]) == (manager, "Apply")), {})
    fields = fields_of(applied)
    _remove(result, _without(owned, fields))
    _merge(result, applied)
    others = [e for e in entries if (e["manager"], e["operation"]) != (manager, "Apply")]
    mine = {"manager": manager, "operation": "Apply", "apiVersion": applied["apiVersion"], "fieldsV1": fields}
    result["metadata"]["managedFields"] = [*others, *([{**mine, "fieldsType": "FieldsV1"}] if fields else [])]
    return result


def fields_of(manifest: Mapping[str, Any]) -> Fields:
    """fieldsV1 of everything that the manifest sets; what identifies the object is nobody's."""
    fields = _fields({name: value for name, value in manifest.items() if name not in ("apiVersion", "kind")})
    metadata = fields.get("f:metadata", {})
    for name in ("f:name", "f:namespace", "f:uid", "f:resourceVersion", "f:managedFields", "f:creationTimestamp"):
        metadata.pop(name, None)
    if not metadata:
        fields.pop("f:metadata", None)
    return fields


def _fields(value: Any) -> Fields:
    return {f"f:{name}": _fields(inner) for name, inner in value.items()} if isinstance(value, Mapping) else {}


def _without(owned: Fields, applied: Fields) -> Fields:
    """The leaves of `owned` that `applied` lacks."""
    left: Fields = {}
    for name, inner in owned.items():
        if name not in applied:
            left[name] = {}
        elif inner and (rest := _without(inner, applied[name])):
            left[name] = rest
    return left


def _remove(value: dict[str, Any], fields: Fields) -> None:
    for name, inner in fields.items():
        key = name.removeprefix("f:")
        if not inner:
            value.pop(key, None)
        elif isinstance(value.get(key), dict):
            _remove(value[key], inner)


def _merge(value: dict[str, Any], applied: Mapping[str, Any]) -> None:
    for key, inner in applied.items():
        if isinstance(inner, Mapping) and isinstance(value.get(key), dict):
            _merge(value[key], inner)
        else:
            value[key] = copy.deepcopy(inner)
