"""Is it the change that the server refuses, or the object as such? Asked by a dry run; writes nothing."""

from collections.abc import Mapping
from typing import Any

from kubestandby.errors import ClusterError
from kubestandby.ports import Cluster
from kubestandby.resources import Manifest

from .plans import DesiredObject

PROBE_NAME = "kubestandby-probe"

_ALLOCATED = ("clusterIP", "clusterIPs", "healthCheckNodePort")


def made_anew(cluster: Cluster, desired: DesiredObject, live: Manifest) -> Manifest | None:
    """The object as the server would make it anew, None where it would not: then the object itself is what it refuses.

    Asked under another name: that is what "immutable" means, without reading the server's prose. What the live object
    occupies (a Service's addresses and ports) is left out, since it cannot be had twice.
    """
    metadata = {**desired.manifest["metadata"], "name": PROBE_NAME}
    probe = {**desired.manifest, "metadata": metadata}
    if _is_service(desired):
        probe["spec"] = _without_occupied(desired.manifest.get("spec") or {}, live.get("spec") or {})
    try:
        found = cluster.create(desired.resource, probe, dry_run=True)
    except ClusterError:
        return None
    return _as_desired(found, desired)


def _as_desired(found: Manifest, desired: DesiredObject) -> Manifest:
    """Under its own name, and with what was left out of the question."""
    found = _renamed(found, desired.ref.name)
    spec = {"spec": {**found["spec"], **(desired.manifest.get("spec") or {})}} if _is_service(desired) else {}
    return {**found, **spec, "metadata": desired.manifest["metadata"]}


def _renamed(value: Any, name: str) -> Any:
    """The value with the object's own name wherever the server has written the probe's, as in a Job's labels."""
    if isinstance(value, Mapping):
        return {key: _renamed(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, name) for inner in value]
    return name if value == PROBE_NAME else value


def _is_service(desired: DesiredObject) -> bool:
    return desired.ref.gvk.group_kind == ("", "Service")


def _without_occupied(spec: Manifest, live: Manifest) -> dict[str, Any]:
    occupied = {name for name in _ALLOCATED if spec.get(name) == live.get(name) and spec.get("clusterIP") != "None"}
    ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports") or ()]
    rest = {key: value for key, value in spec.items() if key not in occupied}
    return {**rest, "ports": ports} if ports else rest
