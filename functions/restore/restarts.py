"""Restarts workloads whose Pods still hold the content of a ConfigMap or Secret that a restore has changed.

A restart is a new annotation on the pod template, as `kubectl rollout restart` does it, but under a field manager of
its own: later applies do not remove it, and comparisons do not see it.
"""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from kubestandby.errors import ClusterError
from kubestandby.groups import RestartPolicy, RestoreMode
from kubestandby.ports import Cluster
from kubestandby.reports import Change
from kubestandby.resources import Manifest, ObjectRef

from .modes import RESTARTABLE, RESTARTED_AT
from .plans import DesiredObject, Identity, PlannedObject
from .references import child, config_uses, pod_spec
from .refusals import describe

RESTART_MANAGER = "kubestandby-restart"
"""Field manager of the annotation."""

_CONTENT_FIELDS = frozenset({"data", "binaryData", "stringData"})
_CONFIG_KINDS = frozenset({("", "ConfigMap"), ("", "Secret")})

Config = tuple[str, str, str]
"""(kind, namespace, name) of a ConfigMap or Secret."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """What came of it. `failed` gives the reason for each workload that could not be restarted."""

    done: tuple[ObjectRef, ...]
    failed: Mapping[Identity, str]


def workloads_to_restart(
    desired: Iterable[DesiredObject],
    planned: Mapping[Identity, PlannedObject],
    policy: RestartPolicy,
    mode: RestoreMode,
) -> tuple[ObjectRef, ...]:
    """The workloads that the policy wants restarted after this plan; pure.

    Not those that start anew anyway: created, with a changed pod template, or with no replicas.
    """
    if policy is RestartPolicy.NEVER or mode is RestoreMode.WARM:
        return ()
    changed = changed_configs(planned.values())
    if policy is RestartPolicy.CHANGED and not changed:
        return ()
    found = (
        item.ref
        for item in desired
        if item.identity[:2] in RESTARTABLE
        and not _starts_anew(item, planned.get(item.identity))
        and (policy is RestartPolicy.ALWAYS or uses_any(item, changed))
    )
    return tuple(sorted(found))


def changed_configs(planned: Iterable[PlannedObject]) -> frozenset[Config]:
    """The ConfigMaps and Secrets whose content changes; a new label alone reaches no container."""
    return frozenset(
        (item.identity[1], item.identity[2], item.identity[3])
        for item in planned
        if item.identity[:2] in _CONFIG_KINDS and item.change is Change.CONFIGURED and _content_differs(item)
    )


def uses_any(workload: DesiredObject, configs: Collection[Config]) -> bool:
    """Whether the workload's containers read one of these."""
    spec = pod_spec(workload.ref, workload.manifest)
    if spec is None:
        return False
    return any((kind, workload.ref.namespace, name) in configs for kind, name in config_uses(spec))


def restart(cluster: Cluster, pool: Executor, workloads: Iterable[DesiredObject], at: datetime) -> Restarts:
    """Restarts the workloads; one that cannot be is a reason, not an error."""
    chosen = sorted(workloads, key=lambda item: item.identity)
    answers = list(pool.map(lambda item: _restart_one(cluster, item, at), chosen))
    done = tuple(item.ref for item, answer in zip(chosen, answers, strict=True) if not answer)
    failed = {item.identity: answer for item, answer in zip(chosen, answers, strict=True) if answer}
    return Restarts(done, failed)


def restart_manifest(workload: DesiredObject, at: datetime) -> Manifest:
    """What is applied: the annotation and nothing else."""
    return {
        "apiVersion": workload.resource.gvk.api_version,
        "kind": workload.resource.gvk.kind,
        "metadata": {"name": workload.ref.name, "namespace": workload.ref.namespace},
        "spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: at.strftime("%Y-%m-%dT%H:%M:%SZ")}}}},
    }


def _restart_one(cluster: Cluster, workload: DesiredObject, at: datetime) -> str:
    try:
        cluster.apply(workload.resource, restart_manifest(workload, at), manager=RESTART_MANAGER)
    except ClusterError as error:
        return f"it could not be restarted: {describe(error)}; restart it by hand"
    return ""


def _starts_anew(item: DesiredObject, planned: PlannedObject | None) -> bool:
    if child(item.manifest, "spec", "replicas") == 0:
        return True
    if planned is None:
        return False
    return (
        planned.change is Change.CREATED
        or bool(planned.recreates)
        or any(diff.path.startswith(("spec.template.", "spec.template[")) for diff in planned.diffs)
    )


def _content_differs(config: PlannedObject) -> bool:
    return any(diff.path.partition(".")[0].partition("[")[0] in _CONTENT_FIELDS for diff in config.diffs)
