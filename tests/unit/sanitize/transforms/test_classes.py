"""Classes get other names wherever the API asks for one, and the classes that nobody asks for any more are left out."""

import pytest

from kubestandby.errors import ManifestError
from kubestandby.transforms import FieldPath, IngressClassTransform, StorageClassTransform
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.transforms.test_images import KINDS
from tests.unit.sanitize.transforms.transforming import is_left_out, pod_spec_of, transformed, workload

LEGACY = "volume.beta.kubernetes.io/storage-class"
FAST = StorageClassTransform(name="classes", names={"fast": "oci-bv"})
NGINX = IngressClassTransform(name="entrances", names={"nginx": "oci"})


def claim(kind: str = "PersistentVolumeClaim", name: str | None = "fast", annotation: str | None = None) -> Json:
    """A claim, or a volume, of this class by field or by the annotation of old."""
    manifest = bare("v1", kind, namespace="" if kind == "PersistentVolume" else "shop")
    manifest["spec"] = {"storageClassName": name} if name is not None else {}
    if annotation:
        manifest["metadata"]["annotations"] = {LEGACY: annotation}
    return manifest


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "PersistentVolume"])
def test_claims_and_volumes_ask_for_the_other_class(kind: str) -> None:
    assert transformed(claim(kind, annotation="fast"), FAST) == claim(kind, "oci-bv", "oci-bv")


@pytest.mark.parametrize("name", ["", None, "slow"])
def test_no_class_the_default_class_and_another_class_stay(name: str | None) -> None:
    assert transformed(claim(name=name), FAST) == claim(name=name)


def test_claim_templates_of_a_stateful_set_ask_for_the_other_class() -> None:
    manifest = workload("StatefulSet")
    manifest["spec"]["volumeClaimTemplates"] = [claim(annotation="fast"), claim(name="slow")]

    templates = transformed(manifest, FAST)["spec"]["volumeClaimTemplates"]

    assert templates == [claim(name="oci-bv", annotation="oci-bv"), claim(name="slow")]


@pytest.mark.parametrize("kind", KINDS)
def test_ephemeral_volumes_ask_for_the_other_class(kind: str) -> None:
    def volumes(name: str) -> list[Json]:
        template = {"metadata": {"annotations": {LEGACY: name}}, "spec": {"storageClassName": name}}
        return [{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}, {"name": "w", "emptyDir": {}}]

    after = transformed(workload(kind, volumes=volumes("fast")), FAST)

    assert pod_spec_of(after)["volumes"] == volumes("oci-bv")


def test_a_quota_limits_the_other_class() -> None:
    limits = {"fast.storageclass.storage.k8s.io/requests.storage": "1Ti", "requests.storage": "9Ti", "pods": "4"}
    limits["slow.storageclass.storage.k8s.io/persistentvolumeclaims"] = "7"

    after = transformed(bare("v1", "ResourceQuota", spec={"hard": limits}), FAST)

    assert after["spec"]["hard"] == {
        "oci-bv.storageclass.storage.k8s.io/requests.storage": "1Ti",
        "requests.storage": "9Ti",
        "pods": "4",
        "slow.storageclass.storage.k8s.io/persistentvolumeclaims": "7",
    }


def test_a_quota_of_two_classes_that_become_one_stops_all() -> None:
    limits = {f"{name}.storageclass.storage.k8s.io/requests.storage": "1Ti" for name in ("fast", "faster")}
    both = StorageClassTransform(name="classes", sites=("west",), names={"fast": "oci-bv", "faster": "oci-bv"})

    with pytest.raises(ManifestError, match=r"spec\.hard limits two classes that become one"):
        transformed(bare("v1", "ResourceQuota", spec={"hard": limits}), both)


def test_a_storage_class_that_is_renamed_is_the_other_sites_own() -> None:
    assert is_left_out(bare("storage.k8s.io/v1", "StorageClass", "fast", ""), FAST)
    assert not is_left_out(bare("storage.k8s.io/v1", "StorageClass", "slow", ""), FAST)
    assert not is_left_out(bare("example.com/v1", "StorageClass", "fast", ""), FAST)


def test_an_ingress_asks_for_the_other_class() -> None:
    def ingress(name: str) -> Json:
        manifest = bare("networking.k8s.io/v1", "Ingress", spec={"ingressClassName": name})
        manifest["metadata"]["annotations"] = {"kubernetes.io/ingress.class": name}
        return manifest

    assert transformed(ingress("nginx"), NGINX) == ingress("oci")
    assert transformed(ingress("traefik"), NGINX) == ingress("traefik")


def test_an_ingress_class_that_is_renamed_is_the_other_sites_own() -> None:
    assert is_left_out(bare("networking.k8s.io/v1", "IngressClass", "nginx", ""), NGINX)
    assert not is_left_out(bare("networking.k8s.io/v1", "IngressClass", "traefik", ""), NGINX)


def test_declared_places_of_custom_resources_are_renamed() -> None:
    storage = StorageClassTransform(
        name="s", names={"fast": "oci-bv"}, fields=(FieldPath(group="x.io", kind="Db", path=("spec", "class")),)
    )
    ingress = IngressClassTransform(
        name="i", names={"nginx": "oci"}, fields=(FieldPath(group="x.io", kind="Db", path=("spec", "entrance")),)
    )

    after = transformed(bare("x.io/v1", "Db", spec={"class": "fast", "entrance": "nginx"}), storage, ingress)

    assert after["spec"] == {"class": "oci-bv", "entrance": "oci"}


def test_what_could_not_be_told_apart_on_the_way_back_stops_all() -> None:
    with pytest.raises(ManifestError) as caught:
        transformed(claim(name="oci-bv"), FAST)

    assert str(caught.value) == (
        "PersistentVolumeClaim shop/web cannot be changed by transform classes: spec.storageClassName: it is oci-bv "
        "already, which fast becomes, and on the way back the two could not be told apart; correct spec.transforms, or "
        "the object"
    )


def test_of_ingress_classes_the_same_is_true() -> None:
    ingress = bare("networking.k8s.io/v1", "Ingress", spec={"ingressClassName": "oci"})

    with pytest.raises(ManifestError, match=r"spec\.ingressClassName: it is oci already, which nginx becomes"):
        transformed(ingress, NGINX)

    one_way = IngressClassTransform(name="entrances", sites=("west",), names={"nginx": "oci"})
    assert transformed(ingress, one_way) == ingress


def test_a_map_for_one_site_only_has_no_way_back_to_care_for() -> None:
    one_way = StorageClassTransform(name="classes", sites=("west",), names={"fast": "oci-bv"})

    assert transformed(claim(name="oci-bv"), one_way) == claim(name="oci-bv")


def test_classes_that_change_places_do() -> None:
    swap = StorageClassTransform(name="classes", names={"a": "b", "b": "a"})

    assert transformed(transformed(claim(name="a"), swap), swap) == claim(name="a")
    assert transformed(claim(name="a"), swap) == claim(name="b")


def test_the_way_back_restores_the_claim() -> None:
    there = transformed(claim(annotation="fast"), FAST)

    assert transformed(there, FAST.reversed()) == claim(annotation="fast")
