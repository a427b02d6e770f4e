"""Is it the change that the server refuses, or the object as such? Asked by a dry run; writes nothing."""

from typing import Any

from kubestandby.errors import ClusterError
from kubestandby.ports import Cluster
from kubestandby.resources import Manifest

from .plans import DesiredObject

PROBE_NAME = "kubestandby-probe"

_ALLOCATED = ("clusterIP", "clusterIPs", "healthCheckNodePort")


def would_be_valid_anew(cluster: Cluster, desired: DesiredObject, live: Manifest) -> bool:
    """Whether the same object under a new name would pass: then the change is what the server refuses.

    That is what "immutable" means, without reading the server's prose. What the live object occupies (a Service's
    addresses and ports) is left out, since it cannot be had twice.
    """
    metadata = {**desired.manifest["metadata"], "name": PROBE_NAME}
    probe = {**desired.manifest, "metadata": metadata}
    if desired.ref.gvk.group_kind == ("", "Service"):
        probe["spec"] = _without_occupied(desired.manifest.get("spec") or {}, live.get("spec") or {})
    try:
        cluster.create(desired.resource, probe, dry_run=True)
    except ClusterError:
        return False
    return True


def _without_occupied(spec: Manifest, live: Manifest) -> dict[str, Any]:
    occupied = {name for name in _ALLOCATED if spec.get(name) == live.get(name) and spec.get("clusterIP") != "None"}
    ports = [{key: value for key, value in port.items() if key != "nodePort"} for port in spec.get("ports") or ()]
    rest = {key: value for key, value in spec.items() if key not in occupied}
    return {**rest, "ports": ports} if ports else rest
