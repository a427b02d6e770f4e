"""Reads a whole cluster with kubectl, so that a fault in our own cluster adapter cannot hide itself."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Manifest = dict[str, Any]
Kubectl = Callable[..., str]


class Key(NamedTuple):
    """What tells an object from all others, whatever version it is read in."""

    group: str
    kind: str
    namespace: str
    name: str


def key_of(item: Manifest) -> Key:
    """The key of a live object."""
    metadata = item["metadata"]
    return Key(item["apiVersion"].rpartition("/")[0], item["kind"], metadata.get("namespace", ""), metadata["name"])


class ServedType(NamedTuple):
    """One line of `kubectl api-resources`."""

    plural: str
    api_version: str
    namespaced: bool
    kind: str
    verbs: frozenset[str]

    @property
    def group(self) -> str:
        """Of the API; "" for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def qualified(self) -> str:
        """As kubectl takes it: `deployments.v1.apps`; for the core group the plural alone."""
        version = self.api_version.rpartition("/")[2]
        return f"{self.plural}.{version}.{self.group}" if self.group else self.plural


def served_types(kubectl: Kubectl) -> list[ServedType]:
    """Every type that can be listed, in its preferred version."""
    return [type_ for type_ in _types(kubectl("api-resources", "-o", "wide", "--no-headers")) if "list" in type_.verbs]


def read_cluster(kubectl: Kubectl) -> dict[Key, Manifest]:
    """Every object of the cluster."""
    types = ",".join(type_.qualified for type_ in served_types(kubectl) if type_.kind != "ComponentStatus")
    listed = json.loads(kubectl("get", types, "--all-namespaces", "-o", "json", "--chunk-size=0"))
    return {key_of(item): item for item in listed["items"]}


def _types(table: str) -> Iterator[ServedType]:
    """Columns: name, short names (may be empty), API version, namespaced, kind, verbs, categories (may be empty)."""
    for line in table.splitlines():
        cells = line.split()
        at = next(place for place, cell in enumerate(cells) if cell in ("true", "false"))
        plural, verbs = cells[0], frozenset(cells[at + 2].split(","))
        yield ServedType(plural, cells[at - 1], cells[at] == "true", cells[at + 1], verbs)
