"""Sends one object, or asks in a dry run what sending it would do: by server-side apply, or whole where that cannot be.

The same way is taken by the dry runs of a plan, by a rehearsal and by the real thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubestandby.errors import ClusterError
from kubestandby.ports import Cluster
from kubestandby.resources import Manifest

from .drift import foreign_fields, stripped
from .emptied import lacks_empty, without_emptied
from .filling import filled
from .plans import DesiredObject, Method
from .probing import made_anew
from .refusals import is_invalid, is_typing_failure

WHOLE_REASON = "server-side apply cannot express it (its lists hold duplicate keys): created or replaced whole"
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """The object as the server has it now, or would have it, and the way it took."""

    manifest: Manifest
    method: Method


def send(
    cluster: Cluster,
    desired: DesiredObject,
    *,
    dry_run: bool = False,
    method: Method = Method.APPLY,
    force: bool = True,
    is_new: bool = False,
) -> Sent:
    """Sends the object; `force` takes fields from others who own them, without it that is a refusal (409).

    Of one that `is_new` nothing can become empty, and no time is spent on that.

    Raises:
        ClusterError: the server refused it.
    """
    if method is Method.APPLY:
        try:
            applied = _apply(cluster, desired, dry_run=dry_run, force=force, is_new=is_new)
        except ClusterError as error:
            if not is_typing_failure(error):
                raise
        else:
            return Sent(applied, Method.APPLY)
    return Sent(_send_whole(cluster, desired, dry_run=dry_run), Method.WHOLE)


def _apply(cluster: Cluster, desired: DesiredObject, *, dry_run: bool, force: bool, is_new: bool) -> Manifest:
    """Applies the object; twice where a map or list of it becomes empty (`emptied`), which a dry run cannot."""
    try:
        applied = cluster.apply(desired.resource, desired.manifest, dry_run=dry_run, force=force)
    except ClusterError as error:
        smaller = _without_emptied(cluster, desired) if is_invalid(error) and not is_new else None
        if smaller is None:
            raise
        applied = cluster.apply(desired.resource, smaller, dry_run=dry_run, force=force)
    if dry_run or is_new or not lacks_empty(desired.manifest, applied):
        return applied
    return cluster.apply(desired.resource, desired.manifest, force=force)


def _without_emptied(cluster: Cluster, desired: DesiredObject) -> Manifest | None:
    live = cluster.get(desired.resource, desired.ref.namespace, desired.ref.name)
    smaller: Manifest = without_emptied(desired.manifest, live)
    return None if smaller is desired.manifest else smaller


def send_exactly(cluster: Cluster, desired: DesiredObject, *, dry_run: bool = False) -> Sent:
    """Sends the object, and then takes away what only others have set.

    The second request says which state it is about, so that it overwrites nothing that was written since: controllers
    write into their objects all the time, and then both are made again.

    Raises:
        ClusterError: the server refused it.
    """
    attempts = 0
    while True:
        attempts += 1
        sent = send(cluster, desired, dry_run=dry_run)
        if sent.method is not Method.APPLY or not foreign_fields(desired.ref, desired.manifest, sent.manifest):
            return sent
        body = stripped(desired.ref, desired.manifest, sent.manifest)
        metadata = {key: value for key, value in body["metadata"].items() if key != "managedFields"}
        try:
            exact = cluster.replace(desired.resource, {**body, "metadata": metadata}, dry_run=dry_run)
        except ClusterError as error:
            if error.status != 409 or attempts == _ATTEMPTS:
                raise
        else:
            return Sent(exact, Method.APPLY)


def _send_whole(cluster: Cluster, desired: DesiredObject, *, dry_run: bool) -> Manifest:
    live = cluster.get(desired.resource, desired.ref.namespace, desired.ref.name)
    if live is None:
        return cluster.create(desired.resource, desired.manifest, dry_run=dry_run)
    body = replacement(desired.manifest, live)
    try:
        return cluster.replace(desired.resource, body, dry_run=dry_run)
    except ClusterError as error:
        anew = made_anew(cluster, desired, live) if is_invalid(error) else None
        kept = filled(desired.manifest, anew, live) if anew is not None else None
        if kept is None:
            raise
    return cluster.replace(desired.resource, {**kept, "metadata": body["metadata"]}, dry_run=dry_run)


def replacement(desired: Manifest, live: Manifest) -> dict[str, Any]:
    """What to PUT: the desired object with the live one's identity, finalizers, owners, status, and others' labels.

    The resourceVersion makes the server refuse (409) where somebody else wrote in between.
    """
    wanted: Mapping[str, Any] = desired.get("metadata", {})
    kept = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    marks: dict[str, Any] = {key: {**kept.get(key, {}), **wanted.get(key, {})} for key in ("labels", "annotations")}
    owners = {owner["uid"]: owner for owner in (*kept.get("ownerReferences", ()), *wanted.get("ownerReferences", ()))}
    marks["ownerReferences"] = list(owners.values())
    metadata = {**wanted, **kept, **{key: value for key, value in marks.items() if value}}
    status = {"status": live["status"]} if "status" in live else {}
    return {**desired, **status, "metadata": metadata}
