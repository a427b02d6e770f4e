"""Who chose the value of a field: an author or the server.

Two records tell, both kept with the object (API reference, "Server-Side Apply"; kubectl's declarative management):

- `metadata.managedFields`: the fields that each request set. What the server allocates while it stores an object
  (`clusterIP`, `nodePort`, `ipFamilies`) and what admission puts in (tokens' volumes, priorities) comes after this
  record is made, so it is in nobody's set. An update that sends an allocated value back as it is (`kubectl replace`,
  `kubectl edit`, a controller) changes nothing and so does not come to own it.
- the annotation `kubectl.kubernetes.io/last-applied-configuration`: what `kubectl apply` was given. A value counts
  as authored only while it is still the live one. `kubectl replace` writes it too, and then as a rule it is a dump of
  the object, which says nothing of who chose what: a dump shows by the identity that only a server gives.

Three cases cannot be told apart, seen on Kubernetes 1.34; in each the value stays as if authored:

- somebody creates or server-side applies a dump of an object: every value in it is then theirs;
- a server-side apply sends a field empty (`clusterIP: ""`): it owns the field, and the server fills it;
- a Service with a node port of its author's becomes ClusterIP and NodePort again: the server allocates another port,
  in the field that the author still owns.

An object without any mark of a server (no uid, resourceVersion, creationTimestamp, managedFields) was never served:
all in it is authored. So a sanitized manifest can be sanitized again and stays as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kubestandby.resources import Manifest

from .fields import Fields, fields_at, items_at, text_at

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_MARKS_OF_A_SERVER = ("uid", "resourceVersion", "creationTimestamp", "managedFields")
_KEY_DEFAULTS = {"protocol": "TCP"}  # of a Service's port, by which the API keys its ports


@dataclass(frozen=True, slots=True)
class Authorship:
    """The record of one object.

    A path's elements are field names, or the key of an element of a keyed list: `{"port": 80, "protocol": "TCP"}`.
    """

    served: bool
    manager_fields: tuple[Fields, ...]
    last_applied: Fields

    @classmethod
    def of(cls, manifest: Manifest, counts: Callable[[Fields], bool] = lambda _: True) -> "Authorship":
        """Reads the record of a manifest; `counts` says which entries of managedFields are an author's.

        Raises:
            FieldTypeError: the record has not the form that the API gives it.
        """
        metadata = fields_at(manifest, "metadata")
        entries = items_at(metadata, "managedFields")
        return cls(
            served=any(metadata.get(mark) is not None for mark in _MARKS_OF_A_SERVER),
            manager_fields=tuple(fields_at(entry, "fieldsV1") for entry in entries if counts(entry)),
            last_applied=_last_applied(metadata),
        )

    def is_authored(self, value: Any, *path: str | Fields) -> bool:
        """Whether an author chose this value, which the object has at the path."""
        if not self.served or any(_owns(fields, path) for fields in self.manager_fields):
            return True
        return value is not None and _value_at(self.last_applied, path) == value


def _last_applied(metadata: Fields) -> Fields:
    text = text_at(metadata, "annotations", LAST_APPLIED)
    if not text:
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:  # an author's annotation like any other: what cannot be read records nothing
        return {}
    if not isinstance(value, dict) or _is_dump(value):
        return {}
    return value


def _is_dump(applied: Fields) -> bool:
    """Whether it was read from a server. `creationTimestamp: null` is what generators of manifests write."""
    found = applied.get("metadata")
    return isinstance(found, dict) and any(found.get(mark) is not None for mark in _MARKS_OF_A_SERVER)


def _owns(owned: Any, path: tuple[str | Fields, ...]) -> bool:
    for element in path:
        if not isinstance(owned, Mapping):
            return False
        owned = owned.get(f"f:{element}") if isinstance(element, str) else _owned_item(owned, element)
    return owned is not None


def _owned_item(owned: Fields, key: Fields) -> Any:
    for name, inner in owned.items():
        if name.startswith("k:") and _json(name[2:]) == key:
            return inner
    return None


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _value_at(value: Any, path: tuple[str | Fields, ...]) -> Any:
    for element in path:
        if isinstance(element, str):
            value = value.get(element) if isinstance(value, Mapping) else None
        else:
            value = _item(value, element)
    return value


def _item(items: Any, key: Fields) -> Any:
    if not isinstance(items, list):
        return None
    for item in items:
        if isinstance(item, Mapping) and all(item.get(n, _KEY_DEFAULTS.get(n)) == v for n, v in key.items()):
            return item
    return None
