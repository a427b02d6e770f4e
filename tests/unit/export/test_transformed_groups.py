"""An export under transforms: a change of them makes a new generation, and each site has its own names."""

from pathlib import Path

from kubestandby.groups import ClusterAccess, Site
from kubestandby.snapshots import SiteName
from kubestandby.transforms import NamespaceTransform, StorageClassTransform
from tests.unit.export.exporting import EAST, Bench
from tests.unit.export.objects import config_map, namespace

WEST = SiteName("west")
NAMESPACES = NamespaceTransform(name="places", names={"shop": "shop-dr"})
CLASSES = StorageClassTransform(name="classes", names={"fast": "slow"})


def bench(*transforms: object, primary: SiteName = EAST, live: str = "shop", **group: object) -> Bench:
    """A bench at the site east, which is the group's primary or its standby."""
    access = ClusterAccess(kubeconfig=Path("none"))
    sites = tuple(Site(name=name, cluster=access, data="", control="") for name in (EAST, WEST))
    standby = next(site.name for site in sites if site.name != primary)
    settings = {"sites": sites, "primary": primary, "standby": standby, "transforms": transforms, **group}
    return Bench(namespace(live), config_map(within=live), **settings)


def test_an_unchanged_state_under_other_transforms_is_a_new_snapshot() -> None:
    one = bench(NAMESPACES)
    first = one.export()
    other = bench(NAMESPACES, CLASSES)
    other.store.objects.update(one.store.objects)

    second = other.export()

    assert (first.created, second.created) == (True, True)
    assert second.index.state_sha256 == first.index.state_sha256
    assert second.index.config_sha256 == other.group.sanitize_sha256(WEST)
    assert not other.export().created


def test_transforms_of_the_other_direction_make_no_new_snapshot() -> None:
    one = bench(NAMESPACES)
    one.export()
    other = bench(NAMESPACES, StorageClassTransform(name="back", sites=(EAST,), names={"a": "b"}))
    other.store.objects.update(one.store.objects)

    assert not other.export().created


def test_a_group_without_transforms_has_no_digest() -> None:
    assert bench().index().config_sha256 == ""


def test_after_a_failover_the_namespaces_are_exported_by_the_names_of_that_site() -> None:
    failed_over = bench(NAMESPACES, primary=WEST, live="shop-dr")

    index = failed_over.export(epoch=2).index

    assert index.namespaces == ("shop-dr",)
    assert index.config_sha256 == failed_over.group.sanitize_sha256(WEST)
