"""In which order objects are applied: by reference, over a base order of kinds. Pure.

The base order puts definitions before what they define, what Pods read before Pods, and what intercepts requests last.
References only ever move an object back, behind what it needs. The result does not depend on the order of the input.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter

from kubestandby.carried import kubectl_name
from kubestandby.resources import Manifest

from .latecomers import Older
from .modes import runs_nothing
from .plans import DesiredObject, GroupKind, Identity
from .references import child, children, needs

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_STORAGE = "storage.k8s.io"

Graph = dict[Identity, list[Identity]]
"""Each object with what it needs."""

CRD: GroupKind = ("apiextensions.k8s.io", "CustomResourceDefinition")
NAMESPACE: GroupKind = ("", "Namespace")
QUOTA: GroupKind = ("", "ResourceQuota")

_BASE_ORDER: tuple[tuple[GroupKind, ...], ...] = (
    (CRD,),
    (NAMESPACE,),
    (
        (_STORAGE, "StorageClass"),
        (_STORAGE, "VolumeAttributesClass"),
        (_STORAGE, "CSIDriver"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("node.k8s.io", "RuntimeClass"),
        ("networking.k8s.io", "IngressClass"),
        ("resource.k8s.io", "DeviceClass"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ),
    (("", "PersistentVolume"), ("flowcontrol.apiserver.k8s.io", "FlowSchema")),
    (("", "ServiceAccount"), (_RBAC, "ClusterRole"), (_RBAC, "Role")),
    ((_RBAC, "ClusterRoleBinding"), (_RBAC, "RoleBinding")),
    (("", "Secret"), ("", "ConfigMap"), ("", "PersistentVolumeClaim")),
    (
        ("", "Service"),
        ("", "Endpoints"),
        ("discovery.k8s.io", "EndpointSlice"),
        ("networking.k8s.io", "NetworkPolicy"),
    ),
    (QUOTA, ("", "LimitRange")),
    (),  # custom resources, and every kind that is named nowhere here
    (("", "Pod"),),
    (
        ("", "ReplicationController"),
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("apps", "ReplicaSet"),
        ("batch", "Job"),
        ("batch", "CronJob"),
    ),
    (
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("policy", "PodDisruptionBudget"),
        ("networking.k8s.io", "Ingress"),
    ),
    ((_ADMISSION, "ValidatingAdmissionPolicy"), (_ADMISSION, "MutatingAdmissionPolicy")),
    (
        (_ADMISSION, "ValidatingAdmissionPolicyBinding"),
        (_ADMISSION, "MutatingAdmissionPolicyBinding"),
        (_ADMISSION, "ValidatingWebhookConfiguration"),
        (_ADMISSION, "MutatingWebhookConfiguration"),
        ("apiregistration.k8s.io", "APIService"),
    ),
)
"""Quotas come after what only they count (a fresh ResourceQuota refuses everything until its controller has filled in
its status) and before what makes Pods, which they limited on the primary too (but see `latecomers`, `_counted_by`)."""

_STEP = 1_000_000
"""Room between two ranks of the base order for objects that references push back."""

_IDLE_RANK = 2
"""The base order's place of workloads that run nothing: behind the namespaces, before all that Pods would read. Their
controllers, which take longer over them than we over all the rest, begin their part at once."""

_RANKS = {kind: rank * _STEP for rank, kinds in enumerate(_BASE_ORDER) for kind in kinds}
_POD_RANK = _RANKS["", "Pod"]
_OTHER_RANK = next(rank for rank, kinds in enumerate(_BASE_ORDER) if not kinds) * _STEP


def order(objects: Iterable[DesiredObject], namespaces: Sequence[str]) -> tuple[tuple[Identity, ...], ...]:
    """The waves: each holds what may be sent at the same time, in the order in which to start it.

    Args:
        objects: what is to be ordered; references to anything else are ignored.
        namespaces: the group's namespaces in dependency order; within a wave their objects start in this order.
    """
    wanted = {desired.identity: desired for desired in objects}
    graph = _graph(wanted)
    levels = _levels(graph, {identity: _base_level(desired) for identity, desired in wanted.items()})
    position = {namespace: place for place, namespace in enumerate(namespaces)}
    waves: dict[int, list[Identity]] = {}
    for identity, level in levels.items():
        waves.setdefault(level, []).append(identity)
    return tuple(tuple(sorted(waves[level], key=_within_wave(position))) for level in sorted(waves))


def rank(identity: Identity) -> int:
    """The place of the object's kind in the base order."""
    return _RANKS.get(identity[:2], _OTHER_RANK)


def definitions(objects: Iterable[DesiredObject]) -> Iterator[tuple[GroupKind, DesiredObject]]:
    """Each CustomResourceDefinition among the objects, with the (group, kind) that it defines."""
    for desired in objects:
        if desired.identity[:2] == CRD:
            group, kind = child(desired.manifest, "spec", "group"), child(desired.manifest, "spec", "names", "kind")
            yield (str(group), str(kind)), desired


