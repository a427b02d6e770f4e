"""May we do all that a plan says? Found out before the first write, with one request for each namespace.

Only what the plan really changes is looked at: rights on what is in place already are not needed.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace

from kubestandby.errors import ClusterError, ClusterUnavailableError
from kubestandby.groups import OWN_NAMESPACE
from kubestandby.ports import Cluster
from kubestandby.privileges import Right
from kubestandby.reports import Change
from kubestandby.resources import Manifest, ObjectRef, ResourceType
from kubestandby.rights.handing_out import (
    BINDINGS,
    ROLES,
    USUAL_ROLES,
    is_bindable,
    is_grantable,
    right_to_bind,
    role_key,
    role_named,
)
from kubestandby.rights.missing import Held, Missing
from kubestandby.rights.refused import refused_right
from kubestandby.rights.subjects import RBAC

from .inventory import CONFIG_MAPS
from .plans import Method, Plan, PlannedObject
from .sending import send

_ESCALATION = "attempting to grant RBAC permissions not currently held"
"""k8s.io/kubernetes/pkg/registry/rbac/validation, ConfirmNoEscalation."""


def find_missing(cluster: Cluster, pool: Executor, plan: Plan, inventory_name: str, *, is_first: bool) -> Missing:
    """What we lack for this plan; `is_first` says that the group has no inventory on the cluster yet.

    Raises:
        ClusterUnavailableError: the cluster cannot be reached any more.
    """
    held = Held(cluster)
    lacking = {right: about for right, about in _unread(plan) if right.verb == "list" or not held.allows(right)}
    if plan.waves or plan.restarts or plan.pruning.waves:
        needed = [*_on_inventory(inventory_name, is_first=is_first), *_needed(plan)]
        held.prepare((right for right, _ in needed), pool)
        lacking.update({_as_granted(right): about for right, about in reversed(needed) if not held.allows(right)})
    handing_out = _HandingOut(cluster, plan, held)
    handing_out.look()
    lacking.update(handing_out.lacking)
    return Missing(rights=dict(sorted(lacking.items())), by_hand=tuple(handing_out.by_hand))


def _unread(plan: Plan) -> Iterator[tuple[Right, str]]:
    """Types that could not be read: their objects are blocked, and say why. Nobody knows what of them is to be sent."""
    for result in plan.settled:
        right = refused_right(result.reason) if result.change is Change.BLOCKED else None
        if right is not None:
            name = "" if right.namespace else result.ref.name
            yield right, str(result.ref)
            yield from ((replace(right, verb=verb, name=name), str(result.ref)) for verb in ("create", "patch"))


def _needed(plan: Plan) -> Iterator[tuple[Right, str]]:
    for item in (item for wave in plan.waves for item in wave):
        for verb in _verbs(item):
            # Made whole, an object's name is in its body alone, which no authoriser sees.
            nameless = verb == "create" and (item.method is Method.WHOLE or bool(item.recreates))
            right = _on(item.desired.resource, verb, item.desired.ref)
            yield replace(right, name="") if nameless else right, str(item.desired.ref)
    resources = {item.identity: item.resource for item in plan.desired}
    for ref in plan.restarts:
        yield _on(resources[ref.identity], "patch", ref), str(ref)
    for deletion in (one for wave in plan.pruning.waves for one in wave):
        for verb in ("get", "delete"):
            yield _on(deletion.resource, verb, deletion.ref), str(deletion.ref)


def _verbs(item: PlannedObject) -> tuple[str, ...]:
    if item.method is Method.WHOLE:
        sent: tuple[str, ...] = ("get", "create" if item.change is Change.CREATED else "update")
    else:
        sent = ("patch", "create") if item.change is Change.CREATED else ("patch",)
    anew = ("get", "delete", "create") if item.recreates else ()
    leaving = ("get",) if item.awaits_deletion else ()
    return tuple(dict.fromkeys((*sent, *anew, *leaving, *(("update",) if item.strip else ()))))


def _on(resource: ResourceType, verb: str, ref: ObjectRef) -> Right:
    return Right(verb=verb, group=resource.gvk.group, resource=resource.plural, namespace=ref.namespace, name=ref.name)


def _on_inventory(name: str, *, is_first: bool) -> Iterator[tuple[Right, str]]:
    ref = ObjectRef(CONFIG_MAPS.gvk, OWN_NAMESPACE, name)
    for verb in ("patch", "create") if is_first else ("patch",):
        yield _on(CONFIG_MAPS, verb, ref), str(ref)


def _as_granted(right: Right) -> Right:
    """In a namespace of the application, rights are granted on a kind as a whole."""
    return replace(right, name="") if right.namespace not in ("", OWN_NAMESPACE) else right


class _HandingOut:
    """Whether we may make the plan's Roles and bindings, which hand out rights."""

    def __init__(self, cluster: Cluster, plan: Plan, held: Held) -> None:
        self._cluster = cluster
        self._held = held
        self._planned = [item for wave in plan.waves for item in wave if item.identity[0] == RBAC]
        self._roles = {role_key(item.ref): item.manifest for item in plan.desired if item.ref.gvk.kind in ROLES}
        self.lacking: dict[Right, str] = {}
        self.by_hand: list[Manifest] = []

    def look(self) -> None:
        """Looks at each of them."""
        for item in self._planned:
            if item.desired.ref.gvk.kind in ROLES:
                self._look_at_role(item)
            elif item.desired.ref.gvk.kind in BINDINGS:
                self._look_at_binding(item)

    def _look_at_role(self, item: PlannedObject) -> None:
        if not self._may_write(item.desired.manifest, item):
            self.by_hand.append(_plain(item.desired.manifest))

    def _look_at_binding(self, item: PlannedObject) -> None:
        binding, ref = item.desired.manifest, item.desired.ref
        kind, _, name = key = role_named(binding)
        if self._held.allows(right_to_bind(binding)):
            return
        role = self._roles.get(key)
        if self._may_write(role, item):
            return
        usual = kind == "ClusterRole" and name in USUAL_ROLES[ref.gvk.kind]
        if is_bindable(role) if role is not None else usual:
            self.lacking[right_to_bind(binding)] = str(ref)
        else:
            self.by_hand.append(_plain(binding))

    def _may_write(self, role: Manifest | None, item: PlannedObject) -> bool:
        """Whether we hold what the role holds; where our own rules do not tell, a dry run does."""
        rules = self._held.rules(item.desired.ref.namespace)
        if role is not None and rules is not None and (is_grantable(role, rules) or rules.complete):
            return is_grantable(role, rules)
        try:
            send(self._cluster, item.desired, dry_run=True, force=item.force)
        except ClusterUnavailableError:
            raise
        except ClusterError as error:
            return _ESCALATION not in str(error)
        return True


def _plain(manifest: Manifest) -> Manifest:
    """As an administrator applies it; owners come with the restore."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "ownerReferences"}
    return {**manifest, "metadata": metadata}
