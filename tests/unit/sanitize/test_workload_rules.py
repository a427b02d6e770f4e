"""A pod template is its author's but for two things."""

import pytest

from tests.unit.sanitize.samples import Json, bare, clean, fired, served

REVISION = {
    "deployment.kubernetes.io/desired-replicas": "3",
    "deployment.kubernetes.io/max-replicas": "4",
    "deployment.kubernetes.io/revision": "4",
    "deployment.kubernetes.io/revision-history": "1,2",
    "note": "kept",
}


def in_template(kind: str, template: Json) -> Json:
    """The spec of a workload of this kind around a pod template."""
    return {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"template": template}


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "ReplicationController"),
    ],
)
def test_our_restart_mark_and_null_times_go_and_kubectls_restart_stays(version: str, kind: str) -> None:
    theirs = {"kubectl.kubernetes.io/restartedAt": "2026-11-22T17:00:00Z"}
    ours = {"kubestandby.dev/restartedAt": "2026-11-22T18:00:00Z"}
    template = {"metadata": {"creationTimestamp": None, "annotations": {**theirs, **ours}}, "spec": {"x": None}}

    cleaned = clean(served(version, kind, spec=in_template(kind, template)))

    assert cleaned["spec"] == in_template(kind, {"metadata": {"annotations": theirs}, "spec": {"x": None}})


def test_labels_of_ours_that_an_author_wrote_stay() -> None:
    template = {"metadata": {"labels": {"kubestandby.dev/include": "shop"}, "annotations": {"kubestandby.dev/x": "y"}}}

    assert clean(served("apps/v1", "Deployment", spec={"template": template}))["spec"] == {"template": template}


def test_null_times_in_claim_templates_and_ephemeral_volumes_are_dropped() -> None:
    embedded = {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}, "spec": {}}
    wanted = {"metadata": {"labels": {"a": "b"}}, "spec": {}}
    volumes = [{"name": "v", "ephemeral": {"volumeClaimTemplate": embedded}}, {"name": "w", "emptyDir": {}}]
    template = {"spec": {"volumes": volumes}}

    spec = clean(served("apps/v1", "StatefulSet", spec={"template": template, "volumeClaimTemplates": [embedded]}))[
        "spec"
    ]

    assert spec["volumeClaimTemplates"] == [wanted]
    assert spec["template"]["spec"]["volumes"][0]["ephemeral"]["volumeClaimTemplate"] == wanted
    assert spec["template"]["spec"]["volumes"][1] == {"name": "w", "emptyDir": {}}


def test_the_null_time_of_a_job_template_is_dropped() -> None:
    template = {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}, "spec": {}}

    cleaned = clean(served("batch/v1", "CronJob", spec={"jobTemplate": template}))

    assert cleaned["spec"] == {"jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {}}}


def test_a_time_that_somebody_wrote_into_a_template_stays() -> None:
    template = {"metadata": {"creationTimestamp": "2026-11-22T17:00:00Z"}}

    assert clean(served("apps/v1", "Deployment", spec={"template": template}))["spec"] == {"template": template}


def test_the_status_of_a_claim_template_is_dropped() -> None:
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {}}

    cleaned = clean(
        served("apps/v1", "StatefulSet", spec={"volumeClaimTemplates": [claim | {"status": {"phase": "x"}}]})
    )

    assert cleaned["spec"]["volumeClaimTemplates"] == [claim]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet"])
def test_the_revision_is_counted_anew(kind: str) -> None:
    assert clean(served("apps/v1", kind, metadata={"annotations": REVISION}))["metadata"]["annotations"] == {
        "note": "kept"
    }


def test_the_revision_of_something_else_is_an_annotation_like_any_other() -> None:
    assert clean(served("v1", "ConfigMap", metadata={"annotations": REVISION}))["metadata"]["annotations"] == REVISION


def test_the_generation_of_a_daemon_sets_template_is_dropped() -> None:
    notes = {"annotations": {"deprecated.daemonset.template.generation": "1"}}

    assert clean(served("apps/v1", "DaemonSet", metadata=notes)) == bare("apps/v1", "DaemonSet")


def test_metrics_that_an_autoscaler_observed_go_and_those_that_it_aims_at_stay() -> None:
    prefix = "autoscaling.alpha.kubernetes.io/"
    notes = {f"{prefix}{name}": "[]" for name in ("conditions", "current-metrics", "metrics", "behavior")}

    cleaned = clean(served("autoscaling/v1", "HorizontalPodAutoscaler", metadata={"annotations": notes}))

    assert set(cleaned["metadata"]["annotations"]) == {f"{prefix}metrics", f"{prefix}behavior"}


def test_empty_values_that_mean_something_stay() -> None:
    template = {"spec": {"volumes": [{"name": "v", "emptyDir": {}}], "securityContext": {}, "containers": []}}

    manifest = served("apps/v1", "Deployment", spec={"selector": {}, "template": template, "strategy": {}})

    assert clean(manifest)["spec"] == {"selector": {}, "template": template, "strategy": {}}
    assert fired(manifest) == set()


def test_replicas_and_all_else_in_a_deployments_spec_stay() -> None:
    spec = {"replicas": 0, "paused": True, "revisionHistoryLimit": 0, "progressDeadlineSeconds": 600}

    assert clean(served("apps/v1", "Deployment", spec=spec, status={"replicas": 1}))["spec"] == spec