def _within_wave(position: Mapping[str, int]) -> Callable[[Identity], tuple[int, Identity]]:
    def key(identity: Identity) -> tuple[int, Identity]:
        group, kind, namespace, name = identity
        return position.get(namespace, len(position)) if namespace else -1, (namespace, group, kind, name)

    return key


def _graph(wanted: Mapping[Identity, DesiredObject]) -> Graph:
    defined_by = {kind: crd.identity for kind, crd in definitions(wanted.values())}
    older = Older.among((item.ref, item.manifest) for item in wanted.values())
    neighbours: dict[str, list[DesiredObject]] = {}
    for item in wanted.values():
        neighbours.setdefault(item.ref.namespace, []).append(item)
    graph: Graph = {}
    for identity in sorted(wanted):
        desired = wanted[identity]
        idle = runs_nothing(desired.ref, desired.manifest)
        needed = {
            need
            for need in needs(desired.ref, desired.manifest)
            if need in wanted and need != identity and (not idle or need[:2] == NAMESPACE)
        }
        needed.update(ref.identity for ref in older.spared_by(desired.ref, desired.manifest))
        needed.update(link.owner for link in desired.owners if link.owner in wanted)
        if identity[:2] == QUOTA:
            needed.update(_counted_by(desired, neighbours[desired.ref.namespace]))
        if identity[:2] in defined_by:
            needed.add(defined_by[identity[:2]])
        graph[identity] = sorted(needed)
    return graph


def _counted_by(quota: DesiredObject, neighbours: Iterable[DesiredObject]) -> Iterator[Identity]:
    """What a quota would refuse where it has been set below what was there, or as long as it is fresh.

    Not what makes Pods, nor what that owns: the quota is to be there before the Pods are.

    Source: ResourceQuotaSpec.hard: `count/PLURAL.GROUP`, plurals of the core group, `requests.storage`.
    """
    hard = child(quota.manifest, "spec", "hard")
    counted = {str(name).removeprefix("count/") for name in hard or ()}
    if "requests.storage" in counted:
        counted.add("persistentvolumeclaims")
    for item in neighbours:
        highest = max([rank(item.identity), *(rank(link.owner) for link in item.owners)])
        if highest < _POD_RANK and kubectl_name(item.resource) in counted:
            yield item.identity


def _base_level(desired: DesiredObject) -> int:
    """The rank of the kind, unless the object runs nothing; Services that fix an address or a port before others.

    Otherwise the server might give a fixed port away (ServicePort.nodePort: "if the port is in use, creation fails").
    """
    if runs_nothing(desired.ref, desired.manifest):
        return _IDLE_RANK * _STEP
    base = rank(desired.identity)
    if desired.identity[:2] != ("", "Service"):
        return base
    if not _fixes_allocation(desired.manifest):
        return base + 2
    return base + 1 if _leaves_node_port(desired.manifest) else base


def _fixes_allocation(service: Manifest) -> bool:
    spec, ports = child(service, "spec"), children(service, "spec", "ports")
    addressed = child(spec, "clusterIP") not in (None, "", "None")
    return addressed or bool(child(spec, "healthCheckNodePort")) or any(port.get("nodePort") for port in ports)


def _leaves_node_port(service: Manifest) -> bool:
    has_node_ports = child(service, "spec", "type") in ("NodePort", "LoadBalancer")
    return has_node_ports and not all(port.get("nodePort") for port in children(service, "spec", "ports"))


def _levels(graph: Graph, base: Mapping[Identity, int]) -> dict[Identity, int]:
    levels: dict[Identity, int] = {}
    acyclic = _without_cycles(graph)
    for identity in TopologicalSorter(acyclic).static_order():
        pushed = max((levels[need] + 1 for need in acyclic[identity]), default=0)
        levels[identity] = max(base[identity], pushed)
    return levels


def _without_cycles(graph: Graph) -> Graph:
    """Among objects that need each other in a circle, only the needs along the base order, then by name, count."""
    circular = _trim(_reverse(_trim(graph)))
    if not circular:
        return graph

    def counts(needer: Identity, need: Identity) -> bool:
        return not (needer in circular and need in circular) or (rank(need), need) < (rank(needer), needer)

    return {needer: [need for need in found if counts(needer, need)] for needer, found in graph.items()}


def _trim(graph: Graph) -> Graph:
    """What is left when objects without needs are taken out until there are none: circles, and what hangs on them."""
    open_needs = {needer: len(found) for needer, found in graph.items()}
    needed_by = _reverse(graph)
    ready = [needer for needer, count in open_needs.items() if not count]
    while ready:
        done = ready.pop()
        del open_needs[done]
        for needer in needed_by[done]:
            open_needs[needer] -= 1
            if not open_needs[needer]:
                ready.append(needer)
    return {needer: [need for need in graph[needer] if need in open_needs] for needer in open_needs}


def _reverse(graph: Graph) -> Graph:
    turned: Graph = {identity: [] for identity in graph}
    for needer, found in graph.items():
        for need in found:
            turned[need].append(needer)
    return turned
