"""Waits until freshly applied CustomResourceDefinitions are served, so that their custom resources can follow."""

from collections.abc import Mapping, Sequence

from kubestandby.ports import Clock, Cluster, Discovery
from kubestandby.resources import Manifest

from .live_state import read_all
from .plans import DesiredObject, Identity
from .references import child, children

ESTABLISHED_SECONDS = 60.0
"""How long to wait for the conditions of all definitions together (Velero's documents say 1 min as well)."""

DISCOVERED_SECONDS = 30.0
"""How long to wait then until discovery shows the kinds."""

_POLL_SECONDS = 0.25


def await_definitions(cluster: Cluster, clock: Clock, applied: Sequence[DesiredObject]) -> Mapping[Identity, str]:
    """Waits until the definitions are Established with NamesAccepted, and discovery serves their versions.

    Returns:
        for each definition that did not get there in time: why.
    """
    if not applied:
        return {}
    waiting = {(item.ref.namespace, item.ref.name): item for item in applied}
    late = _await_conditions(cluster, clock, waiting)
    ready = [item for item in applied if item.identity not in late]
    return {**late, **_await_discovery(cluster, clock, ready)}


def why_not_established(definition: Manifest) -> str:
    """What keeps it from being served, "" for nothing (apiextensions.k8s.io/v1, status.conditions); pure."""
    conditions = {str(c.get("type")): c for c in children(definition, "status", "conditions")}
    for wanted in ("NamesAccepted", "Established"):
        condition = conditions.get(wanted)
        if condition is None:
            return f"{wanted} is not known yet"
        if condition.get("status") != "True":
            return f"{wanted} is {condition.get('status')}: {condition.get('message', '')}"
    return ""


def _await_conditions(
    cluster: Cluster, clock: Clock, waiting: dict[tuple[str, str], DesiredObject]
) -> dict[Identity, str]:
    started = clock.now()
    resource = next(iter(waiting.values())).resource
    while True:
        live = read_all(cluster, resource, waiting.keys())
        reasons = {key: why_not_established(live[key]) if key in live else "it is gone" for key in waiting}
        waiting = {key: item for key, item in waiting.items() if reasons[key]}
        if not waiting:
            return {}
        if (clock.now() - started).total_seconds() >= ESTABLISHED_SECONDS:
            text = f"not served within {ESTABLISHED_SECONDS:.0f} s"
            return {item.identity: f"{text}: {reasons[key]}" for key, item in waiting.items()}
        clock.sleep(_POLL_SECONDS)


def _await_discovery(cluster: Cluster, clock: Clock, ready: Sequence[DesiredObject]) -> dict[Identity, str]:
    started = clock.now()
    while True:
        discovery = cluster.discover()
        ready = [item for item in ready if not _is_discovered(discovery, item.manifest)]
        if not ready:
            return {}
        if (clock.now() - started).total_seconds() >= DISCOVERED_SECONDS:
            return {
                item.identity: f"Established, but not discovered within {DISCOVERED_SECONDS:.0f} s" for item in ready
            }
        clock.sleep(_POLL_SECONDS)


def _is_discovered(discovery: Discovery, definition: Manifest) -> bool:
    kind = str(child(definition, "spec", "group")), str(child(definition, "spec", "names", "kind"))
    versions = {str(v.get("name")) for v in children(definition, "spec", "versions") if v.get("served")}
    return versions <= set(discovery.served.get(kind, ()))
