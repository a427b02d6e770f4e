import threading

import pytest

from kubestandby.carried import listable_types
from kubestandby.errors import ClusterError, ConfigError
from kubestandby.groups import DEFAULT_EXCLUDED_NAMESPACES
from kubestandby.ports import Discovery
from kubestandby.resources import GVK, Manifest, ResourceType
from tests.fakes.fake_cluster import VERBS, expired, forbidden
from tests.unit.export.exporting import Bench, dropped
from tests.unit.export.objects import config_map, definition, namespace, obj

ALL = {"namespaces": ()}
GOING = {"deletionTimestamp": "2026-11-22T12:00:00Z"}


def test_namespaces_stay_in_the_given_order() -> None:
    bench = Bench(namespace("a"), namespace("z"), namespaces=("z", "a"))

    assert bench.index().namespaces == ("z", "a")


def test_namespace_objects_are_in_the_snapshot() -> None:
    assert Bench(namespace("a"), namespace("z"), namespaces=("z",)).names("Namespace") == ["z"]


def test_objects_of_other_namespaces_are_not_taken() -> None:
    bench = Bench(namespace(), namespace("shop-2"), config_map("ours"), config_map("theirs", "shop-2"))

    assert bench.names("ConfigMap") == ["ours"]


def test_many_namespaces_are_read_by_one_list_and_nothing_else_is_taken() -> None:
    names = ("a", "b", "c", "d")
    bench = Bench(
        *map(namespace, names), namespace("e"), config_map("in", "d"), config_map("out", "e"), namespaces=names
    )

    assert bench.names("ConfigMap") == ["in"]
    assert [call[2] for call in bench.cluster.calls if call[:2] == ("list", "configmaps")] == [""]


FIVE = ("e", "a", "d", "b", "c")


def asked_for_namespaces(bench: Bench) -> list[tuple[str, str]]:
    """How the namespaces were read: operation and name, those by name in the group's order."""
    asked = [(call[0], call[3]) for call in bench.cluster.calls if call[1] == "namespaces"]
    return sorted(asked, key=lambda call: FIVE.index(call[1]) if call[1] else -1)


def five(*others: str, names: tuple[str, ...] = FIVE) -> Bench:
    """A cluster with five namespaces and these, and a group that names the five."""
    return Bench(*map(namespace, (*FIVE, *others)), namespaces=names)


def test_many_named_namespaces_are_picked_from_one_list() -> None:
    bench = five("other")

    assert bench.index().namespaces == FIVE
    assert asked_for_namespaces(bench) == [("list", "")]


def test_few_named_namespaces_are_read_by_name() -> None:
    bench = five(names=FIVE[:4])

    assert bench.index().namespaces == FIVE[:4]
    assert asked_for_namespaces(bench) == [("get", name) for name in FIVE[:4]]


def test_many_named_namespaces_are_read_by_name_where_they_may_not_be_listed() -> None:
    listing, reading = five("other"), five("other")
    reading.cluster.fail("list", forbidden(), plural="namespaces")

    listed, read = listing.index(), reading.index()

    assert asked_for_namespaces(reading) == [("list", ""), *(("get", name) for name in FIVE)]
    assert (read.entries, read.types, read.namespaces) == (listed.entries, listed.types, listed.namespaces)
    assert read.complete


def test_namespaces_that_are_read_by_name_are_asked_for_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = five()
    bench.cluster.fail("list", forbidden(), plural="namespaces")
    together, get = threading.Barrier(5), bench.cluster.get

    def meeting(resource: ResourceType, within: str, name: str) -> Manifest | None:
        """Answers when all five are being asked for."""
        if name in FIVE:
            together.wait(10)
        return get(resource, within, name)

    monkeypatch.setattr(bench.cluster, "get", meeting)

    assert bench.index().namespaces == FIVE


def test_list_of_many_named_namespaces_that_expires_starts_again() -> None:
    bench = five()
    bench.cluster.fail("list", expired(), plural="namespaces", after_pages=1, times=2)

    assert bench.index().namespaces == FIVE
    assert asked_for_namespaces(bench) == [("list", "")] * 3


def test_many_named_namespaces_of_a_cluster_that_fails_are_not_asked_for_one_by_one() -> None:
    bench = five()
    bench.cluster.fail("list", ClusterError("500 InternalError", status=500), plural="namespaces")

    with pytest.raises(ClusterError, match="500"):
        bench.export()
    assert asked_for_namespaces(bench) == [("list", "")]


@pytest.mark.parametrize("may_list", [True, False])
def test_those_of_many_named_namespaces_that_do_not_exist_are_told_in_the_order_of_the_group(may_list: bool) -> None:
    bench = five(names=(*FIVE, "y", "x"))
    if not may_list:
        bench.cluster.fail("list", forbidden(), plural="namespaces")

    with pytest.raises(ConfigError, match="names the namespaces y, x, which the cluster of site east does not"):
        bench.export()


