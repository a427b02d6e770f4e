"""What must be right about a manifest before anybody works with it: what names it, and what marks it.

Deeper down the server that restores it is the judge.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NoReturn

from kubestandby.adapters.manifest_files.yaml_documents import Document, Path
from kubestandby.adapters.marked_yaml import shown
from kubestandby.errors import ManifestError

_KUSTOMIZATIONS = ("kustomize.config.k8s.io/",)
_KUSTOMIZATION = "a kustomization; give what it makes: kubectl kustomize DIR | kubestandby import GROUP -"
_CHART = "a part of a Helm chart; give what it makes: helm template NAME DIR | kubestandby import GROUP -"
_NO_MANIFESTS = {
    "kustomization.yaml": _KUSTOMIZATION,
    "kustomization.yml": _KUSTOMIZATION,
    "Chart.yaml": _CHART,
    "values.yaml": _CHART,
    "values.yml": _CHART,
    "values.schema.json": _CHART,
}
"""Files beside manifests that are none, by the names that their tools give them."""

_TEMPLATE = re.compile(r"\{\{|\}\}|\$[{(]")
_IMPOSSIBLE_NAME = re.compile(r"\.\.?|.*[/%].*", re.DOTALL)
"""A name is one segment of a path (k8s.io/apimachinery, path.IsValidPathSegmentName)."""

_LONGEST_NAME = 253
"""Of a name, a namespace, a group or a kind (RFC 1123 subdomain)."""

_TYPES = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a mapping", str: "text"}


@dataclass(frozen=True, slots=True)
class WrittenManifest:
    """One object's manifest, checked, and where it was written: `file:line`."""

    origin: str
    manifest: Mapping[str, Any]


def manifests_of(document: Document, what: str) -> Iterator[WrittenManifest]:
    """The manifest in a document, or those of a list; as `kubectl get -o yaml` writes them.

    Raises:
        ManifestError: a manifest does not say what it is, or its labels and the like are of another type than the
            API's; the message is `what:line: ...`.
    """
    check = _Check(document, what)
    if _is_list(document.value):
        yield from check.items(document.value, ())
    else:
        yield check.manifest(document.value, ())


