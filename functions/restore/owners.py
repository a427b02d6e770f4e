"""Owner references on the standby: from the form in which they cross to references with the live owners' UIDs. Pure.

A reference is never left dangling: an owner that is not there (not restored, or refused) is left out, since the garbage
collector takes away objects whose owner it cannot find.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kubestandby.resources import CLUSTER_SCOPE, GVK, OWNERS_ANNOTATION, Manifest, ObjectRef

from .plans import DesiredObject, Identity, OwnerLink, Uids
from .references import children

_NAMING = ("apiVersion", "kind", "name")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A manifest without the annotation, and the references that were in it, each without a UID."""

    manifest: Manifest
    references: tuple[Mapping[str, Any], ...] = ()


def unpack(manifest: Manifest) -> Unpacked:
    """Takes the references out of the annotation in which they cross; one that nobody can read says nothing.

    References with UIDs, which no sanitized snapshot has, are those of another cluster: they are dropped.
    """
    metadata = manifest["metadata"]
    annotations = metadata.get("annotations") or {}
    if OWNERS_ANNOTATION not in annotations and "ownerReferences" not in metadata:
        return Unpacked(manifest)
    kept = {key: value for key, value in annotations.items() if key != OWNERS_ANNOTATION}
    rest = {key: value for key, value in metadata.items() if key not in ("annotations", "ownerReferences")}
    if kept:
        rest["annotations"] = kept
    return Unpacked({**manifest, "metadata": rest}, tuple(_read(annotations.get(OWNERS_ANNOTATION, "[]"))))


def links(
    ref: ObjectRef,
    references: Iterable[Mapping[str, Any]],
    desired: Mapping[Identity, DesiredObject],
    will_serve: Callable[[GVK], bool],
) -> tuple[tuple[OwnerLink, ...], tuple[str, ...]]:
    """The references whose owner is among the desired objects, and the owners of the others in words.

    A version that the standby will not serve is replaced: its garbage collector could not look the owner up.
    """
    found: list[OwnerLink] = []
    lost: list[str] = []
    for reference in references:
        owner = next((desired[key] for key in _candidates(ref, reference) if key in desired), None)
        if owner is None:
            lost.append(f"{reference.get('kind')} {reference.get('name')}")
        elif will_serve(GVK.of(reference)):
            found.append(OwnerLink(owner.identity, reference))
        else:
            found.append(OwnerLink(owner.identity, {**reference, "apiVersion": owner.resource.gvk.api_version}))
    return tuple(found), tuple(lost)


def linked(desired: DesiredObject, uids: Uids) -> DesiredObject:
    """The object with references to those of its owners whose UIDs are known."""
    if not desired.owners:
        return desired
    references = [{**link.reference, "uid": uids[link.owner]} for link in desired.owners if link.owner in uids]
    metadata = {key: value for key, value in desired.manifest["metadata"].items() if key != "ownerReferences"}
    if references:
        metadata["ownerReferences"] = references
    return replace(desired, manifest={**desired.manifest, "metadata": metadata})


def missing(desired: DesiredObject, uids: Uids) -> tuple[Identity, ...]:
    """Those of its owners whose UIDs are not known."""
    return tuple(link.owner for link in desired.owners if link.owner not in uids)


def owners_among(desired: Iterable[DesiredObject]) -> frozenset[Identity]:
    """Every object that owns one of these."""
    return frozenset(link.owner for item in desired for link in item.owners)


def descendants(owners: Collection[Identity], desired: Iterable[DesiredObject]) -> frozenset[Identity]:
    """The objects that go when these owners go: owned by them, or by such an object in turn."""
    owned_by: dict[Identity, list[Identity]] = {}
    for item in desired:
        for link in item.owners:
            owned_by.setdefault(link.owner, []).append(item.identity)
    found: set[Identity] = set()
    waiting = list(owners)
    while waiting:
        new = [identity for identity in owned_by.get(waiting.pop(), ()) if identity not in found]
        found.update(new)
        waiting.extend(new)
    return frozenset(found)


def without_owner(owners: Iterable[Identity]) -> str:
    """Words for an object that had to do without them, "" for none."""
    names = ", ".join(f"{kind} {name}" for _, kind, _, name in owners)
    return f"without its owner {names}, which is not there: restore again when it is" if names else ""


def _read(text: Any) -> list[Mapping[str, Any]]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return []
    references = children({"owners": value}, "owners")
    return [one for one in references if all(isinstance(one.get(name), str) for name in _NAMING)]


def _candidates(ref: ObjectRef, reference: Mapping[str, Any]) -> list[Identity]:
    """An owner is in the namespace of what it owns, or in none (OwnerReference)."""
    group = str(reference.get("apiVersion", "")).rpartition("/")[0]
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    return [(group, kind, place, name) for place in dict.fromkeys((ref.namespace, CLUSTER_SCOPE))]
