"""Reports likely secrets where they are in clear: values of ConfigMaps, and of environments in pod templates. Pure.

Found are names of objects and fields, never a value. Secrets belong into Secrets, which are sealed.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import translate
from typing import Any

from kubestandby.errors import LikelySecretsError
from kubestandby.groups import LikelySecrets, ProtectionGroup
from kubestandby.resources import Manifest, ObjectRef
from kubestandby.snapshots import MOST_LIKELY_SECRETS, LikelySecret

from .pod_specs import pod_specs
from .secret_shapes import secrets_in_lines, why_secret

_CONFIG_MAP = ("", "ConfigMap")
_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_SHOWN = 5


class SecretScan:
    """Looks through one snapshot's objects as its group wants it."""

    def __init__(self, group: ProtectionGroup) -> None:
        self._group = group
        self._allowed = re.compile("|".join(_glob(glob) for glob in group.scan.allow) or "(?!)")
        self._found: list[LikelySecret] = []
        self._count = 0

    def look(self, ref: ObjectRef, manifest: Manifest) -> None:
        """Notes what is likely a secret in an object, unless the group allows it."""
        if self._group.scan.likely_secrets is LikelySecrets.IGNORE:
            return
        for one in likely_secrets(ref, manifest):
            if not self._allowed.fullmatch(one.place):
                self._count += 1
                if len(self._found) < MOST_LIKELY_SECRETS:
                    self._found.append(one)

    def found(self) -> tuple[LikelySecret, ...]:
        """As in the index: by object.

        Raises:
            LikelySecretsError: the group refuses a snapshot with such.
        """
        found = tuple(sorted(self._found, key=lambda one: (one.object, one.field)))
        if found and self._group.scan.likely_secrets is LikelySecrets.REFUSE:
            more = f"; and {self._count - _SHOWN} more" if self._count > _SHOWN else ""
            raise LikelySecretsError(
                f"group {self._group.name}: likely secrets are in clear, and spec.scan refuses that:"
                f" {'; '.join(str(one) for one in found[:_SHOWN])}{more}; move them to a Secret, or name what is none"
                " in spec.scan.allow"
            )
        return found


def _glob(pattern: str) -> str:
    """Of a pattern only `*` is special: names of fields have brackets."""
    return translate(pattern.replace("[", "[[]").replace("?", "[?]"))


def likely_secrets(ref: ObjectRef, manifest: Manifest) -> Iterator[LikelySecret]:
    """The likely secrets in an object's fields."""
    if ref.gvk.group_kind == _CONFIG_MAP:
        found = _in_data(manifest.get("data"))
    elif ref.gvk.group_kind == _DEFINITION:
        return  # large, and a schema at most
    else:
        found = (place for spec in pod_specs(manifest) for place in _in_environments(spec))
    for field, reason in found:
        yield LikelySecret(object=str(ref), field=field, reason=reason)


def _in_data(data: Any) -> Iterator[tuple[str, str]]:
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if not isinstance(value, str):
            continue
        if "\n" not in value.strip():
            reason = why_secret(str(key), value)
            if reason:
                yield f"data.{key}", reason
            continue
        for line, name, why in secrets_in_lines(value):
            yield f"data.{key}, line {line}{f' ({name})' if name else ''}", why


def _in_environments(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in _CONTAINERS:
        for container in _mappings(spec.get(part)):
            for variable in _mappings(container.get("env")):
                name, value = str(variable.get("name", "")), variable.get("value")
                reason = why_secret(name, value) if isinstance(value, str) else ""
                if reason:
                    yield f"{part}[{container.get('name', '')}].env.{name}", reason


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    yield from (item for item in (value if isinstance(value, list) else ()) if isinstance(item, Mapping))
