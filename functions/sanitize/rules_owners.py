"""Rules for owner references: those to owners in the snapshot cross, without the UID that only the primary knows.

They cross as an annotation (`OWNERS_ANNOTATION`), which a restore turns into references again.
"""

import orjson

from kubestandby.resources import OWNERS_ANNOTATION, Manifest

from .context import SnapshotContext
from .fields import Fields, fields_at, items_at, sifted, text_at, without

_PATH = ("metadata", "ownerReferences")


def drop_owner_references(manifest: Manifest, context: SnapshotContext) -> Manifest:
    """References to owners outside the snapshot: they would dangle, and the object be collected as garbage.

    Source: ObjectMeta.ownerReferences, "Garbage Collection". An owner is in the object's namespace, or in none.
    """
    namespace = text_at(manifest, "metadata", "namespace")

    def is_there(owner: Fields) -> bool:
        group, _, _ = text_at(owner, "apiVersion").rpartition("/")
        kind, name = text_at(owner, "kind"), text_at(owner, "name")
        return any((group, kind, place, name) in context.identities for place in {namespace, ""})

    return sifted(manifest, _PATH, is_there)


def carry_owner_references(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The references that are left become an annotation: the API refuses them without a UID (OwnerReference.uid)."""
    owners = items_at(manifest, *_PATH)
    if not owners:
        return manifest
    text = orjson.dumps([without(owner, "uid") for owner in owners], option=orjson.OPT_SORT_KEYS).decode()
    metadata = without(fields_at(manifest, "metadata"), "ownerReferences")
    annotations = {**fields_at(metadata, "annotations"), OWNERS_ANNOTATION: text}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
