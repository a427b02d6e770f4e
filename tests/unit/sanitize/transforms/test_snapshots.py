"""A whole snapshot under transforms: what its index says, and that nothing is committed where one cannot be applied."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.sanitize.sanitizer import SanitizeResult, sanitize_snapshot
from kubestandby.errors import ManifestError, SnapshotError
from kubestandby.groups import ClusterAccess, ProtectionGroup, Site
from kubestandby.image_reference import ImagePlace
from kubestandby.snapshots import GroupName, ImageUse, RuleCount, SiteName, SnapshotIndex, Stage
from kubestandby.transforms import (
    ClaimTransform,
    DropTransform,
    ImageRule,
    ImageTransform,
    NamespaceTransform,
    Selector,
    StorageClassTransform,
    Transform,
    VolumePolicy,
)
from tests.unit.sanitize.samples import Json, bare
from tests.unit.sanitize.test_sanitizer import FIRST, Sites
from tests.unit.sanitize.transforms.test_binding import claim, volume
from tests.unit.sanitize.transforms.transforming import workload

EAST, WEST = SiteName("east"), SiteName("west")
NAMESPACES = NamespaceTransform(name="places", names={"shop": "shop-dr"})
NO_BUDGETS = DropTransform(name="no-budgets", sites=(WEST,), select=Selector(kinds=("PodDisruptionBudget",)))
MIRROR = ImageTransform(
    name="mirror",
    rules=(ImageRule(source=ImagePlace(registry="docker.io"), target=ImagePlace(registry="west.example.com")),),
)
CLASSES = StorageClassTransform(name="classes", names={"fast": "oci-bv"})
ALL = (NAMESPACES, NO_BUDGETS, MIRROR, CLASSES)


def group(*transforms: Transform) -> ProtectionGroup:
    """A group over east, the primary, and west."""
    access = ClusterAccess(kubeconfig=Path("none"))
    sites = tuple(Site(name=name, cluster=access, data="", control="") for name in (EAST, WEST))
    return ProtectionGroup(
        name=GroupName("shop"),
        namespaces=("shop-data", "shop"),
        sites=sites,
        primary=EAST,
        standby=WEST,
        transforms=transforms,
    )


class Transformed(Sites):
    """Sites between which a snapshot crosses under transforms."""

    def cross(self, *manifests: Json, under: ProtectionGroup, **changes: Any) -> SanitizeResult:
        source = {"source_site": EAST, "config_sha256": under.sanitize_sha256(WEST), **changes}
        self.export(*manifests, **source)
        return sanitize_snapshot(self.raw, self.sanitized, under, FIRST)


@pytest.fixture
def sites() -> Transformed:
    return Transformed()


def names_in(index: SnapshotIndex) -> list[str]:
    return [str(entry.ref) for entry in index.entries]


def test_the_snapshot_holds_the_objects_as_the_other_site_gets_them(sites: Transformed) -> None:
    budget = bare("policy/v1", "PodDisruptionBudget")
    namespace = bare("v1", "Namespace", "shop", "")
    deployment = workload(containers=[{"name": "a", "image": "nginx:1"}])

    result = sites.cross(deployment, namespace, budget, under=group(*ALL))

    assert names_in(result.index) == ["Namespace shop-dr", "Deployment.apps shop-dr/web"]
    assert [entry.path for entry in result.index.entries] == [
        "_cluster/namespaces.core/shop-dr.yaml",
        "shop-dr/deployments.apps/web.yaml",
    ]
    image = sites.manifests(result.index)[1]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image == "west.example.com/library/nginx:1"


def test_the_index_says_what_the_other_site_gets_and_by_which_transforms(sites: Transformed) -> None:
    use = ImageUse(reference="nginx:1", used_by=("Deployment.apps shop/web",))
    deployment = workload(containers=[{"name": "a", "image": "nginx:1"}])

    index = sites.cross(deployment, under=group(*ALL), namespaces=("shop-data", "shop"), images=(use,)).index

    assert index.namespaces == ("shop-data", "shop-dr")
    assert index.images == (
        ImageUse(reference="west.example.com/library/nginx:1", used_by=("Deployment.apps shop-dr/web",)),
    )
    assert index.rules == (
        RuleCount(rule="transform:places", count=1),
        RuleCount(rule="transform:no-budgets", count=0),
        RuleCount(rule="transform:mirror", count=1),
        RuleCount(rule="transform:classes", count=0),
    )
    assert [(use.transform, use.objects[0].object, use.objects[0].fields) for use in index.transforms] == [
        ("places", "Deployment.apps shop/web", ("/metadata/namespace",)),
        ("mirror", "Deployment.apps shop/web", ("/spec/template/spec/containers/0/image",)),
    ]
    assert index.config_sha256 == group(*ALL).sanitize_sha256(WEST)


def test_the_index_tells_how_its_objects_are_named_on_the_source(sites: Transformed) -> None:
    elsewhere = bare("v1", "ConfigMap", namespace="shop-data")

    index = sites.cross(workload(), elsewhere, under=group(NAMESPACES)).index

    assert index.renamed_namespaces == {"shop": "shop-dr"}
    assert [str(index.source_of(entry.ref)) for entry in index.entries] == [
        "ConfigMap shop-data/web",
        "Deployment.apps shop/web",
    ]


def test_what_the_index_says_is_read_back(sites: Transformed) -> None:
    index = sites.cross(workload(), under=group(*ALL)).index

    assert sites.sanitized.read_index(Stage.SANITIZED, GroupName("shop"), FIRST) == index


def test_bound_claims_are_on_record(sites: Transformed) -> None:
    bind = ClaimTransform(name="bind", select=Selector(), policy=VolumePolicy.BIND)

    index = sites.cross(claim(), volume(), under=group(bind)).index

    assert names_in(index) == ["PersistentVolume pvc-1", "PersistentVolumeClaim shop/data"]
    assert RuleCount(rule="transform:bind", count=2) in index.rules
    assert [item.object for item in index.transforms[0].objects] == [
        "PersistentVolumeClaim shop/data",
        "PersistentVolume pvc-1",
    ]


def test_a_bound_volume_follows_its_claim_into_another_namespace(sites: Transformed) -> None:
    bind = ClaimTransform(name="bind", select=Selector(), policy=VolumePolicy.BIND)

    index = sites.cross(claim(), volume(), under=group(bind, NAMESPACES)).index

    kept = {manifest["kind"]: manifest for manifest in sites.manifests(index)}
    assert kept["PersistentVolume"]["spec"]["claimRef"]["namespace"] == "shop-dr"
    assert kept["PersistentVolumeClaim"]["metadata"]["namespace"] == "shop-dr"
    assert kept["PersistentVolumeClaim"]["spec"]["volumeName"] == "pvc-1"


def test_of_a_snapshot_with_one_object_that_cannot_be_changed_nothing_is_committed(sites: Transformed) -> None:
    bad = workload(containers=[{"name": "a", "image": "not a reference"}])

    with pytest.raises(ManifestError, match=r"^Deployment\.apps shop/web cannot be changed by transform mirror"):
        sites.cross(bare("v1", "ConfigMap"), bad, under=group(MIRROR))

    assert sites.west.objects == {}


def test_a_snapshot_that_was_exported_under_other_transforms_is_refused(sites: Transformed) -> None:
    sites.export(workload(), source_site=EAST, config_sha256=group(MIRROR).sanitize_sha256(WEST))

    for other in (group(MIRROR, CLASSES), group()):
        with pytest.raises(SnapshotError, match=r"exported under other transforms .*; take a new snapshot"):
            sanitize_snapshot(sites.raw, sites.sanitized, other, FIRST)

    assert sites.west.objects == {}


def test_a_snapshot_from_before_there_were_transforms_is_refused(sites: Transformed) -> None:
    sites.export(workload(), source_site=EAST)

    with pytest.raises(SnapshotError, match="take a new snapshot"):
        sanitize_snapshot(sites.raw, sites.sanitized, group(MIRROR), FIRST)


def test_what_was_sanitized_already_stays_when_the_transforms_change(sites: Transformed) -> None:
    first = sites.cross(workload(), under=group(MIRROR))

    again = sanitize_snapshot(sites.raw, sites.sanitized, group(CLASSES), FIRST)

    assert (again.created, again.index) == (False, first.index)


def test_the_same_snapshot_under_the_same_transforms_gives_the_same_bytes(sites: Transformed) -> None:
    other = Transformed()
    sites.cross(workload(), claim(), volume(), under=group(*ALL))
    other.east.objects.update(sites.east.objects)

    sanitize_snapshot(other.raw, other.sanitized, group(*ALL), FIRST)

    assert sites.west.objects == other.west.objects


def test_the_way_back_restores_what_the_way_there_changed(sites: Transformed) -> None:
    image = ImageTransform(name="i", rules=(replace(MIRROR.rules[0], source=ImagePlace(registry="east.example.com")),))
    both_ways = group(NAMESPACES, NO_BUDGETS, image, CLASSES)
    deployment = workload(containers=[{"name": "a", "image": "east.example.com/web:1"}])
    own_claim = bare("v1", "PersistentVolumeClaim", spec={"storageClassName": "fast"})
    there = sites.cross(deployment, own_claim, under=both_ways).index

    home = Transformed()
    home.export(*sites.manifests(there), source_site=WEST, config_sha256=both_ways.sanitize_sha256(EAST))
    index = sanitize_snapshot(home.raw, home.sanitized, both_ways, FIRST).index

    assert home.manifests(index) == [deployment, own_claim]


# What the group says of itself.


def test_a_map_is_reversed_towards_the_primary() -> None:
    (there,) = group(NAMESPACES).transforms_to(WEST)
    (back,) = group(NAMESPACES).transforms_to(EAST)

    assert there == NAMESPACES
    assert back == replace(NAMESPACES, names={"shop-dr": "shop"})


def test_what_is_for_one_site_is_done_towards_that_one_only() -> None:
    one_way = replace(CLASSES, sites=(EAST,))

    assert group(one_way, NO_BUDGETS).transforms_to(EAST) == (one_way,)
    assert group(one_way, NO_BUDGETS).transforms_to(WEST) == (NO_BUDGETS,)


def test_each_site_has_its_own_names_of_the_namespaces() -> None:
    one = group(NAMESPACES)

    assert one.namespaces_at(EAST) == ("shop-data", "shop")
    assert one.namespaces_at(WEST) == ("shop-data", "shop-dr")
    assert group().namespaces_at(WEST) == ("shop-data", "shop")


def test_the_digest_is_that_of_one_direction_and_of_everything_in_it() -> None:
    digests = {
        group(*transforms).sanitize_sha256(WEST)
        for transforms in (
            (),
            (MIRROR,),
            (CLASSES,),
            (replace(CLASSES, name="other"),),
            (MIRROR, CLASSES),
            (CLASSES, MIRROR),
            (NamespaceTransform(name="classes", names=CLASSES.names),),
        )
    }

    assert len(digests) == 7
    assert group().sanitize_sha256(WEST) == ""
    towards_east_only = replace(CLASSES, sites=(EAST,))
    assert group(MIRROR, towards_east_only).sanitize_sha256(WEST) == group(MIRROR).sanitize_sha256(WEST)
