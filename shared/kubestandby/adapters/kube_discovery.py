"""What an API server serves, read over `/api` and `/apis`. A group that does not answer is a failure, never "no types".

Sources: aggregated discovery (APIGroupDiscoveryList, apidiscovery.k8s.io/v2), where the server has it; otherwise
APIGroupList and one APIResourceList per group and version (kubernetes.io/docs/concepts/overview/kubernetes-api).
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Discovery
from kubestandby.resources import GVK, ResourceType

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
CONCURRENT_READS = 8
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
"""`true` on the APIServices of custom kinds, `onstart` on the server's own (k8s.io/kube-aggregator, autoregister)."""

LOOK_AGAIN_SECONDS = (0.2, 0.5, 1.0)
"""Pauses. While definitions come and go, what a server promises and what it shows differ for a moment."""

Read = Callable[[str, str], Mapping[str, Any]]
"""(path, accepted media types) -> the decoded answer; raises `ClusterError`."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One group version. `types` is None where the answer so far does not tell them, or is not to be trusted."""

    group: str
    version: str
    types: tuple[ResourceType, ...] | None

    @property
    def key(self) -> str:
        """`apps/v1`; `core/v1` for the core group."""
        return f"{self.group or 'core'}/{self.version}"


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a group version could not be discovered. `may_pass`: it may be just coming or going."""

    reason: str
    may_pass: bool = False


@dataclass(slots=True)
class _Catalogue:
    """What was found. Versions of a group stay in the server's order of preference."""

    versions: list[_Version] = field(default_factory=list)
    failures: dict[str, _Failure] = field(default_factory=dict)


def discover(read: Read, sleep: Callable[[float], None] = time.sleep) -> Discovery:
    """Reads everything; again where a group version seems to be just coming or going. What stays so is a failure.

    Raises:
        ClusterUnavailableError: the server as a whole does not answer.
        ClusterError: it refuses the credentials, or discovery as a whole.
    """
    catalogue = _look(read)
    for pause in LOOK_AGAIN_SECONDS:
        if not any(failure.may_pass for failure in catalogue.failures.values()):
            break
        sleep(pause)
        catalogue = _look(read)
    return _as_discovery(catalogue)


def _look(read: Read) -> _Catalogue:
    catalogue = _Catalogue()
    announced = [version for root in ("/api", "/apis") for version in _announced(root, read(root, AGGREGATED))]
    with ThreadPoolExecutor(CONCURRENT_READS) as pool:
        for version, failure in pool.map(lambda version: _with_types(version, read), announced):
            catalogue.versions.append(version)
            if failure:
                catalogue.failures[version.key] = failure
    catalogue.failures.update(_silent_services(catalogue, read))
    return catalogue


def _announced(root: str, answer: Mapping[str, Any]) -> Iterator[_Version]:
    if answer.get("kind") == "APIGroupDiscoveryList":
        for group in answer.get("items") or ():
            name = group.get("metadata", {}).get("name", "")
            for version in group.get("versions") or ():
                yield _Version(name, version["version"], _aggregated_types(name, version))
    elif root == "/api":
        yield from (_Version("", version, None) for version in answer.get("versions") or ())
    else:
        for group in answer.get("groups") or ():
            yield from (_Version(group["name"], version, None) for version in _preferred_first(group))


def _preferred_first(group: Mapping[str, Any]) -> list[str]:
    preferred = (group.get("preferredVersion") or {}).get("version", "")
    versions = [version["version"] for version in group.get("versions") or ()]
    return sorted(versions, key=lambda version: version != preferred)


def _aggregated_types(group: str, version: Mapping[str, Any]) -> tuple[ResourceType, ...] | None:
    """The types of one version, or None where it is stale (APIVersionDiscovery.freshness) or empty."""
    if version.get("freshness") == "Stale":
        return None
    types = [
        ResourceType(
            gvk=GVK(group, version["version"], resource["responseKind"]["kind"]),
            plural=resource["resource"],
            namespaced=resource.get("scope") == "Namespaced",
            verbs=frozenset(resource.get("verbs") or ()),
        )
        for resource in version.get("resources") or ()
        if (resource.get("responseKind") or {}).get("kind")
    ]
    return tuple(types) or None


