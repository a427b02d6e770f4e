"""What of a Secret is secret, and the form that a sealed one has in a snapshot. Pure; knows no cryptography.

Sealed are `data` and `stringData` with the names of their keys, and all annotations but those of the API itself: tools
keep copies of the whole object in annotations (`kubectl.kubernetes.io/last-applied-configuration` and its likes). In
their place stands one opaque string, `sealed`, at the top of the manifest. No API has such a field, so a sealed
manifest that is applied as it is gets refused instead of making an empty Secret; and no rule of sanitize touches it.
"""

from collections.abc import Mapping
from typing import Any

from kubestandby.errors import FormatError, ManifestError
from kubestandby.resources import GVK, Manifest, ObjectRef

SEALED_KINDS = frozenset({("", "Secret")})
"""API group and kind of the objects that are sealed."""

MARK = "sealed"
VALUE_FIELDS = ("data", "stringData")
_FIELDS = frozenset({"apiVersion", "kind", "metadata", "type", "immutable", *VALUE_FIELDS})
"""All that a Secret has (core/v1 Secret). In any other field something would travel in clear."""
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type, not a password
_TOKEN_KEYS = ("token", "ca.crt", "namespace")
_VALUE_STEPS = frozenset(f"f:{field}" for field in VALUE_FIELDS)
_API_ANNOTATIONS = "kubernetes.io/"

SecretParts = Mapping[str, Any]
"""What is sealed: `data`, `stringData` and `annotations`, as far as the object has them."""


def is_to_be_sealed(gvk: GVK) -> bool:
    """Whether objects of this kind travel sealed."""
    return gvk.group_kind in SEALED_KINDS


def is_sealed(manifest: Manifest) -> bool:
    """Whether the manifest is a sealed one."""
    return MARK in manifest and GVK.of(manifest).group_kind in SEALED_KINDS


def split(manifest: Manifest) -> tuple[dict[str, Any], SecretParts]:
    """The manifest without its secret parts, and these.

    Raises:
        ManifestError: the manifest has a field `sealed` already or one that no Secret has, or annotations of another
            form than the API's.
    """
    ref = ObjectRef.of(manifest)
    if MARK in manifest:
        raise ManifestError(f"{ref} cannot be sealed: it has a field {MARK} already")
    unknown = sorted(manifest.keys() - _FIELDS)
    if unknown:
        raise ManifestError(f"{ref} cannot be sealed: a Secret has no field {unknown[0]}; correct its manifest")
    parts = {name: manifest[name] for name in VALUE_FIELDS if manifest.get(name) is not None}
    if not all(isinstance(value, Mapping) for value in parts.values()):
        raise ManifestError(f"{ref} cannot be sealed: its values are not a mapping")
    kept = {name: value for name, value in manifest.items() if name not in VALUE_FIELDS}
    metadata = dict(kept["metadata"])
    annotations = metadata.pop("annotations", None)
    if annotations is not None:
        if not isinstance(annotations, Mapping):
            raise ManifestError(f"{ref} cannot be sealed: its annotations are not a mapping")
        parts["annotations"] = {k: v for k, v in annotations.items() if not k.startswith(_API_ANNOTATIONS)}
        metadata["annotations"] = {k: v for k, v in annotations.items() if k.startswith(_API_ANNOTATIONS)}
    if "managedFields" in metadata:
        metadata["managedFields"] = [_without_key_names(entry) for entry in metadata["managedFields"] or ()]
    return {**kept, "metadata": metadata}, parts


def join(manifest: Manifest, parts: SecretParts) -> dict[str, Any]:
    """The whole manifest again: what was left of it, and what was sealed.

    Raises:
        FormatError: the two do not fit together.
    """
    whole = {name: value for name, value in manifest.items() if name != MARK}
    secret = dict(parts)
    annotations = secret.pop("annotations", None)
    if not all(isinstance(value, Mapping) for value in parts.values()) or not secret.keys() <= set(VALUE_FIELDS):
        raise FormatError(f"{ObjectRef.of(manifest)}: what was sealed is not what a Secret holds")
    if any(name in whole for name in VALUE_FIELDS):
        raise FormatError(f"{ObjectRef.of(manifest)} has values in clear beside its sealed ones")
    whole.update(secret)
    if annotations is not None:
        metadata = whole["metadata"]
        merged = {**annotations, **(metadata.get("annotations") or {})}
        whole["metadata"] = {**metadata, "annotations": merged}
    return whole


def without_token(manifest: Manifest) -> Manifest:
    """A service account's token never travels, not even sealed: it is good for one cluster and is made anew there.

    Source: SecretType kubernetes.io/service-account-token (ServiceAccountTokenKey, ServiceAccountRootCAKey,
    ServiceAccountNamespaceKey). A Secret of any other type keeps keys of these names.
    """
    data = manifest.get("data")
    if manifest.get("type") != _TOKEN_TYPE or not isinstance(data, Mapping):
        return manifest
    kept = {name: value for name, value in data.items() if name not in _TOKEN_KEYS}
    rest = {name: value for name, value in manifest.items() if name != "data"}
    return {**rest, "data": kept} if kept else rest


def _without_key_names(entry: Any) -> Any:
    """An entry of managedFields (FieldsV1) that names no key of the Secret's values and no annotation."""
    fields = entry.get("fieldsV1") if isinstance(entry, Mapping) else None
    if not isinstance(fields, Mapping):
        return entry
    kept = {name: value for name, value in fields.items() if name not in _VALUE_STEPS}
    metadata = kept.get("f:metadata")
    if isinstance(metadata, Mapping) and "f:annotations" in metadata:
        kept["f:metadata"] = {name: value for name, value in metadata.items() if name != "f:annotations"}
    return {**entry, "fieldsV1": kept}