@dataclass(frozen=True, slots=True)
class _Check:
    document: Document
    what: str

    def items(self, listed: Mapping[str, Any], path: Path) -> Iterator[WrittenManifest]:
        """Items of a list; those of a typed list (`ConfigMapList`) may leave out what the list says."""
        kind = str(listed.get("kind", "")).removesuffix("List")
        given = {"apiVersion": listed.get("apiVersion"), "kind": kind} if kind else {}
        for position, item in enumerate(listed["items"] or ()):
            inner = (*path, "items", position)
            if _is_list(item):
                yield from self.items(item, inner)
            else:
                yield self.manifest({**given, **item} if isinstance(item, dict) else item, inner)

    def manifest(self, value: Any, path: Path) -> WrittenManifest:
        """Checks one manifest at this place."""
        if not isinstance(value, dict):
            self._refuse(path, "no manifest: it is not a mapping; a manifest has apiVersion, kind and metadata")
        known = _NO_MANIFESTS.get(PurePosixPath(self.what).name)
        if known and not {"apiVersion", "kind", "metadata"} <= value.keys():
            self._refuse(path, known)
        api_version = self._text(value, (*path, "apiVersion"))
        if api_version.startswith(_KUSTOMIZATIONS):
            self._refuse(path, _KUSTOMIZATION)
        if api_version.count("/") > 1 or api_version.startswith("/") or api_version.endswith("/"):
            self._refuse((*path, "apiVersion"), f"apiVersion {shown(api_version)} is not GROUP/VERSION; correct it")
        self._text(value, (*path, "kind"))
        metadata = value.get("metadata")
        if not isinstance(metadata, dict):
            self._refuse((*path, "metadata"), "no manifest: metadata is missing, or is not a mapping; give it a name")
        self._metadata(metadata, (*path, "metadata"))
        return WrittenManifest(
            f"{self.what}:{self.document.line(path)}", {**value, "metadata": _without_nulls(metadata)}
        )

    def _metadata(self, metadata: dict[str, Any], path: Path) -> None:
        if metadata.get("name") is None and metadata.get("generateName") is not None:
            told = "generateName and no name: such an object cannot be brought back; give it a name"
            self._refuse((*path, "generateName"), told)
        self._name(metadata, (*path, "name"))
        if metadata.get("namespace"):
            self._name(metadata, (*path, "namespace"))
        for marks in ("labels", "annotations"):
            self._texts(metadata.get(marks), (*path, marks))
        self._each(metadata.get("finalizers"), (*path, "finalizers"), str)
        self._each(metadata.get("ownerReferences"), (*path, "ownerReferences"), dict)
        self._each(metadata.get("managedFields"), (*path, "managedFields"), dict)
        for position, owner in enumerate(metadata.get("ownerReferences") or ()):
            for name in ("apiVersion", "kind", "name"):
                self._text(owner, (*path, "ownerReferences", position, name))

    def _name(self, metadata: dict[str, Any], path: Path) -> None:
        """A name that some server may take; which of them each kind allows is the server's to say."""
        name = self._text(metadata, path)
        if _TEMPLATE.search(name):
            self._refuse(path, f"{_field(path)} is a template, {shown(name)}; render it first")
        if _IMPOSSIBLE_NAME.fullmatch(name):
            self._refuse(path, f"{_field(path)} is {shown(name)}, which no server takes as a name; correct it")

    def _text(self, mapping: Mapping[str, Any], path: Path) -> str:
        value, name = mapping.get(str(path[-1])), _field(path)
        if value is None or value == "":
            self._refuse(path, f"no manifest: {name} is missing; write it, or leave the file out")
        if not isinstance(value, str):
            self._refuse(path, f"{name} is {_TYPES[type(value)]} and should be text; quote it")
        if len(value) > _LONGEST_NAME:
            self._refuse(path, f"{name} has {len(value)} characters; the API allows {_LONGEST_NAME}")
        return value

    def _texts(self, mapping: Any, path: Path) -> None:
        if mapping is None:
            return
        if not isinstance(mapping, dict):
            self._refuse(path, f"{_field(path)} is {_TYPES[type(mapping)]} and should be a mapping; correct it")
        for key, value in mapping.items():
            if value is not None and not isinstance(value, str):
                wrong = f"{_field(path)}[{shown(key)}] is {_TYPES[type(value)]} and should be text; quote it"
                self._refuse((*path, key), wrong)

    def _each(self, items: Any, path: Path, kind: type) -> None:
        if items is None:
            return
        if not isinstance(items, list):
            self._refuse(path, f"{_field(path)} is {_TYPES[type(items)]} and should be a list; correct it")
        for position, item in enumerate(items):
            if not isinstance(item, kind):
                self._refuse((*path, position), f"{_field(path)}[{position}] should be {_TYPES[kind]}; correct it")

    def _refuse(self, path: Path, problem: str) -> NoReturn:
        raise ManifestError(f"{self.what}:{self.document.line(path)}: {problem}")


def _is_list(value: Any) -> bool:
    """Whether it is a list of objects: by its items, as kubectl tells; a client in Go writes null for none."""
    if not isinstance(value, dict):
        return False
    items = value.get("items", False)
    return isinstance(items, list) or (items is None and str(value.get("kind", "")).endswith("List"))


def _without_nulls(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A field that is null, or an empty namespace, says nothing: to the server it is not there."""
    kept = {name: value for name, value in metadata.items() if value is not None}
    if not kept.get("namespace"):
        kept.pop("namespace", None)
    for marks in ("labels", "annotations"):
        if marks in kept:
            kept[marks] = {key: "" if value is None else value for key, value in kept[marks].items()}
    return kept


def _field(path: Path) -> str:
    """The field as in the API reference: without the place in a list that the manifest is an item of."""
    inner = path
    while inner[:1] == ("items",):
        inner = inner[2:]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in inner).removeprefix(".")
