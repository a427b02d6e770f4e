from typing import Any

from functions.export.images import images_in
from tests.unit.export.exporting import Bench
from tests.unit.export.objects import definition, deployment, namespace, obj, owner, pod


def used(bench: Bench) -> dict[str, tuple[str, ...]]:
    return {use.reference: use.used_by for use in bench.index().images}


def test_images_of_all_containers_are_listed() -> None:
    spec = {
        "containers": [{"image": "main:1"}],
        "initContainers": [{"image": "init:1"}],
        "ephemeralContainers": [{"image": "debug:1"}],
        "volumes": [{"name": "v", "image": {"reference": "data:1"}}, {"name": "w", "emptyDir": {}}],
    }

    assert sorted(images_in(obj("v1", "Pod", "p", "shop", spec=spec))) == ["data:1", "debug:1", "init:1", "main:1"]


def test_images_are_found_in_every_workload_kind() -> None:
    template = {"template": {"spec": {"containers": [{"image": "a:1"}]}}}
    workloads = [
        obj("apps/v1", kind, "a", "shop", spec=template)
        for kind in ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
    ]
    workloads += [
        obj("batch/v1", "Job", "a", "shop", spec=template),
        obj("batch/v1", "CronJob", "a", "shop", spec={"jobTemplate": {"spec": template}}),
        obj("v1", "ReplicationController", "a", "shop", spec=template),
        obj("v1", "PodTemplate", "a", "shop", **template),
    ]

    assert all(list(images_in(workload)) == ["a:1"] for workload in workloads)


def test_images_are_found_in_custom_resources_wherever_the_pod_spec_is() -> None:
    spec: dict[str, Any] = {
        "deep": [{"nested": {"containers": [{"image": "db:1"}], "initContainers": [{"image": "init:1"}]}}]
    }

    assert sorted(images_in(obj("example.com/v1", "Database", "a", "shop", spec=spec))) == ["db:1", "init:1"]


def test_what_only_looks_like_an_image_is_not_listed() -> None:
    spec = {"containers": ["a", {"image": 5}], "image": "logo.png", "picture": {"image": "a.png"}}

    assert list(images_in(obj("example.com/v1", "Page", "a", "shop", spec=spec))) == []


def test_status_of_a_custom_resource_is_not_searched() -> None:
    seen = obj("example.com/v1", "Database", "a", "shop", status={"containers": [{"image": "old:1"}]})

    assert list(images_in(seen)) == []


def test_index_names_who_uses_an_image() -> None:
    bench = Bench(namespace(), deployment("web", image="app:1"), deployment("worker", image="app:1"))

    assert used(bench) == {"app:1": ("Deployment.apps shop/web", "Deployment.apps shop/worker")}


def test_side_car_that_was_injected_into_an_owned_pod_is_listed_under_its_deployment() -> None:
    injected = pod(
        "web-6d4f-x", image="proxy:1", labels={"pod-template-hash": "6d4f"}, owners=[owner("ReplicaSet", "web-6d4f")]
    )

    assert used(Bench(namespace(), injected)) == {"proxy:1": ("Deployment.apps shop/web",)}


def test_image_that_an_operator_chose_is_listed_under_the_owner_of_the_pod() -> None:
    bench = Bench(
        namespace(), definition("databases", "Database"), pod("db-0", image="db:1", owners=[owner("StatefulSet", "db")])
    )

    assert used(bench) == {"db:1": ("StatefulSet.apps shop/db",)}


def test_image_of_an_owned_pod_that_has_ended_is_not_listed() -> None:
    ended = pod("once-x", image="old:1", owners=[owner("Job", "once", "batch/v1")], status={"phase": "Succeeded"})

    assert used(Bench(namespace(), ended)) == {}
