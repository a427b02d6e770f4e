"""What a server makes of a manifest as it takes it in, as far as an export of it would show. Pure."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from kubestandby.errors import ManifestError
from kubestandby.resources import GVK, Manifest, ObjectRef

_SECRET = ("", "Secret")
_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable", "data", "stringData"})
"""All that a Secret has (core/v1 Secret)."""

_METADATA = frozenset(
    {
        *("annotations", "clusterName", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
        *("finalizers", "generateName", "generation", "labels", "managedFields", "name", "namespace"),
        *("ownerReferences", "resourceVersion", "selfLink", "uid"),
    }
)
"""All that an object's metadata has (meta/v1 ObjectMeta), or once had: archives may be old."""


def as_stored(manifest: Manifest) -> Manifest:
    """The manifest as a server keeps it: a Secret's `stringData` is written to, and never read (core/v1 Secret).

    Raises:
        ManifestError: a Secret that no server takes. Nothing of it is guessed at: what stands in a field that Secrets
            do not have (`stringdata`) would travel in clear.
        AttributeError, TypeError: its values are no texts.
    """
    if GVK.of(manifest).group_kind != _SECRET:
        return manifest
    _check_secret(manifest)
    if "stringData" not in manifest:
        return manifest
    written = {key: base64.b64encode(text.encode()).decode() for key, text in (manifest["stringData"] or {}).items()}
    kept = {name: value for name, value in manifest.items() if name != "stringData"}
    data = {**(manifest.get("data") or {}), **written}
    return {**kept, "data": data} if data else kept


def _check_secret(secret: Manifest) -> None:
    for fields, known, within in ((secret, _FIELDS, ""), (secret["metadata"], _METADATA, "metadata.")):
        unknown = sorted(fields.keys() - known)
        if unknown:
            raise ManifestError(
                f"{ObjectRef.of(secret)}: a Secret has no field {within}{unknown[0]}; write data or stringData, spelled"
                " as in the API"
            )
    for key, text in (secret.get("stringData") or {}).items():
        if not isinstance(text, str):
            raise ManifestError(f"{ObjectRef.of(secret)}: stringData.{key} is no text; quote it")
    data: Mapping[str, Any] = secret.get("data") or {}
    for key, value in data.items():
        if value is not None and not _is_base64(value):
            raise ManifestError(
                f"{ObjectRef.of(secret)}: data.{key} is not base64; encode it, or move it to stringData"
            )


def _is_base64(text: str) -> bool:
    """As the server decodes it: line breaks are passed over (Go, encoding/base64)."""
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", "").encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True
