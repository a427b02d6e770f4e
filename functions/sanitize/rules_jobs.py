"""Rules for Jobs that no CronJob controls."""

from collections.abc import Mapping

from kubestandby.resources import Manifest

from .context import SnapshotContext
from .fields import Fields, edited, fields_at, items_at, text_at, without
from .rules_metadata import without_annotations

_UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")
_GENERATED_LABELS = (*_UID_LABELS, "job-name", "batch.kubernetes.io/job-name")
_TEMPLATE_LABELS = ("spec", "template", "metadata", "labels")
_OUTCOMES = ("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget")


def suspend_finished_job(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """A Job that has run on the primary is kept, and does not run again on the standby.

    Source: JobSpec.suspend; JobStatus.conditions: Complete, Failed, and the two that come before them once the outcome
    is settled; JobStatus.completionTime. The playbook (maak8-push-all-artifacts.sh) suspends completed Jobs too.
    """
    if not _is_finished(fields_at(manifest, "status")):
        return manifest
    return edited(manifest, ("spec",), lambda spec: spec if spec.get("suspend") is True else {**spec, "suspend": True})


def drop_generated_selector(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """It selects by the Job's UID on the primary; the standby generates its own.

    Source: JobSpec.selector, manualSelector: with the latter the selector is the author's and stays.
    """
    return manifest if _is_manual(manifest) else edited(manifest, ("spec",), lambda spec: without(spec, "selector"))


def drop_generated_labels(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Labels with the Job's UID and name that the server puts into the pod template.

    Source: JobSpec.manualSelector; registry strategy `generateSelector`. A Job without labels of its own is shown with
    a copy of the template's (`SetDefaults_Job`): the whole copy is dropped, and the standby makes its own.
    """
    if _is_manual(manifest):
        return manifest
    if _has_template_labels(manifest):
        manifest = edited(manifest, ("metadata",), lambda metadata: without(metadata, "labels"))
    elif _has_uid_label(manifest):
        manifest = edited(manifest, ("metadata", "labels"), _without_generated)
    return edited(manifest, _TEMPLATE_LABELS, _without_generated)


def drop_job_tracking_mark(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """Set by the API server of Kubernetes 1.22 to 1.26 (annotation `JobTrackingFinalizerAnnotation`), unused since."""
    return without_annotations(manifest, "batch.kubernetes.io/job-tracking")


def _is_finished(status: Fields) -> bool:
    conditions = items_at(status, "conditions")
    settled = any(c.get("type") in _OUTCOMES and c.get("status") == "True" for c in conditions)
    return settled or status.get("completionTime") is not None


def _is_manual(manifest: Manifest) -> bool:
    return fields_at(manifest, "spec").get("manualSelector") is True


def _has_uid_label(manifest: Manifest) -> bool:
    labels, uid = fields_at(manifest, "metadata", "labels"), text_at(manifest, "metadata", "uid")
    return bool(uid) and any(labels.get(name) == uid for name in _UID_LABELS)


def _has_template_labels(manifest: Manifest) -> bool:
    labels: Mapping[str, object] = fields_at(manifest, "metadata", "labels")
    return _has_uid_label(manifest) and labels == fields_at(manifest, *_TEMPLATE_LABELS)


def _without_generated(labels: Fields) -> Fields:
    return without(labels, *_GENERATED_LABELS)


JOB_RULES = (suspend_finished_job, drop_generated_selector, drop_generated_labels, drop_job_tracking_mark)
