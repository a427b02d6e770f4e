"""The demo's application: the sample shop, or a user's files."""

from pathlib import Path
from typing import Any

import pytest

from kubestandby.cli.demo.manifests import RELEASED_ANNOTATION, changed, namespaces_of, read_files, sample_shop
from kubestandby.errors import ConfigError, ManifestError

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: []}}}
"""


def _read(folder: Path, text: str) -> list[dict[str, Any]]:
    path = folder / "app.yaml"
    path.write_text(text)
    return read_files([path])


def test_the_sample_shop_has_what_a_crossing_can_lose() -> None:
    kinds = {manifest["kind"] for manifest in sample_shop(own_storage_class=False)}

    assert kinds >= {
        "StatefulSet", "Deployment", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "ClusterRole",
        "RoleBinding", "Secret", "ConfigMap", "NetworkPolicy", "CronJob", "PriorityClass", "CustomResourceDefinition",
        "Promotion", "ServiceAccount",
    }  # fmt: skip
    assert namespaces_of(sample_shop(own_storage_class=False)) == ["shop-data", "shop"]


def test_one_object_of_the_sample_is_owned_by_an_operators_resource() -> None:
    owners = [
        owner for one in sample_shop(own_storage_class=False) for owner in one["metadata"].get("ownerReferences", [])
    ]

    assert [(owner["kind"], owner["controller"]) for owner in owners] == [("Promotion", True)]


@pytest.mark.parametrize("own", [True, False])
def test_the_sample_brings_a_storage_class_only_where_there_is_none(own: bool) -> None:
    shop = sample_shop(own_storage_class=own)
    (database,) = [manifest for manifest in shop if manifest["kind"] == "StatefulSet"]

    assert any(manifest["kind"] == "StorageClass" for manifest in shop) is own
    assert ("storageClassName" in database["spec"]["volumeClaimTemplates"][0]["spec"]) is own


def test_a_release_of_the_sample_changes_an_image_and_a_text() -> None:
    shop = sample_shop(own_storage_class=False)
    before = {(one["kind"], one["metadata"]["name"]): one for one in shop}

    made = changed(shop, "now", sample=True)

    assert sorted(one["kind"] for one in made) == ["ConfigMap", "Deployment"]
    assert all(one != before[one["kind"], one["metadata"]["name"]] for one in made)


def test_a_release_of_any_application_touches_one_pod_template(tmp_path: Path) -> None:
    read = _read(tmp_path, DEPLOYMENT)

    (made,) = changed(read, "2026-11-22", sample=False)

    assert made["spec"]["template"]["metadata"]["annotations"] == {RELEASED_ANNOTATION: "2026-11-22"}
    assert "metadata" not in read[0]["spec"]["template"]


def test_an_application_that_nothing_can_change_is_refused() -> None:
    with pytest.raises(ManifestError, match="could change"):
        changed([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}], "now", sample=False)


def test_several_documents_and_lists_are_taken_apart(tmp_path: Path) -> None:
    items = "items: [{apiVersion: v1, kind: Secret, metadata: {name: s}}]"
    typed = "---\napiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}]\n"
    text = f"# a comment\n---\n{DEPLOYMENT}---\napiVersion: v1\nkind: List\n{items}\n{typed}"

    assert [one["kind"] for one in _read(tmp_path, text)] == ["Deployment", "Secret", "ConfigMap"]


def test_a_date_stays_text_as_kubernetes_reads_it(tmp_path: Path) -> None:
    (read,) = _read(tmp_path, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: 2026-11-22}\n")

    assert read["data"]["day"] == "2026-11-22"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "app.yaml:1: "),
        ("just text", "app.yaml:1: no manifest"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {}\n", "app.yaml:3: no manifest: metadata.name"),
        ("# nothing\n", "hold no object"),
    ],
)
def test_files_that_are_no_manifests_are_one_clear_error(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises((ConfigError, ManifestError), match=complaint):
        _read(tmp_path, text)


def test_objects_in_the_clusters_own_namespaces_are_refused_as_no_group_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "cert-manager.yaml"
    file.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: leader, namespace: kube-system}\n")
    with pytest.raises(ConfigError, match="ConfigMap kube-system/leader is in a namespace of the cluster itself"):
        read_files([file])
