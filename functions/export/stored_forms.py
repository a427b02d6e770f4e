"""What a server makes of a manifest as it takes it in, as far as an export of it would show. Pure."""

import base64

from kubestandby.resources import GVK, Manifest

_SECRET = ("", "Secret")


def as_stored(manifest: Manifest) -> Manifest:
    """The manifest as a server keeps it: a Secret's `stringData` is written to, and never read (core/v1 Secret).

    Raises:
        AttributeError, TypeError: its values are no texts.
    """
    if GVK.of(manifest).group_kind != _SECRET or "stringData" not in manifest:
        return manifest
    written = {key: base64.b64encode(text.encode()).decode() for key, text in (manifest["stringData"] or {}).items()}
    kept = {name: value for name, value in manifest.items() if name != "stringData"}
    data = {**(manifest.get("data") or {}), **written}
    return {**kept, "data": data} if data else kept
