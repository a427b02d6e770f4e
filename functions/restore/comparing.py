"""Is a live object already as desired? Answered from the two objects alone, so that most objects cost no request. Pure.

A "yes" is certain. A "no" may be wrong, for the server may write a value in another way (defaults, canonical
quantities): such an object is settled by a dry run (`settling`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kubestandby.resources import FIELD_MANAGER, Manifest

from .field_sets import MANY, indexed, step
from .field_trees import FieldTree, tree_of

_FILLED_BY_THE_SERVER = "volumeClaimTemplates"
"""Of a StatefulSet: the server fills `status` and more into them, and lets nobody change them afterwards."""

_OBJECT = (dict, Mapping)  # dict first: an exact type is told faster than an abstract one


def is_as_desired(desired: Manifest, live: Manifest) -> bool:
    """Whether an apply of `desired` would change nothing.

    It would not when live has every desired field with an equal value, owns through us no field that is not desired
    any more (`metadata.managedFields`, operation Apply: server-side apply removes what its manager leaves out), and
    holds no more than desired in what is applied as a whole.
    """
    if not covers(desired, live):
        return False
    entries = live.get("metadata", {}).get("managedFields") or ()
    through_itself = [(entry, tree_of(entry)) for entry in entries if not entry.get("subresource")]
    if not _owns_just(desired, [(entry, fields) for entry, fields in through_itself if _is_us(entry)]):
        return False
    return not any(_holds_more(desired, live, fields) for _, fields in through_itself)


def is_ours(live: Manifest) -> bool:
    """Whether a restore has made or changed the object: we own a field of it."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    return any(_is_us(entry) and not entry.get("subresource") for entry in entries)


def owns_more(live: Manifest, wanted: Manifest) -> bool:
    """Whether we own a field of the live object that is not wanted, however we came to own it."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    ours = [entry for entry in entries if _is_us(entry) and not entry.get("subresource")]
    return any(_lacks(wanted, tree_of(entry)) for entry in ours)


def covers(desired: Any, live: Any) -> bool:
    """Whether live has every field of desired with an equal value.

    Mappings: live may have more keys; a null means an absent key. Lists: equal length, each element covered. Numbers
    compare by value within their type, so that 1 and true differ.
    """
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(desired) == len(live)
            and all(covers(wanted, found) for wanted, found in zip(desired, live, strict=True))
        )
    if isinstance(desired, _OBJECT):
        return isinstance(live, _OBJECT) and _mapping_covers(desired, live)
    return bool(desired == live) and isinstance(desired, bool) == isinstance(live, bool)


def _mapping_covers(desired: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    for key, wanted in desired.items():
        found = live.get(key)
        if type(wanted) is str:  # as most are: no call for them
            same = wanted == found
        elif type(wanted) is dict:
            same = type(found) is dict and _mapping_covers(wanted, found)
        else:
            same = found is None if wanted is None else covers(wanted, found)
        if not same:
            return False
    return True


def _is_us(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("manager") == FIELD_MANAGER)


def _owns_just(desired: Manifest, ours: Sequence[tuple[Mapping[str, Any], FieldTree]]) -> bool:
    """Whether none of the fields that we own is lacking in desired.

    Where we created or replaced an object whole (Update), what we left out since then shows in no field's ownership.
    """
    applied = [fields for entry, fields in ours if entry.get("operation") == "Apply"]
    sent_whole = not applied and any(entry.get("operation") == "Update" for entry, _ in ours)
    return not sent_whole and not any(_lacks(desired, fields) for fields in applied)


def _lacks(desired: Any, fields: FieldTree) -> bool:
    """Whether desired lacks one of the fields of a set."""
    if fields.names and not (isinstance(desired, _OBJECT) and desired.keys() >= fields.names):
        return True
    for name, below in fields.branches:
        if _lacks(desired[name], below):
            return True
    if not fields.elements:
        return False
    if len(fields.elements) >= MANY:
        desired = indexed(desired)
    for element, below in fields.elements:
        found, value = step(desired, element)
        if not found or _lacks(value, below):
            return True
    return False


def _holds_more(desired: Any, live: Any, fields: FieldTree) -> bool:
    """Whether live has more than desired in a mapping or list that has one owner as a whole.

    Such are `x-kubernetes-map-type: atomic` (a Service's selector, a nodeSelector) and atomic lists: whoever applies
    them replaces them, so what live has beyond desired would go. Their owner, us or anybody, has them as a leaf.
    """
    if isinstance(desired, _OBJECT) and isinstance(live, _OBJECT):
        for name in fields.leaves:
            if name in desired and _is_more(desired[name], live.get(name)) and name != _FILLED_BY_THE_SERVER:
                return True
        for name, below in fields.branches:
            compared = name in desired and name in live and name != _FILLED_BY_THE_SERVER
            if compared and _holds_more_below(desired[name], live[name], below):
                return True
    return bool(fields.elements) and _holds_more_in_elements(desired, live, fields)


def _holds_more_in_elements(desired: Any, live: Any, fields: FieldTree) -> bool:
    if len(fields.elements) >= MANY:
        desired, live = indexed(desired), indexed(live)
    for element, below in fields.elements:
        (is_desired, wanted), (is_live, found) = step(desired, element), step(live, element)
        if is_desired and is_live and _holds_more_below(wanted, found, below):
            return True
    return False


def _holds_more_below(desired: Any, live: Any, fields: FieldTree) -> bool:
    if desired == live:
        return False
    return _is_more(desired, live) if fields.is_leaf else _holds_more(desired, live, fields)


def _is_more(desired: Any, live: Any) -> bool:
    return isinstance(live, (dict, list)) and live != desired and not covers(live, desired)
