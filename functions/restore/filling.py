"""What the server has filled in of an object, and lets nobody change or take out afterwards. Pure.

Such are a Job's selector with the labels of its template, and a Pod's volume of tokens, its tolerations, and the
selectors that its labels were merged into. What the server fills in shows where it makes the object anew (`probing`).
"""

from collections.abc import Mapping
from typing import Any

from kubestandby.resources import GVK, Manifest

from .comparing import owns_more
from .diffs import without_servers_fields

_SET_LATER = ("ephemeralContainers", "nodeName")
"""Of a Pod's spec: what comes through subresources when it has been made."""


def filled(desired: Manifest, anew: Manifest, live: Manifest) -> dict[str, Any] | None:
    """The live object with the desired one laid over it; None where it would keep something that is not desired.

    Args:
        desired: what it is to be.
        anew: what the server would make of that.
        live: what it is.
    """
    made = _with_later_fields(anew, live)
    shown, wanted = without_servers_fields(live), without_servers_fields(desired)
    held = any(key != "metadata" and _holds_more(wanted.get(key), made.get(key), value) for key, value in shown.items())
    if held or owns_more(live, made):
        return None
    body: dict[str, Any] = _laid_over(desired, made, live)
    return body


def is_filled_in(desired: Manifest, anew: Manifest, live: Manifest) -> bool:
    """Whether the live object is the desired one and what the server has filled in."""
    kept = filled(desired, anew, live)
    return kept is not None and without_servers_fields(kept) == without_servers_fields(live)


def _with_later_fields(anew: Manifest, live: Manifest) -> Manifest:
    if GVK.of(live).group_kind != ("", "Pod"):
        return anew
    later = {name: live["spec"][name] for name in _SET_LATER if name in live["spec"]}
    return {**anew, "spec": {**anew["spec"], **later}}


def _holds_more(desired: Any, anew: Any, live: Any) -> bool:
    """Whether live has something that neither of the others has; a list that is to become another one does not."""
    if isinstance(live, Mapping):
        wanted, made = (value if isinstance(value, Mapping) else {} for value in (desired, anew))
        return any(
            _holds_more(wanted[key], made.get(key), value) if key in wanted else key not in made
            for key, value in live.items()
        )
    return _may_be_filled(desired, anew, live) and any(map(_holds_more, desired, anew, live))


def _laid_over(desired: Any, anew: Any, live: Any) -> Any:
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        made = anew if isinstance(anew, Mapping) else {}
        return {**live, **{key: _laid_over(value, made.get(key), live.get(key)) for key, value in desired.items()}}
    if _may_be_filled(desired, anew, live):
        return [*map(_laid_over, desired, anew, live), *live[len(desired) :]]
    return desired


def _may_be_filled(desired: Any, anew: Any, live: Any) -> bool:
    """Whether live is a list as long as the server would make it: what it appends (volumes, tolerations) included."""
    return all(isinstance(value, list) for value in (desired, anew, live)) and len(live) == len(anew) >= len(desired)
