"""Rules for Deployments, StatefulSets, DaemonSets, ReplicaSets, CronJobs, Jobs and HorizontalPodAutoscalers.

A pod template is its author's. Only two things in it are not: the `creationTimestamp: null` that the API server shows
in embedded metadata, and the mark by which kubestandby restarts a workload. The mark of `kubectl rollout restart`
(`kubectl.kubernetes.io/restartedAt`) is somebody's wish and stays.
"""

from collections.abc import Mapping

from kubestandby.resources import GVK, Manifest

from .context import SnapshotContext
from .fields import EACH, Fields, Path, edited, without
from .rules_metadata import without_annotations

_TEMPLATE: Path = ("spec", "template")
_CLAIM_TEMPLATES: Path = ("spec", "volumeClaimTemplates", EACH)

POD_TEMPLATES: Mapping[tuple[str, str], Path] = {
    ("", "PodTemplate"): ("template",),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): _TEMPLATE,
}
"""Where each kind of the built-in API keeps its pod template."""

_RESTART_MARK = "kubestandby.dev/restartedAt"
_REVISION_ANNOTATIONS = (
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
)
_OBSERVED_METRICS = ("autoscaling.alpha.kubernetes.io/conditions", "autoscaling.alpha.kubernetes.io/current-metrics")


def drop_null_creation_times(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """`creationTimestamp: null` in embedded metadata says nothing.

    Source: ObjectMeta.creationTimestamp in PodTemplateSpec, JobTemplateSpec, PersistentVolumeClaimTemplate and
    StatefulSetSpec.volumeClaimTemplates: Kubernetes before 1.34 wrote an unset time as null.
    """
    for path in _embedded_metadata(manifest):
        manifest = edited(manifest, path, _without_null_creation_time)
    return manifest


def drop_claim_template_status(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Source: StatefulSetSpec.volumeClaimTemplates[].status: shown as `phase: Pending`, meaningless in a template."""
    return edited(manifest, _CLAIM_TEMPLATES, lambda template: without(template, "status"))


def drop_restart_mark(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """The mark by which a restore restarted the workload on the other site; kept, a failback would restart it again."""
    path = (*POD_TEMPLATES[GVK.of(manifest).group_kind], "metadata", "annotations")
    return edited(manifest, path, lambda annotations: without(annotations, _RESTART_MARK))


def drop_revision(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Which rollout this is, counted by the primary's deployment controller.

    Source: k8s.io/kubectl/pkg/util/deployment (`RevisionAnnotation`, `RevisionHistoryAnnotation`,
    `DesiredReplicasAnnotation`, `MaxReplicasAnnotation`), on Deployments and ReplicaSets.
    """
    return without_annotations(manifest, *_REVISION_ANNOTATIONS)


def drop_template_generation(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Source: annotation `DeprecatedTemplateGeneration` of DaemonSets, written by the API server's conversion."""
    return without_annotations(manifest, "deprecated.daemonset.template.generation")


def drop_observed_metrics(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Status that the autoscaling/v1 form keeps in annotations.

    Source: k8s.io/kubernetes/pkg/apis/autoscaling (`HorizontalPodAutoscalerConditionsAnnotation`,
    `MetricStatusesAnnotation`). Its siblings `metrics` and `behavior` are spec and stay.
    """
    return without_annotations(manifest, *_OBSERVED_METRICS)


def _embedded_metadata(manifest: Manifest) -> list[Path]:
    group_kind = GVK.of(manifest).group_kind
    if group_kind == ("", "Pod"):
        return [_volume_claims(("spec",))]
    template = POD_TEMPLATES[group_kind]
    paths: list[Path] = [(*template, "metadata"), _volume_claims((*template, "spec"))]
    if group_kind == ("apps", "StatefulSet"):
        paths.append((*_CLAIM_TEMPLATES, "metadata"))
    if group_kind == ("batch", "CronJob"):
        paths.append(("spec", "jobTemplate", "metadata"))
    return paths


def _volume_claims(pod_spec: Path) -> Path:
    return (*pod_spec, "volumes", EACH, "ephemeral", "volumeClaimTemplate", "metadata")


def _without_null_creation_time(metadata: Fields) -> Fields:
    is_null = "creationTimestamp" in metadata and metadata["creationTimestamp"] is None
    return without(metadata, "creationTimestamp") if is_null else metadata


TEMPLATE_RULES = (drop_null_creation_times, drop_restart_mark)
