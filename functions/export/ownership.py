"""Does an object's owner make it again by itself? Told by the kinds of owner and object alone. Pure.

`controller: true` in an owner reference says which object manages this one (OwnerReference). Whether that object's
controller would also make it again is known for the kinds of Kubernetes itself: each of them makes children of few
kinds. Whatever else such an owner controls was put there by its author, or by somebody else's controller, and crosses.
A custom resource's operator may make anything, so what it controls is left to it, unless the group wants it.
"""

from collections.abc import Mapping

from kubestandby.groups import NO_KINDS, Kinds
from kubestandby.resources import BUILT_IN_GROUPS, GVK, Manifest

GroupKind = tuple[str, str]

_POD: GroupKind = ("", "Pod")
_REVISION: GroupKind = ("apps", "ControllerRevision")
_SLICE: GroupKind = ("discovery.k8s.io", "EndpointSlice")

MADE_BY: Mapping[GroupKind, frozenset[GroupKind]] = {
    ("apps", "DaemonSet"): frozenset({_POD, _REVISION}),
    ("apps", "Deployment"): frozenset({("apps", "ReplicaSet")}),
    ("apps", "ReplicaSet"): frozenset({_POD}),
    ("apps", "StatefulSet"): frozenset({_POD, _REVISION}),
    ("batch", "CronJob"): frozenset({("batch", "Job")}),
    ("batch", "Job"): frozenset({_POD}),
    ("", "ReplicationController"): frozenset({_POD}),
    ("", "Endpoints"): frozenset({_SLICE}),
    ("", "Service"): frozenset({_SLICE}),
    ("", "Pod"): frozenset({("", "PersistentVolumeClaim"), ("resource.k8s.io", "ResourceClaim")}),
    ("", "Node"): frozenset({_POD, ("coordination.k8s.io", "Lease"), ("storage.k8s.io", "CSINode")}),
}
"""What the controllers of Kubernetes itself make for an owner, and make again.

Sources: the controllers under k8s.io/kubernetes/pkg/controller (deployment, replicaset, statefulset, daemon, job,
cronjob, replication, endpointslice, endpointslicemirroring, volume/ephemeral, resourceclaim), and the kubelet for a
Node. A claim of a StatefulSet (`persistentVolumeClaimRetentionPolicy`) is not here: like those without an owner, it
crosses as the claim that it is.
"""


def is_made_again(manifest: Manifest, include_owned: Kinds = NO_KINDS) -> bool:
    """Whether a controller makes the object again on the standby; `include_owned` as in the group's configuration."""
    owners = manifest["metadata"].get("ownerReferences") or ()
    kind = GVK.of(manifest).group_kind
    return any(_makes(owner, kind, include_owned) for owner in owners if owner.get("controller"))


def _makes(owner: Manifest, kind: GroupKind, include_owned: Kinds) -> bool:
    owner_kind = GVK.of(owner).group_kind
    if owner_kind[0] in BUILT_IN_GROUPS:
        return kind in MADE_BY.get(owner_kind, frozenset())
    return not include_owned.holds(*kind)