def _with_types(version: _Version, read: Read) -> tuple[_Version, _Failure | None]:
    """Asks the group version itself where the announcement does not tell; returns why that failed."""
    if version.types is not None:
        return version, None
    root = f"/apis/{version.group}" if version.group else "/api"
    try:
        answer = read(f"{root}/{version.version}", "application/json")
    except ClusterError as error:
        if error.status in (0, 401):
            raise
        return version, _Failure(f"{error.status} {error.reason}", may_pass=error.status == 404)
    types = tuple(_listed_types(version, answer.get("resources") or ()))
    return replace(version, types=types), None if types else _Failure("its server names no types")


def _listed_types(version: _Version, resources: Sequence[Mapping[str, Any]]) -> Iterator[ResourceType]:
    for resource in resources:
        if "/" not in resource["name"]:  # a subresource
            gvk = GVK(version.group, version.version, resource["kind"])
            yield ResourceType(
                gvk, resource["name"], bool(resource["namespaced"]), frozenset(resource.get("verbs") or ())
            )


def _silent_services(catalogue: _Catalogue, read: Read) -> dict[str, _Failure]:
    """Versions that an APIService promises, from another server or of custom kinds, and that discovery does not show.

    A server that has just started does not show custom kinds before it has read their definitions.
    """
    if not any(type_.plural == "apiservices" for version in catalogue.versions for type_ in version.types or ()):
        return {}
    try:
        services = read("/apis/apiregistration.k8s.io/v1/apiservices", "application/json").get("items") or ()
    except ClusterUnavailableError:
        raise
    except ClusterError:
        return {}  # not allowed to list them: what discovery itself says has to do
    shown = {version.key for version in catalogue.versions if version.types} | catalogue.failures.keys()
    promised = {f"{item['spec']['group']}/{item['spec']['version']}": item for item in services if _promises(item)}
    return {key: _condition(item) for key, item in promised.items() if key not in shown}


def _promises(api_service: Mapping[str, Any]) -> bool:
    """Whether it is of another server (spec.service), or of custom kinds, whose APIServices come and go with them."""
    labels = api_service.get("metadata", {}).get("labels") or {}
    return bool(api_service["spec"].get("service")) or labels.get(AUTOMANAGED) == "true"


def _condition(api_service: Mapping[str, Any]) -> _Failure:
    """Why an APIService is not available (status.conditions, type Available)."""
    conditions = api_service.get("status", {}).get("conditions") or ()
    reasons = [c.get("reason", "") for c in conditions if c.get("type") == "Available" and c.get("status") != "True"]
    if reasons:
        return _Failure(f"its server is not available ({reasons[0]})")
    return _Failure("its server shows no types", may_pass=True)


def _as_discovery(catalogue: _Catalogue) -> Discovery:
    by_type: dict[tuple[str, str], dict[str, ResourceType]] = {}
    for version in catalogue.versions:
        for type_ in version.types or ():
            by_type.setdefault((type_.gvk.group, type_.plural), {})[type_.gvk.version] = type_
    preferred = _preferred_versions(catalogue.versions)
    types: list[ResourceType] = []
    served: dict[tuple[str, str], tuple[str, ...]] = {}
    for (group, _), versions in sorted(by_type.items()):
        order = sorted(versions, key=lambda v: (v != preferred[group], *_age(v)))
        types.append(versions[order[0]])
        served.setdefault(versions[order[0]].gvk.group_kind, tuple(order))
    failures = {key: failure.reason for key, failure in sorted(catalogue.failures.items())}
    return Discovery(tuple(types), failures, served)


def _preferred_versions(versions: Iterable[_Version]) -> dict[str, str]:
    """The first version of each group: both forms of discovery name the preferred one first."""
    preferred: dict[str, str] = {}
    for version in versions:
        preferred.setdefault(version.group, version.version)
    return preferred


_KUBE_VERSION = re.compile(r"^v(\d+)(?:(alpha|beta)(\d+))?$")
_STABILITY = {None: 0, "beta": 1, "alpha": 2}


def _age(version: str) -> tuple[int, int, int, str]:
    """Sorts v2, v1, v1beta2, v1beta1, v1alpha1, others by name (k8s.io/apimachinery/pkg/version)."""
    match = _KUBE_VERSION.match(version)
    if not match:
        return 3, 0, 0, version
    major, stage, minor = match.groups()
    return _STABILITY[stage], -int(major), -int(minor or 0), version
