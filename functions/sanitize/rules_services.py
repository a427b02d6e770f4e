"""Rules for Services and for authored Endpoints and EndpointSlices.

What the server allocated is reset, so that the standby allocates its own; what an author chose stays (`authorship`).
`externalIPs`, `loadBalancerIP` and `loadBalancerClass` are never allocated and so never touched, nor is anything in a
Service of type ExternalName, which has none of these fields.
"""

from kubestandby.resources import Manifest

from .authorship import Authorship
from .context import SnapshotContext
from .fields import EACH, Fields, edited, fields_at, items_at, text_at, without
from .rules_metadata import without_annotations

_SPEC = ("spec",)
_CHANGE_TIME = "endpoints.kubernetes.io/last-change-trigger-time"


def clear_cluster_ip(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Addresses come from the standby's own range, unless the author chose them or chose to have none ("None").

    Source: ServiceSpec.clusterIP, clusterIPs ("usually assigned randomly"; "None" makes the Service headless).
    """
    if text_at(manifest, "spec", "clusterIP") == "None":
        return manifest
    return _without_allocated(manifest, "clusterIP", "clusterIPs")


def clear_ip_families(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Which families a Service has depends on its cluster.

    Source: ServiceSpec.ipFamilies, ipFamilyPolicy: "usually assigned automatically based on cluster configuration",
    and "if not provided, the system will default to SingleStack".
    """
    return _without_allocated(manifest, "ipFamilies", "ipFamilyPolicy")


def clear_health_check_node_port(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Source: ServiceSpec.healthCheckNodePort: "if not specified, a value will be automatically allocated"."""
    return _without_allocated(manifest, "healthCheckNodePort")


def clear_node_ports(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Each port that the server allocated is allocated anew; each that the author chose stays.

    Source: ServicePort.nodePort: "usually assigned by the system". Ports are keyed by port and protocol.
    """
    if not any("nodePort" in port for port in items_at(manifest, "spec", "ports")):
        return manifest
    author = Authorship.of(manifest)

    def clear(port: Fields) -> Fields:
        key = {"port": port.get("port"), "protocol": port.get("protocol", "TCP")}
        authored = author.is_authored(port.get("nodePort"), "spec", "ports", key, "nodePort")
        return port if authored else without(port, "nodePort")

    return edited(manifest, ("spec", "ports", EACH), clear)


def drop_change_time(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """When the endpoints controller saw the last change (annotation `EndpointsLastChangeTriggerTime`)."""
    return without_annotations(manifest, _CHANGE_TIME)


def clear_endpoint_target_uids(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """An address keeps the name of what it stands for, without that object's identity on the primary.

    Source: EndpointAddress.targetRef, Endpoint.targetRef (ObjectReference.uid, resourceVersion).
    """
    for path in _TARGETS:
        manifest = edited(manifest, path, lambda target: without(target, "uid", "resourceVersion"))
    return manifest


_TARGETS = (
    ("subsets", EACH, "addresses", EACH, "targetRef"),
    ("subsets", EACH, "notReadyAddresses", EACH, "targetRef"),
    ("endpoints", EACH, "targetRef"),
)


def _without_allocated(manifest: Manifest, *names: str) -> Manifest:
    spec = fields_at(manifest, "spec")
    present = [name for name in names if name in spec]
    if not present:
        return manifest
    author = Authorship.of(manifest)
    allocated = [name for name in present if not author.is_authored(spec[name], "spec", name)]
    return edited(manifest, _SPEC, lambda spec: without(spec, *allocated))


SERVICE_RULES = (clear_cluster_ip, clear_ip_families, clear_node_ports, clear_health_check_node_port)
ENDPOINT_RULES = (drop_change_time, clear_endpoint_target_uids)