def test_few_namespaces_are_listed_each_on_its_own() -> None:
    bench = Bench(namespace("a"), namespace("b"), namespaces=("a", "b"))

    bench.export()

    assert [call[2] for call in bench.cluster.calls if call[:2] == ("list", "configmaps")] == ["a", "b"]


def test_all_namespaces_but_the_excluded_ones_are_taken_in_order_of_name() -> None:
    system = [namespace(name) for name in DEFAULT_EXCLUDED_NAMESPACES]
    bench = Bench(*system, namespace("kube-system-tools"), namespace("b"), namespace("a"), **ALL)

    assert bench.index().namespaces == ("a", "b", "kube-system-tools")


def test_unknown_namespace_is_an_error_and_nothing_is_written() -> None:
    bench = Bench(namespace(), namespaces=("shop", "sohp"))

    with pytest.raises(ConfigError, match="names the namespace sohp, which the cluster of site east does not"):
        bench.export()
    assert bench.store.objects == {}


def test_empty_namespace_gives_a_complete_snapshot_of_itself() -> None:
    index = Bench(namespace()).index()

    assert index.complete
    assert [str(entry.ref) for entry in index.entries] == ["Namespace shop"]


def test_namespace_with_an_exclude_label_is_left_out_whole() -> None:
    bench = Bench(
        namespace("a", labels={"kubestandby.dev/exclude": "true"}), namespace("b"), config_map(within="a"), **ALL
    )

    index = bench.index()

    assert index.namespaces == ("b",)
    assert dropped(index) == {"excluded_by_label": 1}


def test_named_namespace_that_is_being_deleted_makes_the_snapshot_incomplete() -> None:
    bench = Bench(namespace("a", metadata=GOING), namespace("b"), namespaces=("a", "b"))

    assert bench.index().failures == ("core/namespaces: a is being deleted",)


def test_other_namespace_that_is_being_deleted_is_just_left_out() -> None:
    index = Bench(namespace("a", metadata=GOING), namespace("b"), **ALL).index()

    assert index.complete
    assert index.namespaces == ("b",)


def test_group_without_any_namespace_left_is_an_error() -> None:
    with pytest.raises(ConfigError, match="has no namespace to export"):
        Bench(namespace("kube-system"), **ALL).export()


def test_list_of_namespaces_that_expires_starts_again() -> None:
    bench = Bench(namespace("a"), namespace("b"), **ALL)
    bench.cluster.fail("list", expired(), plural="namespaces", times=2)

    assert bench.index().namespaces == ("a", "b")


def test_list_of_namespaces_that_keeps_expiring_is_an_error() -> None:
    bench = Bench(namespace("a"), **ALL)
    bench.cluster.fail("list", expired(), plural="namespaces")

    with pytest.raises(ClusterError):
        bench.export()


@pytest.mark.parametrize(
    "type_", ["v1 Event events", "events.k8s.io/v1 Event events", "coordination.k8s.io/v1 Lease leases"]
)
def test_types_of_no_use_elsewhere_are_not_even_listed(type_: str) -> None:
    api_version, kind, plural = type_.split()
    bench = Bench(namespace())
    bench.cluster.put(obj(api_version, kind, "x", "shop"))

    assert bench.names(kind) == []
    assert ("list", plural, "shop", "") not in bench.cluster.calls


def test_custom_type_that_shares_its_name_with_one_of_no_use_is_taken() -> None:
    bench = Bench(namespace(), definition("events", "Event"))
    bench.cluster.put(obj("example.com/v1", "Event", "concert", "shop"))

    assert bench.names("Event") == ["concert"]


@pytest.mark.parametrize("verb", ["list", "get", "create"])
def test_type_that_lacks_a_verb_is_not_listed(verb: str) -> None:
    type_ = ResourceType(GVK("a.example", "v1", "A"), "as", True, frozenset({"list", "get", "create"} - {verb}))

    assert list(listable_types(Discovery((type_,), {}, {}))) == []


def test_twin_in_the_group_extensions_is_taken_once() -> None:
    verbs = frozenset({"list", "get", "create"})
    old = ResourceType(GVK("extensions", "v1beta1", "Ingress"), "ingresses", True, verbs)
    new = ResourceType(GVK("networking.k8s.io", "v1", "Ingress"), "ingresses", True, verbs)

    assert list(listable_types(Discovery((old, new), {}, {}))) == [new]
    assert list(listable_types(Discovery((old,), {}, {}))) == [old]


def test_types_are_read_in_the_version_that_the_configuration_names() -> None:
    hpa = ResourceType(GVK("autoscaling", "v2", "HorizontalPodAutoscaler"), "horizontalpodautoscalers", True, VERBS)
    discovery = Discovery((hpa,), {}, {hpa.gvk.group_kind: ("v2", "v1")})

    (wanted,) = listable_types(discovery, ["autoscaling/v1"])
    (unserved,) = listable_types(discovery, ["autoscaling/v2beta2"])

    assert (wanted.gvk.version, wanted.path("shop")) == (
        "v1",
        "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers",
    )
    assert unserved == hpa
