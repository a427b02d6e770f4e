"""Looks for what keeps a workload from progressing: its Pods, the events about it, its storage class. Reads only.

Asked only about workloads that are not Current, with one list of Pods, and of events if need be, per namespace.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.ports import Cluster
from kubestandby.resources import GVK, Manifest, ResourceType

from .plans import DesiredObject, GroupKind, Identity
from .pods import owns_pod, pod_problem
from .references import child

_PODS = ResourceType(GVK("", "v1", "Pod"), "pods", namespaced=True)
_EVENTS = ResourceType(GVK("", "v1", "Event"), "events", namespaced=True)
_CLASSES = ResourceType(GVK("storage.k8s.io", "v1", "StorageClass"), "storageclasses", namespaced=False)

_LONGEST = 300
_EVENTS_BEFORE = timedelta(minutes=1)
"""How much older than the wait an event may be: clocks differ."""

CLAIM: GroupKind = ("", "PersistentVolumeClaim")

_MAKE_PODS: frozenset[GroupKind] = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("", "ReplicationController"),
        ("batch", "Job"),
    }
)


@dataclass(frozen=True, slots=True)
class StorageClassView:
    """What matters of the standby's storage classes: name to volumeBindingMode."""

    binding_modes: Mapping[str, str] = field(default_factory=dict)

    def waits_for_consumer(self, claim: Manifest) -> bool:
        """Whether the claim is bound only once a Pod uses it (StorageClass.volumeBindingMode)."""
        return self.binding_modes.get(_class_of(claim)) == "WaitForFirstConsumer"

    def problem(self, claim: Manifest) -> str:
        """Why the claim will not be bound, "" where a provisioner may still do it."""
        name = _class_of(claim)
        if not name:
            return "no PersistentVolume matches it, and it names no StorageClass that could make one"
        if name not in self.binding_modes:
            return f"its StorageClass {name} does not exist on the standby; create it, or map the class"
        return ""


def _class_of(claim: Manifest) -> str:
    """The claim's class; an annotation wins over the field (component-helpers, `GetPersistentVolumeClaimClass`)."""
    annotated = child(claim, "metadata", "annotations", "volume.beta.kubernetes.io/storage-class")
    return str(annotated if annotated is not None else child(claim, "spec", "storageClassName") or "")


def storage_classes(cluster: Cluster) -> StorageClassView:
    """Reads the storage classes; where that is not allowed, nothing is known of them."""
    try:
        found = {
            item["metadata"]["name"]: str(item.get("volumeBindingMode", "Immediate"))
            for page in cluster.pages(_CLASSES)
            for item in page.items
        }
    except ClusterUnavailableError:
        raise
    except ClusterError:
        return StorageClassView()
    return StorageClassView(found)


def find_obstacles(
    cluster: Cluster, unready: Sequence[tuple[DesiredObject, Manifest]], since: datetime
) -> Mapping[Identity, str]:
    """What is in the way of each of these workloads, as far as it can be found.

    Args:
        cluster: the standby.
        unready: desired objects with their live ones.
        since: when the wait began; older events do not count.
    """
    found: dict[Identity, str] = {}
    by_namespace: dict[str, list[tuple[DesiredObject, Manifest]]] = defaultdict(list)
    for item, live in unready:
        if item.identity[:2] in _MAKE_PODS:
            by_namespace[item.ref.namespace].append((item, live))
    for namespace, workloads in sorted(by_namespace.items()):
        found.update(_from_pods(cluster, namespace, workloads))
        silent = [(item, live) for item, live in workloads if item.identity not in found]
        if silent:
            found.update(_from_events(cluster, namespace, silent, since))
    return found


def _from_pods(
    cluster: Cluster, namespace: str, workloads: Iterable[tuple[DesiredObject, Manifest]]
) -> dict[Identity, str]:
    troubled = [(pod, problem) for pod in _items(cluster, _PODS, namespace) if (problem := pod_problem(pod))]
    found = {}
    for item, live in workloads:
        own = [(pod, problem) for pod, problem in troubled if owns_pod(live, pod)]
        if own:
            pod, problem = min(own, key=lambda pair: str(pair[0]["metadata"]["name"]))
            more = f" (and {len(own) - 1} more Pods)" if len(own) > 1 else ""
            found[item.identity] = f"Pod {pod['metadata']['name']}: {problem}{more}"
    return found


def _from_events(
    cluster: Cluster, namespace: str, workloads: Iterable[tuple[DesiredObject, Manifest]], since: datetime
) -> dict[Identity, str]:
    """The last FailedCreate of each workload: quota, Pod Security Admission, an admission webhook."""
    wanted = {live["metadata"].get("uid"): item.identity for item, live in workloads}
    earliest = (since - _EVENTS_BEFORE).strftime("%Y-%m-%dT%H:%M:%SZ")
    last: dict[Identity, tuple[str, str]] = {}
    for event in _items(cluster, _EVENTS, namespace):
        identity = wanted.get(child(event, "involvedObject", "uid"))
        when = _event_time(event)
        if identity is None or event.get("reason") != "FailedCreate" or when < earliest:
            continue
        last[identity] = max(last.get(identity, ("", "")), (when, str(event.get("message", ""))))
    return {identity: f"its Pods cannot be made: {message[:_LONGEST]}" for identity, (_, message) in last.items()}


def _event_time(event: Manifest) -> str:
    created = child(event, "metadata", "creationTimestamp")
    stamps: list[Any] = [event.get("lastTimestamp"), event.get("eventTime"), created]
    return next((stamp for stamp in stamps if isinstance(stamp, str)), "")


def _items(cluster: Cluster, resource: ResourceType, namespace: str) -> Iterable[Manifest]:
    """The items of a namespace; none where they may not be read: a cause is a courtesy, not a need."""
    try:
        for page in cluster.pages(resource, namespace=namespace):
            yield from page.items
    except ClusterUnavailableError:
        raise
    except ClusterError:
        return
