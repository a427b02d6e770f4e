"""A Job gets a new identity, and does not run a second time."""

from typing import Any

import pytest

from tests.unit.sanitize.samples import UID, Json, clean, fired, served

GENERATED = {
    "batch.kubernetes.io/controller-uid": UID,
    "batch.kubernetes.io/job-name": "migrate",
    "controller-uid": UID,
    "job-name": "migrate",
}
SELECTOR = {"matchLabels": {"batch.kubernetes.io/controller-uid": UID}}


def job(labels: Json, own: Json | None = None, status: Json | None = None, **spec: Any) -> Json:
    template = {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never"}}
    metadata = {"labels": own} if own is not None else {}
    fields = {"selector": SELECTOR, "template": template, **spec}
    return served("batch/v1", "Job", "migrate", metadata=metadata, spec=fields, status=status or {"active": 1})


def test_the_generated_selector_and_labels_are_dropped() -> None:
    cleaned = clean(job(GENERATED))

    assert cleaned["spec"] == {"template": {"spec": {"restartPolicy": "Never"}}}


def test_labels_of_the_author_in_the_template_stay() -> None:
    cleaned = clean(job({"app": "shop", **GENERATED}))

    assert cleaned["spec"]["template"]["metadata"] == {"labels": {"app": "shop"}}


def test_labels_that_the_server_copied_from_the_template_are_dropped_whole() -> None:
    """Else the standby would not make the copy, and the Job would lack the labels by which people select it."""
    both = {"app": "shop", **GENERATED}

    assert "labels" not in clean(job(both, own=both))["metadata"]


def test_an_older_servers_copy_with_only_the_older_labels_is_known_too() -> None:
    both = {"app": "shop", "controller-uid": UID, "job-name": "migrate"}

    cleaned = clean(job(both, own=both))

    assert "labels" not in cleaned["metadata"]
    assert cleaned["spec"]["template"]["metadata"] == {"labels": {"app": "shop"}}


def test_a_label_that_was_added_to_the_copy_stays() -> None:
    cleaned = clean(job({"app": "shop", **GENERATED}, own={"app": "shop", "added": "later", **GENERATED}))

    assert cleaned["metadata"]["labels"] == {"app": "shop", "added": "later"}


def test_the_jobs_own_labels_stay_even_under_a_generated_name() -> None:
    own = {"tier": "batch", "job-name": "mine", "controller-uid": "mine"}

    assert clean(job(GENERATED, own=own))["metadata"]["labels"] == own


def test_a_manual_selector_stays_with_its_labels() -> None:
    labels = {"run": "migrate", "job-name": "mine"}
    selector = {"matchLabels": {"run": "migrate"}}
    manifest = job(labels, own=labels, manualSelector=True, selector=selector)

    cleaned = clean(manifest)

    assert cleaned["spec"]["selector"] == selector
    assert cleaned["spec"]["template"]["metadata"]["labels"] == labels
    assert cleaned["metadata"]["labels"] == labels


@pytest.mark.parametrize("outcome", ["Complete", "Failed", "SuccessCriteriaMet", "FailureTarget"])
def test_a_job_whose_outcome_is_settled_is_kept_suspended(outcome: str) -> None:
    manifest = job({}, status={"conditions": [{"type": outcome, "status": "True"}]}, suspend=False)

    assert clean(manifest)["spec"]["suspend"] is True
    assert "suspend_finished_job" in fired(manifest)


def test_a_job_with_a_completion_time_is_kept_suspended() -> None:
    assert clean(job({}, status={"completionTime": "2026-11-22T17:00:00Z"}))["spec"]["suspend"] is True


@pytest.mark.parametrize(
    "status",
    [
        {"active": 1},
        {"failed": 3, "conditions": [{"type": "Failed", "status": "False"}]},
        {"conditions": [{"type": "Suspended", "status": "True"}]},
        {"completionTime": None},
    ],
)
def test_a_job_that_has_not_finished_runs_on_the_standby(status: Json) -> None:
    assert clean(job({}, status=status, suspend=False))["spec"]["suspend"] is False


def test_the_template_of_a_cron_job_is_its_authors() -> None:
    template = {"metadata": {"labels": {"job-name": "mine"}}, "spec": {"suspend": True, "selector": SELECTOR}}

    manifest = served("batch/v1", "CronJob", spec={"jobTemplate": template}, status={"lastScheduleTime": "x"})

    assert clean(manifest)["spec"] == {"jobTemplate": template}


def test_the_mark_of_older_servers_is_dropped() -> None:
    manifest = job({})
    manifest["metadata"]["annotations"] = {"batch.kubernetes.io/job-tracking": ""}

    assert "annotations" not in clean(manifest)["metadata"]
