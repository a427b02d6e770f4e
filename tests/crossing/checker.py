"""Compares two clusters object by object, field by field. Knows the Kubernetes API only, none of our rules.

Two comparisons, so that a mistake in what counts as a server's own (`server_made`) cannot hide a loss:

- every field that an author wrote is on the standby what it is on the primary, as the server there has put it;
- every other field too, but for what a server sets by itself.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.crossing.authoring import Authored
from tests.crossing.reading import Key, Manifest
from tests.crossing.server_made import is_controller_made, without_server_made

Cluster = Mapping[Key, Manifest]
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """What is wrong with one object; `path` is empty where that is the whole of it."""

    key: Key
    path: str
    says: str

    def __str__(self) -> str:
        kind = ".".join(part for part in (self.key.kind, self.key.group) if part)
        where = f" at {self.path}" if self.path else ""
        return f"{kind} {self.key.namespace}/{self.key.name}{where}: {self.says}"


def compare(authored: Authored, primary: Cluster, standby: Cluster) -> list[Difference]:
    """Everything that somebody authored on the primary and that is not on the standby as it is there."""
    return [difference for key in sorted(authored) for difference in _compare(key, authored[key], primary, standby)]


def strays(authored: Iterable[Key], before: Cluster, after: Cluster) -> list[Key]:
    """What is on the standby now and was not before, nobody has authored and no controller has made."""
    new = after.keys() - before.keys() - set(authored)
    return sorted(key for key in new if not is_controller_made(key, after))


def arrived(keys: Iterable[Key], before: Cluster, after: Cluster) -> list[Key]:
    """Those of the objects that the standby has now and had not before."""
    return sorted(key for key in keys if key in after and key not in before)


def _compare(key: Key, authored: Manifest, primary: Cluster, standby: Cluster) -> Iterator[Difference]:
    if key not in primary:
        yield Difference(key, "", "is gone from the primary itself")
        return
    if key not in standby:
        yield Difference(key, "", "is missing on the standby")
        return
    left, right = (_comparable(key, authored, cluster) for cluster in (primary, standby))
    if _has_ended(key, primary[key]):
        left.whole["spec"]["suspend"] = left.desired["spec"]["suspend"] = True
    found = [
        *_authored_differences("", authored, left.whole, right.whole),
        *_differences("", left.desired, right.desired),
    ]
    for path, (here, there) in dict(found).items():
        yield Difference(key, path, f"{_shown(here)} on the primary, {_shown(there)} on the standby")


@dataclass(frozen=True)
class _Comparable:
    """One object of one cluster: `whole` for what its author wrote, `desired` without what a server made."""

    whole: Manifest
    desired: Manifest


def _comparable(key: Key, authored: Manifest, cluster: Cluster) -> _Comparable:
    whole = copy.deepcopy(cluster[key])
    if not _status_is_data(key, whole, cluster):
        whole.pop("status", None)
    if "ownerReferences" in whole["metadata"]:
        whole["metadata"]["ownerReferences"] = _resolved_owners(whole, cluster)
    desired = without_server_made(copy.deepcopy(whole), authored)
    volume = whole["spec"].get("volumeName", "") if key[:2] == ("", "PersistentVolumeClaim") else ""
    if volume and is_controller_made(Key("", "PersistentVolume", "", volume), cluster):
        desired["spec"]["volumeName"] = "provisioned"
    return _Comparable(whole, desired)


def _status_is_data(key: Key, item: Manifest, cluster: Cluster) -> bool:
    """CustomResourceDefinition, spec.versions[].subresources.status: without it `status` is a field like any other."""
    for crd in (found for at, found in cluster.items() if at.kind == "CustomResourceDefinition"):
        if (crd["spec"]["group"], crd["spec"]["names"]["kind"]) == key[:2]:
            version = item["apiVersion"].rpartition("/")[2]
            served = next(found for found in crd["spec"]["versions"] if found["name"] == version)
            return "status" not in served.get("subresources", {})
    return False


def _resolved_owners(item: Manifest, cluster: Cluster) -> list[dict[str, Any]]:
    """Owners by what they are: their UIDs differ, and have to be those of the live objects of the same cluster."""
    owners = []
    for owner in item["metadata"]["ownerReferences"]:
        group, namespace = owner["apiVersion"].rpartition("/")[0], item["metadata"].get("namespace", "")
        keys = [Key(group, owner["kind"], place, owner["name"]) for place in {namespace, ""}]
        live = {cluster[key]["metadata"]["uid"] for key in keys if key in cluster}
        owners.append({**owner, "uid": "of the live owner" if owner["uid"] in live else "dangling"})
    return owners


def _has_ended(key: Key, item: Manifest) -> bool:
    """Whether it is a Job that must not run again: on the standby it has to be suspended (JobSpec.suspend)."""
    conditions = item.get("status", {}).get("conditions", ()) if key[:2] == ("batch", "Job") else ()
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


def _authored_differences(path: str, written: Any, left: Any, right: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Walks along what the author wrote; an empty map or list is compared as it is."""
    if isinstance(written, dict) and written:
        for name, below in written.items():
            yield from _authored_differences(f"{path}.{name}", below, _at(left, name), _at(right, name))
    elif isinstance(written, list) and written:
        for place, below in enumerate(written):
            yield from _authored_differences(f"{path}[{place}]", below, _at(left, place), _at(right, place))
    elif not _same(left, right):
        yield path, (left, right)


def _differences(path: str, left: Any, right: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            yield from _differences(f"{path}.{name}", _at(left, name), _at(right, name))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (here, there) in enumerate(zip(left, right, strict=True)):
            yield from _differences(f"{path}[{place}]", here, there)
    elif not _same(left, right):
        yield path, (left, right)


def _same(left: Any, right: Any) -> bool:
    """Equal, types included: 1, 1.0 and true are three values."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    return type(left) is type(right) and bool(left == right)


def _at(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step, _ABSENT) if isinstance(value, dict) else _ABSENT
    return value[step] if isinstance(value, list) and step < len(value) else _ABSENT


def _shown(value: Any) -> str:
    text = "nothing" if value is _ABSENT else repr(value)
    return text if len(text) <= 300 else f"{text[:300]}... ({len(text)} characters)"
