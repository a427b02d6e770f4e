"""Is a live object already as desired? Answered from the two objects alone, so that most objects cost no request. Pure.

A "yes" is certain. A "no" may be wrong, for the server may write a value in another way (defaults, canonical
quantities): such an object is settled by a dry run (`settling`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kubestandby.resources import FIELD_MANAGER, Manifest

from .field_sets import ITSELF, FieldSet, step

_FILLED_BY_THE_SERVER = "f:volumeClaimTemplates"
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
    through_itself = [entry for entry in entries if not entry.get("subresource")]
    return _owns_just(desired, through_itself) and not any(
        _holds_more(desired, live, entry.get("fieldsV1") or {}) for entry in through_itself
    )


def is_ours(live: Manifest) -> bool:
    """Whether a restore has made or changed the object: we own a field of it."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    return any(entry.get("manager") == FIELD_MANAGER and not entry.get("subresource") for entry in entries)


def owns_more(live: Manifest, wanted: Manifest) -> bool:
    """Whether we own a field of the live object that is not wanted, however we came to own it."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    ours = [entry for entry in entries if entry.get("manager") == FIELD_MANAGER and not entry.get("subresource")]
    return any(_lacks(wanted, entry.get("fieldsV1") or {}) for entry in ours)


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


def _owns_just(desired: Manifest, entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether none of the fields that we own is lacking in desired.

    Where we created or replaced an object whole (Update), what we left out since then shows in no field's ownership.
    """
    ours = [entry for entry in entries if entry.get("manager") == FIELD_MANAGER]
    applied = [entry for entry in ours if entry.get("operation") == "Apply"]
    sent_whole = not applied and any(entry.get("operation") == "Update" for entry in ours)
    return not sent_whole and not any(_lacks(desired, entry.get("fieldsV1") or {}) for entry in applied)


def _lacks(desired: Any, fields: FieldSet) -> bool:
    """Whether desired lacks one of the fields of a set."""
    is_mapping = isinstance(desired, _OBJECT)
    for element, below in fields.items():
        if is_mapping and element[:2] == "f:":  # as most are: no call for them
            name = element[2:]
            if name not in desired or (below and _lacks(desired[name], below)):
                return True
        elif element != ITSELF:
            found, value = step(desired, element)
            if not found or (below and _lacks(value, below)):
                return True
    return False


def _holds_more(desired: Any, live: Any, fields: FieldSet) -> bool:
    """Whether live has more than desired in a mapping or list that has one owner as a whole.

    Such are `x-kubernetes-map-type: atomic` (a Service's selector, a nodeSelector) and atomic lists: whoever applies
    them replaces them, so what live has beyond desired would go. Their owner, us or anybody, has them as a leaf.
    """
    for element, below in fields.items():
        if element in (ITSELF, _FILLED_BY_THE_SERVER):
            continue
        (is_desired, wanted), (is_live, found) = step(desired, element), step(live, element)
        if not (is_desired and is_live) or wanted == found:
            continue
        if below:
            if _holds_more(wanted, found, below):
                return True
        elif isinstance(found, (dict, list)) and not covers(found, wanted):
            return True
    return False
