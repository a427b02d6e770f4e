"""Floors: what the same server takes for the same work when nothing but the requests is done."""

import time
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import orjson

from kubestandby.resources import Manifest, ResourceType

from .bare import BenchError, Request, Server, send_all
from .loads import DEPLOYMENTS, NAMESPACES, Authored, Load, namespace_manifest

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
_MANAGER = "fieldManager=bench&fieldValidation=Strict"
_LOOK_SECONDS = 0.25


def list_floor(server: Server, load: Load, repeats: int = 3) -> float:
    """Seconds to list all objects of the load's types, page by page, decoded; the median of some times.

    Raises:
        BenchError: there are fewer objects than the load has.
    """
    return median(_list_once(server, load) for _ in range(repeats))


def create_floor(server: Server, load: Load) -> float:
    """Seconds to create all objects in an empty cluster. The namespaces are made before and do not count."""
    make_namespaces(server, load)
    return _chunked(server, (_create(*item) for item in load.workloads_last()))


def apply_floor(server: Server, load: Load) -> float:
    """Seconds to apply all objects to an empty cluster by server-side apply, in the fastest order: workloads last."""
    make_namespaces(server, load)
    return _chunked(server, (_apply(*item) for item in load.workloads_last()))


def current_floor(server: Server, load: Load) -> tuple[float, float]:
    """Seconds to apply all objects in the order that has everything Current soonest, and until it is."""
    make_namespaces(server, load)
    applied = _chunked(server, (_apply(*item) for item in load.in_order()))
    started = time.perf_counter()
    while not _all_current(server, load):
        time.sleep(_LOOK_SECONDS)
    return applied, applied + time.perf_counter() - started


def make_namespaces(server: Server, load: Load) -> None:
    """Creates the load's namespaces."""
    send_all(server, [_create(NAMESPACES, namespace_manifest(name)) for name in load.namespaces])


def touch(server: Server, items: Sequence[Authored], mark: str) -> None:
    """Changes the data of ConfigMaps."""
    body = orjson.dumps({"data": {"TOUCHED": mark}})
    send_all(server, [Request("PATCH", _path(*item), body, MERGE) for item in items])


def _list_once(server: Server, load: Load) -> float:
    connection = server.connect()
    started = time.perf_counter()
    found = sum(len(page["items"]) for resource in load.types for page in connection.pages(resource.path()))
    seconds = time.perf_counter() - started
    connection.close()
    if found < load.size:
        raise BenchError(f"only {found} of {load.size} objects are listed")
    return seconds


def _all_current(server: Server, load: Load) -> bool:
    """Whether the controller has seen every Deployment; with no replicas that makes them Current (kstatus)."""
    if DEPLOYMENTS not in load.types:
        return True
    connection = server.connect()
    pages = connection.pages(DEPLOYMENTS.path())
    seen = all("observedGeneration" in item["status"] for page in pages for item in page["items"])
    connection.close()
    return seen


def _chunked(server: Server, requests: Iterable[Request], chunk_bytes: int = 64 << 20) -> float:
    """Sends requests in chunks, so that not all bodies have to be in memory."""
    return sum(send_all(server, chunk) for chunk in _chunks(requests, chunk_bytes))


def _chunks(requests: Iterable[Request], chunk_bytes: int) -> Iterator[list[Request]]:
    chunk: list[Request] = []
    size = 0
    for request in requests:
        chunk.append(request)
        size += len(request.body)
        if size >= chunk_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _create(resource: ResourceType, manifest: Manifest) -> Request:
    path = resource.path(manifest["metadata"].get("namespace", ""))
    return Request("POST", f"{path}?{_MANAGER}", orjson.dumps(manifest))


def _apply(resource: ResourceType, manifest: Manifest) -> Request:
    return Request("PATCH", f"{_path(resource, manifest)}?{_MANAGER}&force=true", orjson.dumps(manifest), APPLY)


def _path(resource: ResourceType, manifest: Manifest) -> str:
    return resource.path(manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"])
